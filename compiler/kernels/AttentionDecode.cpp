// One decode step's attention: [norm], rope and cache write of k and v, then
// attention of the group's query heads. One work item is one kv head with its
// group, so that every worker reads only what it wrote itself or what earlier
// dispatches wrote, and K and V are read once for the whole group.
#include "compiler/kernels/AttentionCore.h"
#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/Layout.h"
#include "compiler/kernels/RowRegions.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

class AttentionDecodeFamily : public KernelFamily {
public:
  StringRef name() const override { return "attention_decode"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override {
    return matchAttentionDecode(region, reason).has_value();
  }
  std::string id(xf::RegionOp region) const override;
  WorkItems workItems(xf::RegionOp region) const override {
    return {matched(region).cacheType().getKvHeads(), 0};
  }
  Cost cost(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  static DecodeRegion matched(xf::RegionOp region) {
    std::string reason;
    return *matchAttentionDecode(region, reason);
  }
};

} // namespace

std::string AttentionDecodeFamily::id(xf::RegionOp region) const {
  DecodeRegion found = matched(region);
  xf::KvCacheType cache = found.cacheType();
  std::string prefix = cache.getElementType().isF32() ? "attention_f32_decode"
                                                      : "attention_f16_decode";
  if (found.q.normWeight || found.k.normWeight)
    prefix += "__headnorm";
  if (found.q.ropeTable || found.k.ropeTable)
    prefix += "__rope";
  prefix += "_" + std::to_string(found.attention.getHeads()) + "_" +
            std::to_string(cache.getKvHeads()) + "x" +
            std::to_string(cache.getHeadDim()) + "_" +
            std::to_string(cache.getCapacity());
  return uniqueId(prefix, region);
}

Cost AttentionDecodeFamily::cost(xf::RegionOp region) const {
  DecodeRegion found = matched(region);
  xf::KvCacheType cache = found.cacheType();
  auto kv = double(cache.getKvHeads() * cache.getHeadDim());
  auto q = double(found.attention.getHeads() * cache.getHeadDim());
  double element = cache.getElementType().getIntOrFloatBitWidth() / 8.0;
  Cost cost;
  cost.bytesPerToken = (2 * q + 2 * kv) * 4 + 2 * kv * element;
  cost.flopsPerToken = 3 * (q + kv);
  cost.bytesPerTokenPosition = 2 * kv * element;
  cost.flopsPerTokenPosition = 4 * q;
  return cost;
}

FailureOr<kern::KernelOp>
AttentionDecodeFamily::build(OpBuilder &builder, xf::RegionOp region,
                             kern::CapsAttr caps) const {
  DecodeRegion found = matched(region);
  int64_t headDim = found.cacheType().getHeadDim(), group = found.group();
  KernelShell k(builder, region, id(region), caps);
  CacheView cache(k, found.cacheType(), k.binding(found.cache));
  AttentionCore core(k, found.cacheType(), found.attention, /*tokens=*/1);
  Value keyRow = k.scratch(k.builder.getF32Type(), headDim);
  HeadTransform ofQ = transformOf(k, found.q), ofK = transformOf(k, found.k);
  return k.items([&](Value head) {
    Value token = k.index(0), position = k.scalar(kern::Scalar::position);
    Row key{keyRow, k.index(0)};
    transformHead(k, ofK, headOf(k, found.k, token, head), head, position, {},
                  key);
    HeadRows v;
    v.source = found.v;
    v.headDim = headDim;
    appendHead(k, cache, key, headOf(k, v, token, head), head, position);

    Value scale = k.f32(found.attention.getScale().convertToDouble());
    Value firstQ = k.mul(head, group);
    k.loop(k.index(0), k.index(group), 1, [&](Value g) {
      Value qHead = k.add(firstQ, g);
      transformHead(k, ofQ, headOf(k, found.q, token, qHead), qHead, position,
                    scale, core.query(g));
    });
    core.run(cache, head, position, k.index(1));
    k.loop(k.index(0), k.index(group), 1, [&](Value g) {
      copyRow(k, core.output(g), headDim,
              {k.result(), k.mul(k.add(firstQ, g), headDim)});
    });
  });
}

namespace sinter::kernels {
const KernelFamily &getAttentionDecodeFamily() {
  static const AttentionDecodeFamily family;
  return family;
}
} // namespace sinter::kernels
