// Regions that look rows up, norm them, rotate and cache heads, and attend:
// what they look like, for the families that compute them on CPUs and on grids.
#pragma once

#include "compiler/kernels/RegionMatch.h"

#include <optional>
#include <string>

namespace sinter::kernels {

/// A row of a table for each token, [scaled], [plus the row of its position in
/// another table].
struct EmbeddingRegion {
  mlir::BlockArgument tokens;
  mlir::BlockArgument table;
  std::optional<double> scale;
  mlir::BlockArgument positions; ///< the other table; null: none
  int64_t rows = 0;
  mlir::RankedTensorType tableType() const {
    return mlir::cast<mlir::RankedTensorType>(table.getType());
  }
};

/// [norm] [quantize | + residual] of the rows of an argument.
struct NormRegion : NormPart {
  RowPart source;
  mlir::BlockArgument residual; ///< null: none
  bool quantized = false;
  int64_t rows = 0;
};

/// [norm] and rope of q and k; k and v to the cache.
struct RopeAppendRegion {
  std::optional<HeadRows> q; ///< absent: only k and v
  HeadRows k;
  HeadRows v;
  mlir::BlockArgument cache;
  int64_t rows = 0;
  xf::KvCacheType cacheType() const {
    return mlir::cast<xf::KvCacheType>(cache.getType());
  }
};

/// The same for one token, then its attention.
struct DecodeRegion {
  xf::AttentionOp attention;
  HeadRows q, k;
  RowPart v;
  mlir::BlockArgument cache;
  int64_t group() { return attention.getHeads() / cacheType().getKvHeads(); }
  xf::KvCacheType cacheType() const {
    return mlir::cast<xf::KvCacheType>(cache.getType());
  }
};

/// Attention of rows whose keys and values are cached.
struct PrefillRegion {
  xf::AttentionOp attention;
  HeadRows q;
  mlir::BlockArgument cache;
  int64_t rows = 0;
  int64_t group() { return attention.getHeads() / cacheType().getKvHeads(); }
  xf::KvCacheType cacheType() const {
    return mlir::cast<xf::KvCacheType>(cache.getType());
  }
};

/// What a region is, if it is one of these; else `reason` says what is in the
/// way.
std::optional<EmbeddingRegion> matchEmbedding(xf::RegionOp region,
                                              std::string &reason);
std::optional<NormRegion> matchNorm(xf::RegionOp region, std::string &reason);
std::optional<RopeAppendRegion> matchRopeAppend(xf::RegionOp region,
                                                std::string &reason);
std::optional<DecodeRegion> matchAttentionDecode(xf::RegionOp region,
                                                 std::string &reason);
std::optional<PrefillRegion> matchAttentionPrefill(xf::RegionOp region,
                                                   std::string &reason);

} // namespace sinter::kernels
