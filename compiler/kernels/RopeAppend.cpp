// Prefill: [norm] and rope of q and k, and the write of k and v to the cache.
// One work item is one kv head with its query heads, and sixteen tokens.
#include "compiler/kernels/HeadOps.h"
#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/Layout.h"
#include "compiler/kernels/RowRegions.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

constexpr int64_t kTokensPerItem = 16;

class RopeAppendFamily : public KernelFamily {
public:
  StringRef name() const override { return "rope_append"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override {
    return matchRopeAppend(region, reason).has_value();
  }
  std::string id(xf::RegionOp region) const override;
  WorkItems workItems(xf::RegionOp region) const override;
  Cost cost(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  static RopeAppendRegion matched(xf::RegionOp region) {
    std::string reason;
    return *matchRopeAppend(region, reason);
  }
};

} // namespace

std::string RopeAppendFamily::id(xf::RegionOp region) const {
  RopeAppendRegion found = matched(region);
  xf::KvCacheType cache = found.cacheType();
  std::string prefix =
      cache.getElementType().isF32() ? "rope_append_f32" : "rope_append_f16";
  if (found.k.normWeight)
    prefix += "__headnorm";
  prefix += "_" + std::to_string(found.q ? found.q->heads : 0) + "_" +
            std::to_string(cache.getKvHeads()) + "x" +
            std::to_string(cache.getHeadDim()) + "_" +
            std::to_string(cache.getCapacity());
  return uniqueId(prefix, region);
}

WorkItems RopeAppendFamily::workItems(xf::RegionOp region) const {
  RopeAppendRegion found = matched(region);
  int64_t heads = found.cacheType().getKvHeads();
  if (ShapedType::isDynamic(found.rows))
    return {heads, kTokensPerItem};
  return {heads * ((found.rows + kTokensPerItem - 1) / kTokensPerItem), 0};
}

Cost RopeAppendFamily::cost(xf::RegionOp region) const {
  RopeAppendRegion found = matched(region);
  xf::KvCacheType cache = found.cacheType();
  auto kv = double(cache.getKvHeads() * cache.getHeadDim());
  double q = found.q ? double(found.q->heads * cache.getHeadDim()) : 0;
  double element = cache.getElementType().getIntOrFloatBitWidth() / 8.0;
  Cost cost;
  cost.bytesPerToken = (2 * q + 2 * kv) * 4 + 2 * kv * element;
  cost.flopsPerToken = 3 * (q + kv);
  return cost;
}

FailureOr<kern::KernelOp> RopeAppendFamily::build(OpBuilder &builder,
                                                  xf::RegionOp region,
                                                  kern::CapsAttr caps) const {
  RopeAppendRegion found = matched(region);
  xf::KvCacheType type = found.cacheType();
  int64_t headDim = type.getHeadDim(), kvHeads = type.getKvHeads();
  KernelShell k(builder, region, id(region), caps);
  CacheView cache(k, type, k.binding(found.cache));
  Value keyRow = k.scratch(k.builder.getF32Type(), headDim);
  HeadTransform ofK = transformOf(k, found.k), ofQ;
  if (found.q)
    ofQ = transformOf(k, *found.q);
  return k.items([&](Value item) {
    Value head = k.rem(item, kvHeads);
    Value first = k.mul(k.div(item, kvHeads), kTokensPerItem);
    Value end = k.min(k.add(first, kTokensPerItem), k.tokens(found.rows));
    k.loop(first, end, 1, [&](Value token) {
      Value position = k.add(k.scalar(kern::Scalar::position), token);
      Row key{keyRow, k.index(0)};
      transformHead(k, ofK, headOf(k, found.k, token, head), head, position, {},
                    key);
      appendHead(k, cache, key, headOf(k, found.v, token, head), head,
                 position);
      if (!found.q)
        return;
      int64_t group = found.q->heads / kvHeads;
      k.loop(k.index(0), k.index(group), 1, [&](Value g) {
        Value qHead = k.add(k.mul(head, group), g);
        Value at = k.add(k.mul(token, found.q->heads * headDim),
                         k.mul(qHead, headDim));
        transformHead(k, ofQ, headOf(k, *found.q, token, qHead), qHead,
                      position, {}, {k.result(), at});
      });
    });
  });
}

namespace sinter::kernels {
const KernelFamily &getRopeAppendFamily() {
  static const RopeAppendFamily family;
  return family;
}
} // namespace sinter::kernels
