// Prefill on a grid: [norm] and rope of q and k, and the write of k and v to
// the cache. One work item is one kv head with its query heads; a lane is one
// of sixteen tokens.
#include "compiler/kernels/RowRegions.h"
#include "compiler/kernels/grid/GridHeads.h"
#include "compiler/kernels/grid/GridTwin.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

constexpr int64_t kTokens = 16;

class GridRopeAppend : public GridTwin {
public:
  GridRopeAppend() : GridTwin(getRopeAppendFamily) {}
  StringRef name() const override { return "grid_rope_append"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override {
    std::optional<RopeAppendRegion> found = matchRopeAppend(region, reason);
    return found && fitsGridCache(found->cacheType(), reason);
  }
  WorkItems workItems(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;
};

WorkItems GridRopeAppend::workItems(xf::RegionOp region) const {
  std::string reason;
  RopeAppendRegion found = *matchRopeAppend(region, reason);
  int64_t heads = found.cacheType().getKvHeads();
  if (ShapedType::isDynamic(found.rows))
    return {heads, kTokens};
  return {heads * static_cast<int64_t>(llvm::divideCeil(found.rows, kTokens)),
          0};
}

FailureOr<kern::KernelOp> GridRopeAppend::build(OpBuilder &builder,
                                                xf::RegionOp region,
                                                kern::CapsAttr caps) const {
  std::string reason;
  RopeAppendRegion found = *matchRopeAppend(region, reason);
  xf::KvCacheType type = found.cacheType();
  int64_t headDim = type.getHeadDim(), heads = type.getKvHeads();
  int64_t items = workItems(region).items;
  GridShell k(builder, region, id(region), caps, caps.getGroup() / kTokens);
  Value row = k.floats(headDim);
  return k.items([&](Value first) {
    Value lane = k.lane();
    Value item = k.add(first, k.div(lane, kTokens));
    Value block =
        ShapedType::isDynamic(found.rows) ? k.tokenBlock() : k.div(item, heads);
    Value head = k.rem(item, heads);
    Value token = k.add(k.mul(block, kTokens), k.rem(lane, kTokens));
    Value inside = k.both(k.less(item, k.index(items)),
                          k.less(token, k.tokens(found.rows)));
    k.when(inside, [&] {
      GridCache cache(k, type, k.binding(found.cache));
      Value position = k.add(k.scalar(kern::Scalar::position), token);
      LaneElements all{k.index(0), 1};
      auto append = [&](const HeadRows &rows, Value to) {
        emitHead(k, rows, token, head, position, {}, row, all);
        k.loop(k.index(0), k.index(cache.pairs()), 1, [&](Value pair) {
          Value d = k.mul(pair, 2);
          cache.store(k.add(to, pair), k.load(row, d),
                      k.load(row, k.add(d, 1)));
        });
      };
      append(found.k, cache.keyAt(head, position));
      append(found.v, cache.valueAt(head, position));
      if (!found.q)
        return;
      int64_t group = found.q->heads / heads;
      k.loop(k.index(0), k.index(group), 1, [&](Value g) {
        Value qHead = k.add(k.mul(head, group), g);
        emitHead(k, *found.q, token, qHead, position, {}, row, all);
        Value to = k.add(k.mul(token, found.q->heads * headDim),
                         k.mul(qHead, headDim));
        k.loop(k.index(0), k.index(headDim), 1, [&](Value d) {
          k.store(k.load(row, d), k.result(), k.add(to, d));
        });
      });
    });
  });
}

} // namespace

namespace sinter::kernels {
const KernelFamily &getGridRopeAppendFamily() {
  static const GridRopeAppend family;
  return family;
}
} // namespace sinter::kernels
