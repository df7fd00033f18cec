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
      : GridStaged(k, linear, tokens, kLimit, /*unitWords=*/1) {}
  /// The same with chunks of `chunkBlocks` blocks, in rows of `rowWords` words:
  /// for kernels that quantize here and multiply themselves.
  GridDot(GridShell &k, const LinearRegion &linear, int64_t tokens,
          int64_t chunkBlocks, int64_t rowWords)
      : GridStaged(k, linear, tokens, kLimit, /*unitWords=*/1, chunkBlocks,
                   rowWords) {}

  /// The words of four signed bytes in a word of weights, in the order of their
  /// columns.
  static Values signedWords(GridShell &k, xf::Scheme scheme, mlir::Value word);

protected:
  Values packed(llvm::ArrayRef<mlir::Value> x, mlir::Value inverse) override;
  Values multiplyBlock(const LaneWeights &weights,
                       llvm::ArrayRef<mlir::Value> starts,
                       mlir::Value firstUnit) override;

private:
  static constexpr double kLimit = 127;
};

} // namespace sinter::kernels
