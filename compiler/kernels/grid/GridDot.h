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

  /// For `tokens` rows of input. Takes memory of the workgroup: only before
  /// items().
  GridDot(GridShell &k, const LinearRegion &linear, int64_t tokens);

  /// Quantizes the input rows at element offsets `start(t)`, together with all
  /// lanes, and sums the lane's share of blocks. Squares are those of the
  /// columns that this lane quantized, for one token with a norm; the sum over
  /// all lanes is the row's. Only where all lanes come by.
  LaneProduct product(GridLinear &grid, const LaneWeights &weights,
                      llvm::function_ref<mlir::Value(mlir::Value t)> start,
                      const LaneShare &share);

private:
  /// `use` gets token, word and its four columns, for the words of this lane.
  void forWords(GridLinear &grid, mlir::Value firstColumn,
                llvm::function_ref<mlir::Value(mlir::Value t)> start,
                llvm::function_ref<void(mlir::Value, mlir::Value, ColumnInput)>
                    use);
  void storeMaxima(mlir::Value t, mlir::Value word, ArrayRef<mlir::Value> x);
  void storeWord(mlir::Value t, mlir::Value word, ArrayRef<mlir::Value> x);
  /// Totals [panel][token] with the chunk's blocks of the lane added.
  Values multiply(const LaneWeights &weights, mlir::Value firstBlock,
                  const LaneShare &share, mlir::ValueRange totals);
  /// Sums [panel][token] of one word's columns added.
  Values multiplyWord(const LaneWeights &weights, mlir::Value wordOffset,
                      ArrayRef<mlir::Value> starts, mlir::Value inputWord,
                      mlir::ValueRange sums);

  GridShell &k;
  const LinearRegion &linear;
  int64_t tokens;
  int64_t blocks;      ///< of a row
  int64_t chunkBlocks; ///< of a row that lie in workgroup memory at a time
  mlir::Value words;   ///< [token][word of four columns]
  mlir::Value maxima;  ///< of each word's magnitudes
  mlir::Value scales;  ///< [token][block]
};

} // namespace sinter::kernels
