// A prefill chunk's attention: query rows whose keys and values are in the
// cache already. One work item is one kv head and sixteen query tokens: their
// rows read each chunk of the cache together.
#include "compiler/kernels/AttentionCore.h"
#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/Layout.h"
#include "compiler/kernels/RowRegions.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

constexpr int64_t kQueryTokens = 16;

class AttentionPrefillFamily : public KernelFamily {
public:
  StringRef name() const override { return "attention_prefill"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override {
    return matchAttentionPrefill(region, reason).has_value();
  }
  std::string id(xf::RegionOp region) const override;
  WorkItems workItems(xf::RegionOp region) const override;
  Cost cost(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  static PrefillRegion matched(xf::RegionOp region) {
    std::string reason;
    return *matchAttentionPrefill(region, reason);
  }
};

} // namespace

std::string AttentionPrefillFamily::id(xf::RegionOp region) const {
  PrefillRegion found = matched(region);
  xf::KvCacheType cache = found.cacheType();
  std::string prefix = cache.getElementType().isF32() ? "attention_f32_prefill"
                                                      : "attention_f16_prefill";
  prefix += "_" + std::to_string(found.attention.getHeads()) + "_" +
            std::to_string(cache.getKvHeads()) + "x" +
            std::to_string(cache.getHeadDim()) + "_" +
            std::to_string(cache.getCapacity());
  return uniqueId(prefix, region);
}

WorkItems AttentionPrefillFamily::workItems(xf::RegionOp region) const {
  PrefillRegion found = matched(region);
  int64_t heads = found.cacheType().getKvHeads();
  if (ShapedType::isDynamic(found.rows))
    return {heads, kQueryTokens};
  return {heads * ((found.rows + kQueryTokens - 1) / kQueryTokens), 0};
}

Cost AttentionPrefillFamily::cost(xf::RegionOp region) const {
  PrefillRegion found = matched(region);
  xf::KvCacheType cache = found.cacheType();
  auto kv = double(cache.getKvHeads() * cache.getHeadDim());
  auto q = double(found.attention.getHeads() * cache.getHeadDim());
  double element = cache.getElementType().getIntOrFloatBitWidth() / 8.0;
  Cost cost;
  cost.bytesPerToken = 2 * q * 4;
  cost.flopsPerToken = q;
  cost.bytesPerTokenPosition = 2 * kv * element / kQueryTokens;
  cost.flopsPerTokenPosition = 4 * q;
  return cost;
}

FailureOr<kern::KernelOp>
AttentionPrefillFamily::build(OpBuilder &builder, xf::RegionOp region,
                              kern::CapsAttr caps) const {
  PrefillRegion found = matched(region);
  xf::KvCacheType type = found.cacheType();
  int64_t headDim = type.getHeadDim(), group = found.group();
  KernelShell k(builder, region, id(region), caps);
  CacheView cache(k, type, k.binding(found.cache));
  AttentionCore core(k, type, found.attention, kQueryTokens);
  HeadTransform ofQ = transformOf(k, found.q);
  return k.items([&](Value item) {
    Value head = k.rem(item, type.getKvHeads());
    Value first = k.mul(k.div(item, type.getKvHeads()), kQueryTokens);
    Value tokens =
        k.min(k.index(kQueryTokens), k.sub(k.tokens(found.rows), first));
    Value position = k.add(k.scalar(kern::Scalar::position), first);
    Value scale = k.f32(found.attention.getScale().convertToDouble());
    auto forRows = [&](llvm::function_ref<void(Value, Value, Value)> body) {
      k.loop(k.index(0), tokens, 1, [&](Value token) {
        k.loop(k.index(0), k.index(group), 1, [&](Value g) {
          body(token, k.add(k.mul(head, group), g),
               k.add(k.mul(token, group), g));
        });
      });
    };
    forRows([&](Value token, Value qHead, Value row) {
      transformHead(k, ofQ, headOf(k, found.q, k.add(first, token), qHead),
                    qHead, k.add(position, token), scale, core.query(row));
    });
    core.run(cache, head, position, tokens);
    forRows([&](Value token, Value qHead, Value row) {
      Value at = k.mul(k.add(first, token),
                       int64_t(found.attention.getHeads()) * headDim);
      copyRow(k, core.output(row), headDim,
              {k.result(), k.add(at, k.mul(qHead, headDim))});
    });
  });
}

namespace sinter::kernels {
const KernelFamily &getAttentionPrefillFamily() {
  static const AttentionPrefillFamily family;
  return family;
}
} // namespace sinter::kernels
