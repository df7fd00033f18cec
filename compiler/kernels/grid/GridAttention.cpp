// One lane's attention (GridAttention.h), and the prefill family: rows whose
// keys are cached. Online softmax (Milakov and Gimelshein, arXiv 1805.02867):
// the outputs are scaled down whenever a larger score comes.
#include "compiler/kernels/grid/GridAttention.h"

#include "compiler/kernels/RowRegions.h"
#include "compiler/kernels/grid/GridActivation.h"
#include "compiler/kernels/grid/GridTwin.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

/// Positions of a step.
static constexpr int64_t kStep = 4;
/// A score no finite one is below; exp of it minus another is zero.
static constexpr double kLowest = -1e30;

Value sinter::kernels::firstVisible(GridShell &k, Value position,
                                    int64_t window) {
  if (!window)
    return k.index(0);
  // max(position + 1 - window, 0) without negative numbers
  Value size = k.index(window);
  return k.sub(k.add(position, 1), k.min(k.add(position, 1), size));
}

ScoreMap::ScoreMap(GridShell &k, xf::AttentionOp op, Value head)
    : k(k), softcap(op.getSoftcap().convertToDouble()) {
  if (!op.getBias())
    return;
  biases = k.binding(cast<BlockArgument>(op.getBias()));
  start = k.mul(head, columnsOf(op.getBias()));
}

Value ScoreMap::operator()(Value score, Value position) const {
  if (biases)
    score = k.addf(score, k.load(biases, k.add(start, position)));
  return softcap > 0 ? gridCapped(k, score, softcap) : score;
}

SoftmaxState LaneAttention::chunk(GridCache &cache, const ScoreMap &map,
                                  Value kvHead, Value position, Value to,
                                  SoftmaxState state) {
  Values keys, values, valid, positions;
  for (int64_t i = 0; i < kStep; ++i) {
    Value at = k.add(position, i);
    valid.push_back(k.less(at, to));
    at = k.min(at, k.sub(to, k.index(1)));
    positions.push_back(at);
    keys.push_back(cache.keyAt(kvHead, at));
    values.push_back(cache.valueAt(kvHead, at));
  }
  Value pairs = k.index(cache.pairs());
  Values scores = k.loop(k.index(0), pairs, 1, Values(kStep, k.f32(0)),
                         [&](Value pair, ValueRange sums) {
                           Value d = k.mul(pair, 2);
                           Value low = k.load(q, d),
                                 high = k.load(q, k.add(d, 1));
                           Values next(sums);
                           for (int64_t i = 0; i < kStep; ++i) {
                             Values key = cache.load(k.add(keys[i], pair));
                             next[i] = k.addf(next[i], k.mulf(low, key[0]));
                             next[i] = k.addf(next[i], k.mulf(high, key[1]));
                           }
                           return next;
                         });
  Value maximum = state.maximum;
  for (int64_t i = 0; i < kStep; ++i) {
    scores[i] =
        k.select(valid[i], map(scores[i], positions[i]), k.f32(kLowest));
    maximum = k.maxf(scores[i], maximum);
  }
  Value shrink = k.exp(k.subf(state.maximum, maximum));
  Value sum = k.mulf(state.sum, shrink);
  for (int64_t i = 0; i < kStep; ++i) {
    scores[i] = k.select(valid[i], k.exp(k.subf(scores[i], maximum)), k.f32(0));
    sum = k.addf(sum, scores[i]);
  }
  k.loop(k.index(0), pairs, 1, [&](Value pair) {
    Value d = k.mul(pair, 2), e = k.add(d, 1);
    Value low = k.mulf(k.load(out, d), shrink);
    Value high = k.mulf(k.load(out, e), shrink);
    for (int64_t i = 0; i < kStep; ++i) {
      Values value = cache.load(k.add(values[i], pair));
      low = k.addf(low, k.mulf(scores[i], value[0]));
      high = k.addf(high, k.mulf(scores[i], value[1]));
    }
    k.store(low, out, d);
    k.store(high, out, e);
  });
  return {maximum, sum};
}

SoftmaxState LaneAttention::run(GridCache &cache, const ScoreMap &map,
                                Value kvHead, Value from, Value to,
                                SoftmaxState state) {
  Values end = k.loop(from, to, kStep, ValueRange{state.maximum, state.sum},
                      [&](Value position, ValueRange carried) {
                        SoftmaxState next = chunk(cache, map, kvHead, position,
                                                  to, {carried[0], carried[1]});
                        return Values{next.maximum, next.sum};
                      });
  return {end[0], end[1]};
}

void LaneAttention::store(SoftmaxState state, Value at) {
  Value inverse = k.divf(k.f32(1), state.sum);
  k.loop(k.index(0), k.index(type.getHeadDim()), 1, [&](Value d) {
    k.store(k.mulf(k.load(out, d), inverse), k.result(), k.add(at, d));
  });
}

namespace {

constexpr int64_t kTokens = 16;

/// One work item is one query head; a lane is one of sixteen tokens.
class GridAttentionPrefill : public GridTwin {
public:
  GridAttentionPrefill() : GridTwin(getAttentionPrefillFamily) {}
  StringRef name() const override { return "grid_attention_prefill"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override {
    std::optional<PrefillRegion> found = matchAttentionPrefill(region, reason);
    return found && fitsGridCache(found->cacheType(), reason);
  }
  WorkItems workItems(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;
};

WorkItems GridAttentionPrefill::workItems(xf::RegionOp region) const {
  std::string reason;
  PrefillRegion found = *matchAttentionPrefill(region, reason);
  auto heads = static_cast<int64_t>(found.attention.getHeads());
  if (ShapedType::isDynamic(found.rows))
    return {heads, kTokens};
  return {heads * static_cast<int64_t>(llvm::divideCeil(found.rows, kTokens)),
          0};
}

FailureOr<kern::KernelOp>
GridAttentionPrefill::build(OpBuilder &builder, xf::RegionOp region,
                            kern::CapsAttr caps) const {
  std::string reason;
  PrefillRegion found = *matchAttentionPrefill(region, reason);
  xf::KvCacheType type = found.cacheType();
  auto heads = static_cast<int64_t>(found.attention.getHeads());
  int64_t headDim = type.getHeadDim(), items = workItems(region).items;
  GridShell k(builder, region, id(region), caps, caps.getGroup() / kTokens);
  LaneAttention attention(k, type);
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
      emitHead(k, found.q, token, head, position,
               k.f32(found.attention.getScale().convertToDouble()), attention.q,
               {k.index(0), 1});
      k.loop(k.index(0), k.index(headDim), 1,
             [&](Value d) { k.store(k.f32(0), attention.out, d); });
      ScoreMap map(k, found.attention, head);
      SoftmaxState state = attention.run(
          cache, map, k.div(head, found.group()),
          firstVisible(k, position,
                       static_cast<int64_t>(found.attention.getWindow())),
          k.add(position, 1), {k.f32(kLowest), k.f32(0)});
      attention.store(
          state, k.add(k.mul(token, heads * headDim), k.mul(head, headDim)));
    });
  });
}

} // namespace

namespace sinter::kernels {
const KernelFamily &getGridAttentionPrefillFamily() {
  static const GridAttentionPrefill family;
  return family;
}
} // namespace sinter::kernels
