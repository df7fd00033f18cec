// What happens to the products of a linear before they are stored: bias,
// residual, activation(gate) * up; and the columns of the last panel that do
// not exist.
#pragma once

#include "compiler/kernels/KernelShell.h"
#include "compiler/kernels/LinearTile.h"

namespace sinter::kernels {

class LinearOutput {
public:
  LinearOutput(KernelShell &k, const LinearRegion &linear)
      : k(k), linear(linear) {}

  /// First panels of the parts of the weight that one result panel needs: {0},
  /// or those of gate and up.
  llvm::SmallVector<int64_t> firstPanels() const;

  /// Stores a tile as emitTile returned it (with a gate: gate's values, then
  /// up's) to columns of result panel `panel`, rows firstToken and following.
  void store(mlir::ValueRange sums, const TileShape &shape,
             mlir::Value firstToken, mlir::Value panel);

private:
  /// Number of columns of a panel's group that exist, or null for all of them.
  mlir::Value validColumns(mlir::Value column);
  mlir::Value loadColumns(mlir::Value memory, mlir::Value at,
                          mlir::Value column);

  KernelShell &k;
  const LinearRegion &linear;
};

} // namespace sinter::kernels
