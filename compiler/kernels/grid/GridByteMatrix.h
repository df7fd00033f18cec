// Products of matrices of signed bytes with exact sums (GridMatrix.h): weights
// of q8_0 and q4_0, and inputs that the workgroup quantizes as GridDot.h does.
// What it costs beside f16: docs/kernels.md, "Matrices of bytes".
#pragma once

#include "compiler/kernels/grid/GridDot.h"
#include "compiler/kernels/grid/GridMatrix.h"

namespace sinter::kernels {

class GridByteMatrix : public GridMatrix {
public:
  GridByteMatrix(GridShell &k, const LinearRegion &linear, int64_t panels);

protected:
  Values multiply(mlir::Value chunk, mlir::ValueRange sums) override;

private:
  void expandWeights(mlir::Value chunk);
  mlir::Value load(mlir::Value bytes, mlir::Value row, mlir::Value column,
                   kern::MatrixUse use);
  mlir::Value rowOf(int64_t tile);
  Values multiplyStep(mlir::Value column, mlir::ValueRange sums);
  Values multiplyBlock(mlir::ValueRange totals);
  mlir::Value spread(mlir::Value numbers, mlir::Value at,
                     kern::MatrixOrder order);

  int64_t depth; ///< columns of a product of matrices
  GridDot input; ///< of a workgroup's tokens
  // In workgroup memory:
  mlir::Value weights; ///< words of bytes, rows of all slots' panels
  mlir::Value scales;  ///< of those rows
};

} // namespace sinter::kernels
