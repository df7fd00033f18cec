// What the linear families for grids share: the input columns of a region, and
// what becomes of finished sums.
#pragma once

#include "compiler/kernels/LinearRegion.h"
#include "compiler/kernels/grid/GridNorms.h"
#include "compiler/kernels/grid/GridWeights.h"

namespace sinter::kernels {

/// A linear region on a grid; gate and up are two panels of one output panel.
class GridLinear {
public:
  GridLinear(GridShell &k, const LinearRegion &linear) : k(k), linear(linear) {}

  /// Weight panels behind one output panel: 1, or 2 with a gate.
  static int64_t panelsPerOutput(const LinearRegion &linear) {
    return linear.hasGate() ? 2 : 1;
  }
  /// The weight panels of output panel `panel`: itself, or gate and up.
  Values weightPanels(mlir::Value panel);

  /// Whether the squares of an RMS norm are summed while a lane multiplies: its
  /// inverse root comes in at the end. A layer norm has to know the mean before
  /// (normalizeRow).
  static bool sumsSquares(const LinearRegion &linear) {
    return linear.normWeight && !linear.isLayerNorm;
  }
  /// Totals that normalizeRow needs.
  static int64_t rowTotals(const LinearRegion &linear) {
    return linear.isLayerNorm ? 2 : 0;
  }
  /// Looks at the row from element `start` of the input, the only one of the
  /// region; before columns(). Does something for a layer norm only.
  void normalizeRow(mlir::Value start, LaneSums &sums);

  /// Columns of token rows `starts` (element offsets in the input): normed by a
  /// layer norm, times the weight of an RMS norm.
  InputColumns columns(mlir::ArrayRef<mlir::Value> starts);

  /// 1 / sqrt(mean square + epsilon), or null where no squares are summed.
  mlir::Value inverseNorm(mlir::Value squares);

  /// Writes one output: row `row` of panel `panel`, of token `token`, from the
  /// sum (and the second one with a gate). Rows of padding write nothing.
  void store(mlir::Value panel, mlir::Value row, mlir::Value token,
             mlir::ArrayRef<mlir::Value> sums);

  LaneWeights weights(mlir::ArrayRef<mlir::Value> outputPanels,
                      mlir::Value row);

private:
  mlir::Value withBias(mlir::Value sum, mlir::Value row);
  /// The result of an output column from its sums: bias, activation, gate, cap.
  mlir::Value finished(mlir::Value column, mlir::ArrayRef<mlir::Value> sums);

  GridShell &k;
  const LinearRegion &linear;
  GridNormFactors factors; ///< of a layer norm
};

} // namespace sinter::kernels
