// What the linear families for grids share: the input columns of a region, and
// what becomes of finished sums.
#pragma once

#include "compiler/kernels/LinearRegion.h"
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

  /// Columns of token rows `starts` (element offsets in the input), times the
  /// norm weight where there is one.
  InputColumns columns(mlir::ArrayRef<mlir::Value> starts);

  /// 1 / sqrt(mean square + epsilon), or null without a norm.
  mlir::Value inverseNorm(mlir::Value squares);

  /// Writes one output: row `row` of panel `panel`, of token `token`, from the
  /// sum (and the second one with a gate). Rows of padding write nothing.
  void store(mlir::Value panel, mlir::Value row, mlir::Value token,
             mlir::ArrayRef<mlir::Value> sums);

  LaneWeights weights(mlir::ArrayRef<mlir::Value> outputPanels,
                      mlir::Value row);

private:
  mlir::Value withBias(mlir::Value sum, mlir::Value row);

  GridShell &k;
  const LinearRegion &linear;
};

} // namespace sinter::kernels
