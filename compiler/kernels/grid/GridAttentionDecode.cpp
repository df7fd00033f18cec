// One decode step's attention on a grid: [norm], rope and cache write of k and
// v, then attention. One work item is one query head. The heads of a group
// compute their kv head's new key and value each for itself, so that nobody
// waits for the one that writes them to the cache.
//
// Without barriers a lane is a head. With them a workgroup is: its lanes score
// one position each, then sum a pair of dimensions each.
#include "compiler/kernels/RowRegions.h"
#include "compiler/kernels/grid/GridAttention.h"
#include "compiler/kernels/grid/GridTwin.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

/// Heads of a workgroup without barriers: few, so that there are many
/// workgroups; a software adapter's register holds four lanes.
constexpr int64_t kHeadsOfGroup = 4;

class GridAttentionDecode : public GridTwin {
public:
  GridAttentionDecode() : GridTwin(getAttentionDecodeFamily) {}
  StringRef name() const override { return "grid_attention_decode"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override {
    std::optional<DecodeRegion> found = matchAttentionDecode(region, reason);
    return found && fitsGridCache(found->cacheType(), reason);
  }
  WorkItems workItems(xf::RegionOp region) const override {
    std::string reason;
    DecodeRegion found = *matchAttentionDecode(region, reason);
    return {static_cast<int64_t>(found.attention.getHeads()), 0};
  }
  SmallVector<ScheduleParameter> schedule(xf::RegionOp region,
                                          kern::CapsAttr caps) const override {
    if (caps.getCheapBarriers())
      return {};
    return {groupHeads()};
  }
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  static ScheduleParameter groupHeads() {
    return {"group_heads", kHeadsOfGroup, {1, 2, 4, 8, 16}};
  }
};

/// What both schedules need of a region.
struct Step {
  explicit Step(GridShell &k, DecodeRegion &found)
      : k(k), found(found), cache(k, found.cacheType(), k.binding(found.cache)),
        position(k.scalar(kern::Scalar::position)) {
    v.source = found.v;
    v.headDim = found.cacheType().getHeadDim();
  }
  Value scale() { return k.f32(found.attention.getScale().convertToDouble()); }
  Value firstPosition() {
    return firstVisible(k, position,
                        static_cast<int64_t>(found.attention.getWindow()));
  }
  Value kvHead(Value head) { return k.div(head, found.group()); }
  /// q . k of the new token.
  Value ownScore(Value q, Value key) {
    return k.sum(k.index(0), k.index(found.cacheType().getHeadDim()), 1,
                 [&](Value d) { return k.mulf(k.load(q, d), k.load(key, d)); });
  }
  /// Whether this head writes the cache for its group.
  Value writes(Value head) {
    return k.equal(k.rem(head, found.group()), k.index(0));
  }

