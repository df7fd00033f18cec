// Linears in f16 arithmetic, two numbers in a word, for devices that multiply
// both at once (caps with shader_f16 and barriers) but no bytes and no
// matrices. Weights are exact integers in f16, the input is scaled so that no
// sum leaves f16; sums of a few products are f16, everything after f32.
#pragma once

#include "compiler/kernels/grid/GridStaged.h"

namespace sinter::kernels {

class GridHalf : public GridStaged {
public:
  GridHalf(GridShell &k, const LinearRegion &linear, int64_t tokens);

protected:
  Values packed(llvm::ArrayRef<mlir::Value> x, mlir::Value inverse) override;
  Values multiplyBlock(const LaneWeights &weights,
                       llvm::ArrayRef<mlir::Value> starts,
                       mlir::Value firstUnit) override;

private:
  Values weightPairs(xf::Scheme scheme, mlir::Value word);
  mlir::Value pairAt(mlir::Value word);
};

} // namespace sinter::kernels
