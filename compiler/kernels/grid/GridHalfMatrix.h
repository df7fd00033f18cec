// Products of f16 matrices with f32 sums (GridMatrix.h): weights of f16, q8_0
// and q4_0, and inputs of any size. Why f16 is right here: docs/kernels.md,
// "Matrices of a subgroup".
#pragma once

#include "compiler/kernels/grid/GridMatrix.h"

namespace sinter::kernels {

class GridHalfMatrix : public GridMatrix {
public:
  GridHalfMatrix(GridShell &k, const LinearRegion &linear, int64_t panels);

protected:
  void prepare() override;
  Values multiply(mlir::Value chunk, mlir::ValueRange sums) override;
  mlir::Value divisor(mlir::Value t) override { return k.load(scales, t); }

private:
  void measure();
  mlir::Value scaleOf(mlir::Value largest);
  void expandWeights(mlir::Value chunk);
  void expandIntegers(mlir::Value chunk);
  void copyHalves(mlir::Value chunk);
  mlir::Value packed(mlir::Value low, mlir::Value high);
  void expandInputs(mlir::Value chunk);
  Values multiplyExpanded(mlir::ValueRange sums);
  mlir::Value loadWeights(int64_t rowTile, mlir::Value column);

  // In workgroup memory:
  mlir::Value weights; ///< f16 pairs, a slot's panels after one another
  mlir::Value inputs;  ///< f16 pairs, [token][column]
  mlir::Value scales;  ///< [token], what its inputs were multiplied by
};

} // namespace sinter::kernels
