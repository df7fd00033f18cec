// Heads of one token: norm, rotation, and the write to the KV cache. Shared by
// the attention families. Cache layout: docs/formats/bundle.md.
#pragma once

#include "compiler/kernels/RegionMatch.h"
#include "compiler/kernels/RowOps.h"

namespace sinter::kernels {

/// The keys and values of one layer as typed memory.
struct CacheView {
  CacheView(KernelShell &k, xf::KvCacheType type, mlir::Value bytes);

  xf::KvCacheType type;
  int64_t capacity = 0;
  mlir::Value keys;   ///< [kv heads][capacity / 16][head dim][16]
  mlir::Value values; ///< [kv heads][capacity][head dim]
};

/// The norm and rotation of a head, without where its row comes from.
struct HeadTransform {
  int64_t headDim = 0;
  NormWeights norm; ///< a null weight: none
  bool normOfEachHead = false;
  mlir::Value ropeTable; ///< null: none
  int64_t ropeDim = 0;
};

/// The bindings of a matched norm.
NormWeights weightsOf(KernelShell &k, const NormPart &part);

HeadTransform transformOf(KernelShell &k, const HeadRows &rows);

/// to = scale * rope(norm(from)) for head `head` of the token at `position`; to
/// may be from. A null scale is one.
void transformHead(KernelShell &k, const HeadTransform &transform, Row from,
                   mlir::Value head, mlir::Value position, mlir::Value scale,
                   Row to);

/// Head `head` of token `token` of the rows a region gives.
Row headOf(KernelShell &k, const HeadRows &rows, mlir::Value token,
           mlir::Value head);

/// Writes one kv head's key and value (head dim f32 each) at `position`. An f16
/// cache holds the nearest finite f16.
void appendHead(KernelShell &k, const CacheView &cache, Row key, Row value,
                mlir::Value head, mlir::Value position);

} // namespace sinter::kernels
