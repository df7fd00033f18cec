// Matching of the regions around tables, rows, heads and caches
// (RowRegions.h).
#include "compiler/kernels/RowRegions.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

std::optional<EmbeddingRegion>
sinter::kernels::matchEmbedding(xf::RegionOp region, std::string &reason) {
  RegionMatch match(region);
  EmbeddingRegion found;
  if (match.resultCount() != 1) {
    reason = "more than one result";
    return std::nullopt;
  }
  Value value = match.result();
  if (auto positions = match.take<xf::AddPositionsOp>(value)) {
    found.positions = dyn_cast<BlockArgument>(positions.getTable());
    if (!found.positions) {
      reason = "positions that are no argument";
      return std::nullopt;
    }
    value = positions.getX();
  }
  if (auto scale = match.take<xf::ScaleOp>(value)) {
    found.scale = scale.getFactor().convertToDouble();
    value = scale.getX();
  }
  if (auto lookup = match.take<xf::EmbeddingOp>(value)) {
    found.tokens = dyn_cast<BlockArgument>(lookup.getTokens());
    found.table = dyn_cast<BlockArgument>(lookup.getTable());
  }
  if (!found.tokens || !found.table) {
    reason = "not a lookup in a table";
    return std::nullopt;
  }
  found.rows = rowsOf(match.result());
  if (!match.complete(reason))
    return std::nullopt;
  return found;
}

std::optional<NormRegion> sinter::kernels::matchNorm(xf::RegionOp region,
                                                     std::string &reason) {
  RegionMatch match(region);
  NormRegion norm;
  if (match.resultCount() != 1) {
    reason = "more than one result";
    return std::nullopt;
  }
  Value value = match.result();
  if (auto quantize = match.take<xf::QuantizeOp>(value)) {
    norm.quantized = true;
    value = quantize.getX();
  }
  if (auto add = norm.quantized ? nullptr : match.take<xf::AddOp>(value)) {
    value = add.getLhs();
    norm.residual = dyn_cast<BlockArgument>(add.getRhs());
    if (!norm.residual) {
      value = add.getRhs();
      norm.residual = dyn_cast<BlockArgument>(add.getLhs());
    }
    if (!norm.residual) {
      reason = "a sum that is not one of an argument";
      return std::nullopt;
    }
  }
  if (!match.takeNorm(value, /*groups=*/1, norm)) {
    reason = "a norm of several groups";
    return std::nullopt;
  }
  std::optional<RowPart> source = match.takeRowPart(value);
  if (!source || (!norm.normWeight && (!norm.quantized || norm.residual))) {
    reason = "not a norm or quantization of an argument's rows";
    return std::nullopt;
  }
  norm.source = *source;
  norm.rows = rowsOf(match.result());
  if (!match.complete(reason))
    return std::nullopt;
  return norm;
}

std::optional<RopeAppendRegion>
sinter::kernels::matchRopeAppend(xf::RegionOp region, std::string &reason) {
  RegionMatch match(region);
  RopeAppendRegion found;
  auto append = match.takeOnly<xf::AppendOp>();
  reason = "not one append with at most q as result";
  if (!append || match.resultCount() > 1)
    return std::nullopt;
  found.cache = dyn_cast<BlockArgument>(append.getCache());
  if (!found.cache)
    return std::nullopt;
  found.rows = rowsOf(append.getK());
  int64_t headDim = found.cacheType().getHeadDim();
  int64_t kvHeads = found.cacheType().getKvHeads();
  auto k = match.takeHeadRows(append.getK(), kvHeads, headDim, reason);
  auto v = match.takeRowPart(append.getV());
  if (!k || !v)
    return std::nullopt;
  found.k = *k;
  found.v.source = *v;
  found.v.heads = kvHeads;
  found.v.headDim = headDim;
  if (match.resultCount() == 1) {
    auto rope = match.result().getDefiningOp<xf::RopeOp>();
    if (!rope || rope.getHeads() % kvHeads ||
        columnsOf(rope) != int64_t(rope.getHeads()) * headDim) {
      reason = "its result is not a rotated q of the cache's head dimension";
      return std::nullopt;
    }
    found.q =
        match.takeHeadRows(match.result(), rope.getHeads(), headDim, reason);
    if (!found.q)
      return std::nullopt;
  }
  if (!match.complete(reason))
    return std::nullopt;
  return found;
}

std::optional<DecodeRegion>
sinter::kernels::matchAttentionDecode(xf::RegionOp region,
                                      std::string &reason) {
  RegionMatch match(region);
  DecodeRegion found;
  found.attention = match.takeOnly<xf::AttentionOp>();
  auto append = match.takeOnly<xf::AppendOp>();
  reason = "not one append followed by one attention";
  if (!found.attention || !append || match.resultCount() != 1 ||
      match.result() != found.attention.getResult() ||
      !append->isBeforeInBlock(found.attention) ||
      append.getCache() != found.attention.getCache())
    return std::nullopt;
  found.cache = dyn_cast<BlockArgument>(append.getCache());
  if (!found.cache || rowsOf(append.getK()) != 1 ||
      rowsOf(found.attention.getQ()) != 1) {
    reason = "more than one token";
    return std::nullopt;
  }
  int64_t headDim = found.cacheType().getHeadDim();
  auto q = match.takeHeadRows(found.attention.getQ(),
                              found.attention.getHeads(), headDim, reason);
  auto k = match.takeHeadRows(append.getK(), found.cacheType().getKvHeads(),
                              headDim, reason);
  auto v = match.takeRowPart(append.getV());
  if (!q || !k || !v)
    return std::nullopt;
  found.q = *q;
  found.k = *k;
  found.v = *v;
  if (!match.complete(reason))
    return std::nullopt;
  return found;
}

std::optional<PrefillRegion>
sinter::kernels::matchAttentionPrefill(xf::RegionOp region,
                                       std::string &reason) {
  RegionMatch match(region);
  PrefillRegion found;
  found.attention = match.takeOnly<xf::AttentionOp>();
  reason = "not one attention over a cache";
  if (!found.attention || match.resultCount() != 1 ||
      match.result() != found.attention.getResult())
    return std::nullopt;
  found.cache = dyn_cast<BlockArgument>(found.attention.getCache());
  if (!found.cache)
    return std::nullopt;
  auto q =
      match.takeHeadRows(found.attention.getQ(), found.attention.getHeads(),
                         found.cacheType().getHeadDim(), reason);
  if (!q || !match.complete(reason))
    return std::nullopt;
  found.q = *q;
  found.rows = rowsOf(found.attention.getQ());
  return found;
}
