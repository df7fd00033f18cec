// Linears through integer dot products, for devices that multiply four signed
// bytes at once (caps with packed_dot and barriers). The workgroup quantizes
// its input as xf.quantize says, 32 columns to a scale, into its memory; lanes
// multiply bytes, exactly, and scale the sum of a block. Why it is done in the
// kernel and not in the plan: docs/kernels.md.
#pragma once

#include "compiler/kernels/LinearRegion.h"
#include "compiler/kernels/grid/GridLinear.h"

namespace sinter::kernels {

class GridDot {
public:
  /// Whether the region is multiplied this way: its weights are integers, and
  /// the device has what it takes.
  static bool fits(const LinearRegion &linear, kern::CapsAttr caps) {
    return linear.isInteger() && caps.getCheapBarriers() &&
           caps.has(kern::Feature::packed_dot);
  }

  /// For `tokens` rows of input, squares with one only. Takes memory of the
  /// workgroup: only before items().
  GridDot(GridShell &k, const LinearRegion &linear, int64_t tokens);
  /// The same with chunks of `chunkBlocks` blocks, in rows of `rowWords` words:
  /// for kernels that quantize here and multiply themselves.
  GridDot(GridShell &k, const LinearRegion &linear, int64_t tokens,
          int64_t chunkBlocks, int64_t rowWords);

  /// Gives the element offset of token row t, 0 <= t < tokens.
  using RowStart = llvm::function_ref<mlir::Value(mlir::Value t)>;

  /// Quantizes the input rows, together with all lanes, and sums the lane's
  /// share of blocks. Squares are those of the columns that this lane
  /// quantized: the row's are the sum over all lanes. Only where all lanes come
  /// by.
  LaneProduct product(GridLinear &grid, const LaneWeights &weights,
                      RowStart start, const LaneShare &share);

  /// The two steps of quantizing the chunk that begins at `column`; each wants
  /// a barrier behind it.
  void storeMagnitudes(GridLinear &grid, mlir::Value column, RowStart start);
  void storeBytes(GridLinear &grid, mlir::Value column, RowStart start);
  mlir::Value inputBytes() const { return words; }   ///< [token][word]
  mlir::Value inputScales() const { return scales; } ///< [token][block]
  /// The words of four signed bytes in a word of weights, in the order of their
  /// columns.
  static Values signedWords(GridShell &k, xf::Scheme scheme, mlir::Value word);

private:
  int64_t chunkWords() const;
  mlir::Value wordAt(mlir::Value t, mlir::Value word);
  void forWords(llvm::function_ref<void(mlir::Value, mlir::Value)> use);
  Values columnsOf(GridLinear &grid, mlir::Value column, mlir::Value start,
                   mlir::Value *squares);
  void storeLargest(mlir::Value at, llvm::ArrayRef<mlir::Value> x);
  void storeWord(mlir::Value t, mlir::Value word,
                 llvm::ArrayRef<mlir::Value> x);
  mlir::Value quantize(GridLinear &grid, mlir::Value firstBlock, RowStart start,
                       mlir::Value squares);
  Values multiply(const LaneWeights &weights, mlir::Value firstBlock,
                  const LaneShare &share, mlir::ValueRange totals);
  Values multiplyBlock(const LaneWeights &weights,
                       llvm::ArrayRef<mlir::Value> starts,
                       mlir::Value firstWord);

  GridShell &k;
  const LinearRegion &linear;
  int64_t tokens;
  int64_t chunkBlocks; ///< of a row that lie in workgroup memory at a time
  int64_t rowWords;    ///< from one token's words to the next one's
  mlir::Value words;   ///< [token][word of four columns]
  mlir::Value largest; ///< of each word's magnitudes
  mlir::Value scales;  ///< [token][block]
};

} // namespace sinter::kernels