  GridShell &k;
  DecodeRegion &found;
  GridCache cache;
  Value position;
  HeadRows v;
};

/// row[d] becomes what the cache would give back, for the lane's pairs; the
/// cache gets it from `at` on if `write`.
void settle(Step &step, Value row, Value at, Value write,
            const LaneElements &lanes) {
  GridShell &k = step.k;
  k.loop(lanes.first, k.index(step.cache.pairs()), lanes.stride,
         [&](Value pair) {
           Value d = k.mul(pair, 2), e = k.add(d, 1);
           Value low = k.load(row, d), high = k.load(row, e);
           k.when(write, [&] { step.cache.store(k.add(at, pair), low, high); });
           Values rounded = step.cache.rounded(low, high);
           k.store(rounded[0], row, d);
           k.store(rounded[1], row, e);
         });
}

void buildLane(Step &step, LaneAttention &attention, Value keyRow, Value head) {
  GridShell &k = step.k;
  int64_t headDim = step.found.cacheType().getHeadDim();
  Value kvHead = step.kvHead(head), token = k.index(0);
  Value write = step.writes(head);
  LaneElements all{k.index(0), 1};
  emitHead(k, step.found.k, token, kvHead, step.position, {}, keyRow, all);
  settle(step, keyRow, step.cache.keyAt(kvHead, step.position), write, all);
  emitHead(k, step.v, token, kvHead, step.position, {}, attention.out, all);
  settle(step, attention.out, step.cache.valueAt(kvHead, step.position), write,
         all);
  emitHead(k, step.found.q, token, head, step.position, step.scale(),
           attention.q, all);
  // The new token comes first: its weight is one, its value the output so far.
  ScoreMap map(k, step.found.attention, head);
  Value own = map(step.ownScore(attention.q, keyRow), step.position);
  SoftmaxState state =
      attention.run(step.cache, map, kvHead, step.firstPosition(),
                    step.position, {own, k.f32(1)});
  attention.store(state, k.mul(head, headDim));
}

/// Memory of a workgroup that attends together.
struct GroupMemory {
  GroupMemory(GridShell &k, int64_t headDim) {
    auto shared = [&](int64_t count) {
      return k.scratch(k.builder.getF32Type(), count, /*shared=*/true);
    };
    q = shared(headDim);
    key = shared(headDim);
    value = shared(headDim);
    scores = shared(k.group());
    weights = shared(k.group());
  }
  Value q, key, value, scores, weights;
};

/// The pairs of dimensions a lane sums: lane, lane + group, ...
Values lanePairs(Step &step, Value lane) {
  GridShell &k = step.k;
  Values pairs;
  for (int64_t first = 0; first < step.cache.pairs(); first += k.group())
    pairs.push_back(k.add(lane, first));
  return pairs;
}

/// Scores of positions [start, start + group), one a lane, and what the softmax
/// becomes; weights are in memory afterwards. Returns {maximum, sum, factor}.
Values groupScores(Step &step, GroupMemory &memory, const ScoreMap &map,
                   Value kvHead, Value lane, Value start, ValueRange state) {
  GridShell &k = step.k;
  Value mine = k.add(start, lane);
  Value valid = k.less(mine, step.position);
  Value seen = k.min(mine, k.sub(step.position, k.index(1)));
  Value at = step.cache.keyAt(kvHead, seen);
  Value score =
      k.sum(k.index(0), k.index(step.cache.pairs()), 1, [&](Value pair) {
        Value d = k.mul(pair, 2);
        Values key = step.cache.load(k.add(at, pair));
        return k.addf(k.mulf(k.load(memory.q, d), key[0]),
                      k.mulf(k.load(memory.q, k.add(d, 1)), key[1]));
      });
  score = k.select(valid, map(score, seen), k.f32(-1e30));
  k.store(score, memory.scores, lane);
  k.barrier();
  Value maximum =
      k.loop(k.index(0), k.index(k.group()), 1, ValueRange{state[0]},
             [&](Value i, ValueRange best) {
               return Values{k.maxf(k.load(memory.scores, i), best[0])};
             })[0];
  Value factor = k.exp(k.subf(state[0], maximum));
  Value weight = k.select(valid, k.exp(k.subf(score, maximum)), k.f32(0));
  k.store(weight, memory.weights, lane);
  k.barrier();
  Value sum = k.sum(k.index(0), k.index(k.group()), 1,
                    [&](Value i) { return k.load(memory.weights, i); });
  return {maximum, k.addf(k.mulf(state[1], factor), sum), factor};
}

/// outputs * factor + weights * values of the positions from `start`, for the
/// lane's pairs.
Values groupValues(Step &step, GroupMemory &memory, Value kvHead, Value start,
                   ArrayRef<Value> pairs, Value factor, ValueRange outputs) {
  GridShell &k = step.k;
  Values scaled;
  for (Value output : outputs)
    scaled.push_back(k.mulf(output, factor));
  Value count = k.min(k.index(k.group()), k.sub(step.position, start));
  return k.loop(k.index(0), count, 1, scaled, [&](Value i, ValueRange sums) {
    Value at = step.cache.valueAt(kvHead, k.add(start, i));
    Value weight = k.load(memory.weights, i);
    Values next;
    for (auto [p, pair] : llvm::enumerate(pairs)) {
      Value inside = k.min(pair, k.index(step.cache.pairs() - 1));
      Values value = step.cache.load(k.add(at, inside));
      next.push_back(k.addf(sums[2 * p], k.mulf(weight, value[0])));
      next.push_back(k.addf(sums[2 * p + 1], k.mulf(weight, value[1])));
    }
    return next;
  });
}

void buildGroup(Step &step, GroupMemory &memory, Value head) {
  GridShell &k = step.k;
  int64_t headDim = step.found.cacheType().getHeadDim();
  Value lane = k.lane(), kvHead = step.kvHead(head), token = k.index(0);
  Value write = step.writes(head);
  LaneElements mine{lane, k.group()};
  emitHead(k, step.found.k, token, kvHead, step.position, {}, memory.key, mine);
  emitHead(k, step.v, token, kvHead, step.position, {}, memory.value, mine);
  emitHead(k, step.found.q, token, head, step.position, step.scale(), memory.q,
           mine);
  k.barrier();
  settle(step, memory.key, step.cache.keyAt(kvHead, step.position), write,
         mine);
  settle(step, memory.value, step.cache.valueAt(kvHead, step.position), write,
         mine);
  k.barrier();
  Values pairs = lanePairs(step, lane);
  ScoreMap map(k, step.found.attention, head);
  Values state{map(step.ownScore(memory.q, memory.key), step.position),
               k.f32(1)};
  for (Value pair : pairs) {
    Value d = k.mul(k.min(pair, k.index(step.cache.pairs() - 1)), 2);
    state.push_back(k.load(memory.value, d));
    state.push_back(k.load(memory.value, k.add(d, 1)));
  }
  state = k.loop(step.firstPosition(), step.position, k.group(), state,
                 [&](Value start, ValueRange carried) {
                   Values next = groupScores(step, memory, map, kvHead, lane,
                                             start, carried.take_front(2));
                   Value factor = next.pop_back_val();
                   next.append(groupValues(step, memory, kvHead, start, pairs,
                                           factor, carried.drop_front(2)));
                   return next;
                 });
  Value inverse = k.divf(k.f32(1), state[1]);
  for (size_t p = 0; p < pairs.size(); ++p)
    k.when(k.less(pairs[p], k.index(step.cache.pairs())), [&] {
      Value at = k.add(k.mul(head, headDim), k.mul(pairs[p], 2));
      k.store(k.mulf(state[2 + 2 * p], inverse), k.result(), at);
      k.store(k.mulf(state[3 + 2 * p], inverse), k.result(), k.add(at, 1));
    });
}

FailureOr<kern::KernelOp>
GridAttentionDecode::build(OpBuilder &builder, xf::RegionOp region,
                           kern::CapsAttr caps) const {
  std::string reason;
  DecodeRegion found = *matchAttentionDecode(region, reason);
  int64_t headDim = found.cacheType().getHeadDim();
  auto heads = static_cast<int64_t>(found.attention.getHeads());
  if (caps.getCheapBarriers()) {
    GridShell k(builder, region, id(region), caps, /*itemsPerGroup=*/1);
    GroupMemory memory(k, headDim);
    return k.items([&](Value head) {
      Step step(k, found);
      buildGroup(step, memory, head);
    });
  }
  int64_t together = chosen(region, groupHeads());
  GridShell k(builder, region, id(region), caps, together);
  LaneAttention attention(k, found.cacheType());
  Value keyRow = k.floats(headDim);
  return k.items([&](Value first) {
    Value lane = k.lane(), head = k.add(first, lane);
    Value inside =
        k.both(k.less(lane, k.index(together)), k.less(head, k.index(heads)));
    k.when(inside, [&] {
      Step step(k, found);
      buildLane(step, attention, keyRow, head);
    });
  });
}

} // namespace

namespace sinter::kernels {
const KernelFamily &getGridAttentionDecodeFamily() {
  static const GridAttentionDecode family;
  return family;
}
} // namespace sinter::kernels
