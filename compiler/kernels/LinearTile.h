// The inner loops of linear kernels: a tile of tokens times one panel of 16
// weight rows, for every weight scheme and vector width. A panel is handled as
// groups of `lanes` rows; how weights are unpacked and multiplied is the same
// for one token (GEMV) and for many (GEMM).
#pragma once

#include "compiler/kernels/LinearRegion.h"
#include "compiler/kernels/VectorBuilder.h"

namespace sinter::kernels {

/// Where the activations of a tile lie. Integer schemes: dyn_i8 rows in a
/// memref<?xi8>, `at` and `stride` in bytes. Float schemes: f32 rows, in
/// elements.
struct TileInput {
  mlir::Value memory;
  mlir::Value at;
  int64_t stride = 0;
};

/// A panel in the weights' binding: byte offset of its first byte.
struct TilePanel {
  mlir::Value weights;
  mlir::Value byteOffset;
};

/// Which part of a panel, and how many tokens, a tile covers.
struct TileShape {
  int64_t tokens = 1;
  int64_t firstGroup = 0; ///< in registers of `lanes` rows
  int64_t groups = 1;
  int64_t unroll = 1;        ///< blocks (integer) or columns (float) per turn
  int64_t prefetchBytes = 0; ///< how far ahead of the weights; 0: not at all
};

/// Lanes of a register that a panel is cut into: at most 16.
inline int64_t groupLanes(const VectorBuilder &b) {
  return std::min<int64_t>(b.lanes(), layout::kPanelRows);
}
inline int64_t groupsPerPanel(const VectorBuilder &b) {
  return layout::kPanelRows / groupLanes(b);
}

/// Products over all columns: value [token * groups + group] is a
/// vector<lanes x f32> of the group's rows. Several panels (gate and up) can be
/// run together over the same input; their values follow each other.
Values emitTile(VectorBuilder &b, const LinearRegion &linear,
                const TileInput &input, llvm::ArrayRef<TilePanel> panels,
                const TileShape &shape);

} // namespace sinter::kernels
