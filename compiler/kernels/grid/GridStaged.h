// Linears of integer weights for devices with cheap barriers that multiply
// packed numbers. The workgroup brings its input into its memory first, a chunk
// of columns at a time, in the numbers that lanes then multiply, 32 columns to
// a scale. Which numbers these are is a subclass's: bytes (GridDot.h) or f16
// (GridHalf.h). Why it is done in the kernel and not in the plan:
// docs/kernels.md.
#pragma once

#include "compiler/kernels/LinearRegion.h"
#include "compiler/kernels/grid/GridLinear.h"

#include <memory>

namespace sinter::kernels {

class GridStaged {
public:
  /// Whether the region is multiplied this way on the device: in bytes where it
  /// multiplies four at once, else in f16 where it has that and no matrices.
  static bool fits(const LinearRegion &linear, kern::CapsAttr caps);

  /// For `tokens` rows of input, squares with one only. Takes memory of the
  /// workgroup: only before items(). Null where the region does not fit.
  static std::unique_ptr<GridStaged>
  create(GridShell &k, const LinearRegion &linear, int64_t tokens);
  virtual ~GridStaged() = default;

  /// Gives the element offset of token row t, 0 <= t < tokens.
  using RowStart = llvm::function_ref<mlir::Value(mlir::Value t)>;

  /// Stages the input rows, together with all lanes, and sums the lane's share
  /// of blocks. Squares are those of the columns that this lane staged: the
  /// row's are the sum over all lanes. Only where all lanes come by.
  LaneProduct product(GridLinear &grid, const LaneWeights &weights,
                      RowStart start, const LaneShare &share);

  /// The two steps of staging the chunk that begins at `column`, for kernels
  /// that multiply themselves; each wants a barrier behind it.
  void storeMagnitudes(GridLinear &grid, mlir::Value column, RowStart start);
  void storeUnits(GridLinear &grid, mlir::Value column, RowStart start);
  mlir::Value stagedWords() const { return words; }   ///< [token][unit][word]
  mlir::Value stagedScales() const { return scales; } ///< [token][block]

protected:
  /// Columns of a unit: what a lane stages at a time.
  static constexpr int64_t kUnit = 4;
  static constexpr int64_t kBlockUnits = layout::kBlock / kUnit;

  /// Numbers of the input become at most `limit`, a unit `unitWords` words.
  /// Chunks are of `chunkBlocks` blocks (0: as large as fit), `padding` units
  /// lie between a token's and the next one's.
  GridStaged(GridShell &k, const LinearRegion &linear, int64_t tokens,
             double limit, int64_t unitWords, int64_t chunkBlocks = 0,
             int64_t padding = 0);

  /// The words of a unit: its numbers `x` times `inverse`.
  virtual Values packed(llvm::ArrayRef<mlir::Value> x, mlir::Value inverse) = 0;

  /// f32 sums [panel][token] of a block: weights from word `starts`, input from
  /// unit `firstUnit` of the chunk. Weights and inputs without their scales.
  virtual Values multiplyBlock(const LaneWeights &weights,
                               llvm::ArrayRef<mlir::Value> starts,
                               mlir::Value firstUnit) = 0;

  /// The first word of a unit of token t.
  mlir::Value wordAt(mlir::Value t, mlir::Value unit);

  GridShell &k;
  const LinearRegion &linear;
  int64_t tokens;
  mlir::Value words; ///< [token][unit][word]

private:
  int64_t chunkUnits() const { return chunkBlocks * kBlockUnits; }
  mlir::Value unitAt(mlir::Value t, mlir::Value unit);
  void forUnits(llvm::function_ref<void(mlir::Value, mlir::Value)> use);
  Values columnsOf(GridLinear &grid, mlir::Value column, mlir::Value start,
                   mlir::Value *squares);
  void storeLargest(mlir::Value at, llvm::ArrayRef<mlir::Value> x);
  void storeUnit(mlir::Value t, mlir::Value unit,
                 llvm::ArrayRef<mlir::Value> x);
  mlir::Value stage(GridLinear &grid, mlir::Value firstBlock, RowStart start,
                    mlir::Value squares);
  Values multiply(const LaneWeights &weights, mlir::Value firstBlock,
                  const LaneShare &share, mlir::ValueRange totals);

  double limit;
  int64_t unitWords;
  int64_t chunkBlocks; ///< of a row that lie in workgroup memory at a time
  int64_t rowUnits;    ///< from one token's units to the next one's
  mlir::Value largest; ///< of each unit's magnitudes
  mlir::Value scales;  ///< [token][block]
};

} // namespace sinter::kernels
