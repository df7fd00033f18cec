// Linears through integer dot products, for devices that multiply four signed
// bytes at once (caps with packed_dot and barriers). The input is quantized as
// xf.quantize says; lanes multiply bytes, exactly, and scale the sum of a
// block.
#pragma once

#include "compiler/kernels/grid/GridStaged.h"

namespace sinter::kernels {

class GridDot : public GridStaged {
public:
  /// Whether the region is multiplied this way: its weights are integers, and
  /// the device has what it takes.
  static bool fits(const LinearRegion &linear, kern::CapsAttr caps) {
    return linear.isInteger() && caps.getCheapBarriers() &&
           caps.has(kern::Feature::packed_dot);
  }

  GridDot(GridShell &k, const LinearRegion &linear, int64_t tokens)
      : GridStaged(k, linear, tokens, /*limit=*/127, /*unitWords=*/1) {}

protected:
  Values packed(llvm::ArrayRef<mlir::Value> x, mlir::Value inverse) override;
  Values multiplyBlock(const LaneWeights &weights,
                       llvm::ArrayRef<mlir::Value> starts,
                       mlir::Value firstUnit) override;

private:
  Values signedWords(xf::Scheme scheme, mlir::Value word);
};

} // namespace sinter::kernels
