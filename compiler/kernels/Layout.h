// How tensors lie in memory: the byte sizes and element types of bindings. Used
// by the plan (buffer sizes), by the kernel families (addresses) and by the
// bundle (packed weights). Formats: docs/formats/packed-weights.md.
#pragma once

#include "dialects/xf/Xf.h"

namespace sinter::layout {

/// Rows of a weight panel, and the padding of token rows in buffers.
constexpr int64_t kPanelRows = 16;
/// Columns of a quantization block.
constexpr int64_t kBlock = 32;
/// Tokens of a prefill chunk are padded to this many rows: kernels may compute
/// (never read from a cache, never append) the padding.
constexpr int64_t kTokenPadding = 16;

/// Bytes of one row of an activation: D floats (kernels write no more than D of
/// them, whatever D is), or for dyn_i8 the padded int8
/// row, then f32 scales and i32 corrections per block, rounded up to 64.
int64_t rowBytes(mlir::RankedTensorType activation);

/// Bytes of a buffer for an activation or token tensor of at most `maxTokens`
/// rows (a dynamic T); rows padded to kTokenPadding unless T is static.
int64_t bufferBytes(mlir::RankedTensorType type, int64_t maxTokens);

/// Bytes of a weight in its packed layout.
int64_t weightBytes(mlir::RankedTensorType weight, bool isRopeTable = false);
/// Bytes of one rows16 panel of a weight with `columns` columns, and of one of
/// its blocks of kBlock columns (q8_0, q4_0).
int64_t panelBytes(xf::Scheme scheme, int64_t columns);
int64_t blockBytes(xf::Scheme scheme);
/// "rows16", "vector" or "rope".
llvm::StringRef weightLayout(mlir::RankedTensorType weight, bool isRopeTable);

/// Bytes of a KV cache, its capacity in tokens (a multiple of kTokenPadding),
/// and the offset of its values.
int64_t cacheBytes(xf::KvCacheType cache);
int64_t cacheCapacity(xf::KvCacheType cache);
int64_t cacheValueOffset(xf::KvCacheType cache);

/// The memref type of the kernel binding for a region argument or result:
/// memref<?xf32>, memref<?xi32> (tokens) or memref<?xi8> (weights other than
/// f32, dyn_i8 activations, caches).
mlir::MemRefType bindingType(mlir::Type type);

} // namespace sinter::layout
