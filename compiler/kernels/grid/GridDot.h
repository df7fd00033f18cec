// Linears through integer dot products, for devices that multiply four signed
// bytes at once (caps with packed_dot and barriers). The input is quantized as
// xf.quantize says; lanes multiply bytes, exactly, and scale the sum of a
// block.
#pragma once

#include "compiler/kernels/grid/GridStaged.h"

namespace sinter::kernels {

class GridDot : public GridStaged {
public:
  /// chunkBlocks, padding: as GridStaged has them, for kernels that quantize
  /// here and multiply themselves.
  GridDot(GridShell &k, const LinearRegion &linear, int64_t tokens,
          int64_t chunkBlocks = 0, int64_t padding = 0)
      : GridStaged(k, linear, tokens, /*limit=*/127, /*unitWords=*/1,
                   chunkBlocks, padding) {}

  /// The words of four signed bytes in a word of weights, in the order of their
  /// columns.
  static Values signedWords(GridShell &k, xf::Scheme scheme, mlir::Value word);

protected:
  Values packed(llvm::ArrayRef<mlir::Value> x, mlir::Value inverse) override;
  Values multiplyBlock(const LaneWeights &weights,
                       llvm::ArrayRef<mlir::Value> starts,
                       mlir::Value firstUnit) override;
};

} // namespace sinter::kernels
