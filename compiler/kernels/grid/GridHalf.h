// Linears in f16 arithmetic, two numbers in a word, for devices that multiply
// both at once (caps with shader_f16 and barriers) but no bytes and no
// matrices. Weights are exact integers in f16, the input is scaled so that no
// sum leaves f16; sums of a few products are f16, everything after f32.
#pragma once

#include "compiler/kernels/grid/GridStaged.h"

namespace sinter::kernels {

class GridHalf : public GridStaged {
public:
  /// Whether the region is multiplied this way: its weights are integers, and
  /// the device has what it takes and nothing better.
  static bool fits(const LinearRegion &linear, kern::CapsAttr caps) {
    return linear.isInteger() && caps.getCheapBarriers() &&
           caps.has(kern::Feature::shader_f16) &&
           !caps.has(kern::Feature::packed_dot) && !caps.getMatrix();
  }

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
