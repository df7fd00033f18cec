// The draw of a token on a grid (xf.sample): one work item. What remains after
// top-k and top-p is a beginning of the descending order, so a limit is a logit
// and a number of tokens that have just this logit. It is found by halving the
// range of f32, as ordered integers: each of 32 turns asks all runs how much
// they hold at or above a logit, each of which answers by halving the part of
// it that is still open (xf.sort_logits left it sorted, with running sums).
// With barriers the lanes of a workgroup have neighbouring runs each; without,
// one lane has all. Every lane computes all that is common to them.
#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/RegionMatch.h"
#include "compiler/kernels/grid/GridSampling.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

class GridSample : public KernelFamily {
public:
  StringRef name() const override { return "grid_sample"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override;
  std::string id(xf::RegionOp region) const override {
    Value sorted = sampleOf(region).getSorted();
    return uniqueId("sample_f32_" +
                        std::to_string(rowsOf(sorted) * columnsOf(sorted)),
                    region);
  }
  WorkItems workItems(xf::RegionOp) const override { return {1, 0}; }
  Cost cost(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  static xf::SampleOp sampleOf(xf::RegionOp region) {
    return *region.getBody().front().getOps<xf::SampleOp>().begin();
  }
};

using Combine = llvm::function_ref<Value(Value, Value)>;

/// A limit in the descending order: all tokens of logits above `key`'s, and the
/// first `ties` (an f32) of those that have it.
struct Limit {
  Value key, ties;
};

/// Where a point falls among numbers in a row: which of them, and how far in.
struct Place {
  Value index, rest;
};

class Draw {
public:
  Draw(GridShell &k, xf::SampleOp op);
  void emit();

private:
  // Lanes among each other.
  Value everyone(Value mine, Combine combine);
  Value everyoneSum(Value mine);
  Values shares(Value mine);
  Place place(Value mine, llvm::function_ref<Value(Value)> pointOf);
  // A lane's runs.
  Value ownRuns(Value initial,
                llvm::function_ref<Value(Value run, Value carried)> body);
  Value sumOfRuns(llvm::function_ref<Value(Value run)> term);
  Value weightOfFirst(Value run, Value count);
  Value firstBelow(Value run, Value from, Value to,
                   llvm::function_ref<Value(Value)> above);
  // The limits.
  Value toKey(Value f32);
  Value fromKey(Value key);
  void loadSettings();
  void prepareRuns();
  Value search(Value active, Value lowest, Value target, bool byCount);
  Values turn(Value end, Value low, Value high, Value target, bool byCount);
  Limit limitTopK();
  Limit limitTopP(Limit topK);
  Value weighRuns(Limit limit);
  // The choice.
  Values chooseRun(Value weights);
  void chooseToken(Value run, Value ties, Value rest, Limit limit);
  Value keptWeight(Value v, Value tieRank, Value ties, Values bounds);
  Value isTie(Value v, Values bounds);

  GridShell &k;
  int64_t runs, tokens, lanes, runsOfLane;
  Value penalised, sorted, sums, sampling;
  /// Of each run: tokens above the limit, tokens at or above it, the same for a
  /// logit that is tried (all i32), and what its sums are multiplied by.
  Value above, reached, tried, factor;
  Value parts, eighths, chosen; ///< shared: numbers of lanes, of groups of
                                ///< eight of them, the run and its ties
  Value lane, firstRun, lastRun;
  Value largest, topK, topP, minP;
  std::optional<LogitWeight> weight;
};

} // namespace

bool GridSample::accepts(xf::RegionOp region, std::string &reason) const {
  RegionMatch match(region);
  auto op = match.takeOnly<xf::SampleOp>();
  if (!op || match.resultCount() != 1 || match.result() != op.getResult() ||
      !llvm::all_of(op->getOperands(),
                    [](Value value) { return isa<BlockArgument>(value); })) {
    reason = "not a draw from sorted runs that are arguments";
    return false;
  }
  return match.complete(reason);
}

Cost GridSample::cost(xf::RegionOp region) const {
  xf::SampleOp op = sampleOf(region);
  double runs = double(rowsOf(op.getSorted()));
  double steps =
      2.0 * (32 + 4.0 * double(llvm::Log2_64_Ceil(
                            static_cast<uint64_t>(columnsOf(op.getSorted())))));
  Cost cost;
  cost.bytesPerToken = 4 * runs * steps;
  cost.flopsPerToken = 4 * runs * steps;
  return cost;
}

FailureOr<kern::KernelOp> GridSample::build(OpBuilder &builder,
                                            xf::RegionOp region,
                                            kern::CapsAttr caps) const {
  GridShell k(builder, region, id(region), caps, /*itemsPerGroup=*/1);
  Draw draw(k, sampleOf(region));
  return k.items([&](Value) {
    if (k.meets())
      draw.emit();
    else
      k.when(k.equal(k.lane(), k.index(0)), [&] { draw.emit(); });
  });
}

Draw::Draw(GridShell &k, xf::SampleOp op)
    : k(k), runs(rowsOf(op.getSorted())), tokens(columnsOf(op.getSorted())),
      lanes(k.meets() ? k.group() : 1),
      runsOfLane(int64_t(llvm::divideCeil(runs, lanes))),
      penalised(k.binding(cast<BlockArgument>(op.getPenalised()))),
      sorted(k.binding(cast<BlockArgument>(op.getSorted()))),
      sums(k.binding(cast<BlockArgument>(op.getSums()))),
      sampling(k.binding(cast<BlockArgument>(op.getSampling()))) {
  Type f32 = k.builder.getF32Type(), i32 = k.builder.getI32Type();
  // Private arrays with a changing index are no faster than shared ones.
  above = k.scratch(i32, runs, k.meets());
  reached = k.scratch(i32, runs, k.meets());
  tried = k.scratch(i32, runs, k.meets());
  factor = k.scratch(f32, runs, k.meets());
  if (!k.meets())
    return;
  parts = k.scratch(f32, lanes, /*shared=*/true);
  eighths = k.scratch(f32, 8, /*shared=*/true);
  chosen = k.scratch(i32, 2, /*shared=*/true);
}

void Draw::emit() {
  lane = k.meets() ? k.lane() : k.index(0);
  firstRun = k.min(k.mul(lane, runsOfLane), k.index(runs));
  lastRun = k.min(k.add(firstRun, runsOfLane), k.index(runs));
  loadSettings();
  prepareRuns();
  Limit limit = limitTopP(limitTopK());
  Values run = chooseRun(weighRuns(limit));
  chooseToken(run[0], run[1], run[2], limit);
}

//===-- Lanes among each other --------------------------------------------===//

/// The numbers of all lanes combined, the same in every lane: eight lanes add
/// up an eighth each, then all add up the eighths.
Value Draw::everyone(Value mine, Combine combine) {
  if (!k.meets())
    return mine;
  k.store(mine, parts, lane);
  k.barrier();
  int64_t each = lanes / 8;
  auto combined = [&](Value memory, Value first, int64_t count) {
    return k.loop(
        k.index(1), k.index(count), 1, ValueRange{k.load(memory, first)},
        [&](Value i, ValueRange so) {
          return Values{combine(so[0], k.load(memory, k.add(first, i)))};
        })[0];
  };
  k.when(k.less(lane, k.index(8)), [&] {
    k.store(combined(parts, k.mul(lane, each), each), eighths, lane);
  });
  k.barrier();
  return combined(eighths, k.index(0), 8);
}

Value Draw::everyoneSum(Value mine) {
  return everyone(mine, [&](Value a, Value b) { return k.addf(a, b); });
}

/// {the sum over the lanes before this one, the sum over all}.
Values Draw::shares(Value mine) {
  if (!k.meets())
    return {k.f32(0), mine};
  k.barrier(); // what stood in parts was read
  k.store(mine, parts, lane);
  k.barrier();
  Value zero = k.f32(0);
  return k.loop(k.index(0), k.index(lanes), 1, ValueRange{zero, zero},
                [&](Value j, ValueRange so) {
                  Value sum = k.addf(so[1], k.load(parts, j));
                  Value isBefore = k.less(j, lane);
                  return Values{k.select(isBefore, sum, so[0]), sum};
                });
}

/// The lane in whose part of the sum over all lanes the point lies; `pointOf`
/// makes it from the sum. Rounding may put it a little beyond the end: the last
/// lane that has anything is taken then.
Place Draw::place(Value mine, llvm::function_ref<Value(Value)> pointOf) {
  Value total = shares(mine)[1];
  Value point = pointOf(total);
  if (!k.meets())
    return {lane, point};
  Value zero = k.f32(0);
  Values found =
      k.loop(k.index(0), k.index(lanes), 1, ValueRange{zero, k.index(0), zero},
             [&](Value j, ValueRange so) {
               Value part = k.load(parts, j);
               Value here =
                   k.both(lessThan(k, zero, part), atLeast(k, point, so[0]));
               return Values{k.addf(so[0], part), k.select(here, j, so[1]),
                             k.select(here, so[0], so[2])};
             });
  return {found[1], k.subf(point, found[2])};
}

//===-- The runs of a lane ------------------------------------------------===//

Value Draw::ownRuns(Value initial,
                    llvm::function_ref<Value(Value, Value)> body) {
  return k.loop(
      firstRun, lastRun, 1, ValueRange{initial},
      [&](Value run, ValueRange so) { return Values{body(run, so[0])}; })[0];
}

Value Draw::sumOfRuns(llvm::function_ref<Value(Value)> term) {
  return everyoneSum(ownRuns(
      k.f32(0), [&](Value run, Value sum) { return k.addf(sum, term(run)); }));
}

/// The weight of a run's first `count` tokens in descending order.
Value Draw::weightOfFirst(Value run, Value count) {
  Value some = k.less(k.index(0), count);
  Value at = k.select(some, k.sub(count, k.index(1)), count);
  Value sum = k.load(sums, k.add(k.mul(run, tokens), at));
  return k.select(some, k.mulf(sum, k.load(factor, run)), k.f32(0));
}

/// How many of a run's sorted logits are `above`, known to be from..to.
Value Draw::firstBelow(Value run, Value from, Value to,
                       llvm::function_ref<Value(Value)> isAbove) {
  Value base = k.mul(run, tokens);
  return k.loopWhile(
      ValueRange{from, to}, [&](ValueRange so) { return k.less(so[0], so[1]); },
      [&](ValueRange so) {
        Value middle = k.div(k.add(so[0], so[1]), 2);
        Value yes = isAbove(k.load(sorted, k.add(base, middle)));
        return Values{k.select(yes, k.add(middle, 1), so[0]),
                      k.select(yes, so[1], middle)};
      })[0];
}

//===-- Limits ------------------------------------------------------------===//

/// f32 (not NaN) as i32 in the same order, and back.
Value Draw::toKey(Value f32) {
  Value bits = bitsOf(k, f32);
  Value sign = k.create<arith::ShRSIOp>(bits, k.i32(31));
  return k.create<arith::XOrIOp>(bits, k.andi(sign, 0x7fffffff));
}

Value Draw::fromKey(Value key) {
  Value sign = k.create<arith::ShRSIOp>(key, k.i32(31));
  return k.bitsToF32(k.create<arith::XOrIOp>(key, k.andi(sign, 0x7fffffff)));
}

void Draw::loadSettings() {
  weight.emplace(k, sampling);
  // The greedy choice is the first of one.
  Value random = weight->isRandom;
  topK = k.select(random, loadSetting(k, sampling, Setting::topK), k.f32(1));
  topP = k.select(random, loadSetting(k, sampling, Setting::topP), k.f32(1));
  minP = k.select(random, loadSetting(k, sampling, Setting::minP), k.f32(0));
}

void Draw::prepareRuns() {
  auto first = [&](Value run) { return k.load(sorted, k.mul(run, tokens)); };
  Value mine = ownRuns(k.f32(-3e38), [&](Value run, Value most) {
    return k.maxf(most, first(run));
  });
  largest = everyone(mine, [&](Value a, Value b) { return k.maxf(a, b); });
  k.loop(firstRun, lastRun, 1, [&](Value run) {
    k.store(weight->of(first(run), largest), factor, run);
    k.store(k.i32(int32_t(tokens)), above, run);
    k.store(k.i32(int32_t(tokens)), reached, run);
  });
}

/// One turn of the search: {low, high} of half the distance. `end` is the end
/// of the lane's runs.
Values Draw::turn(Value end, Value low, Value high, Value target,
                  bool byCount) {
  Value distance = k.create<arith::SubIOp>(high, low);
  Value middle = k.create<arith::AddIOp>(low, k.shiftRight(distance, 1));
  Value bound = fromKey(middle);
  Value mine = k.loop(
      firstRun, end, 1, ValueRange{k.f32(0)}, [&](Value run, ValueRange so) {
        Value count = firstBelow(run, k.toIndex(k.load(above, run)),
                                 k.toIndex(k.load(reached, run)),
                                 [&](Value v) { return atLeast(k, v, bound); });
        k.store(k.toI32(count), tried, run);
        Value measure =
            byCount ? k.signedToF32(k.toI32(count)) : weightOfFirst(run, count);
        return Values{k.addf(so[0], measure)};
      })[0];
  Value enough = atLeast(k, everyoneSum(mine), target);
  k.loop(firstRun, end, 1, [&](Value run) {
    Value count = k.load(tried, run);
    k.store(k.select(enough, k.load(above, run), count), above, run);
    k.store(k.select(enough, count, k.load(reached, run)), reached, run);
  });
  return {k.select(enough, middle, low), k.select(enough, high, middle)};
}

/// The highest key from `lowest` on at or above whose logit lies `target`,
/// counted or weighed; the runs know then how many of theirs lie above it and
/// how many at or above. If not `active`, nothing changes.
Value Draw::search(Value active, Value lowest, Value target, bool byCount) {
  Value end = k.select(active, lastRun, firstRun);
  k.loop(firstRun, end, 1, [&](Value run) { k.store(k.i32(0), above, run); });
  Value one = k.i32(1);
  Value high = k.create<arith::AddIOp>(toKey(largest), one);
  // No barrier stands in a loop of which lanes do not know the end.
  if (k.meets())
    return k.loop(k.index(0), k.index(32), 1, ValueRange{lowest, high},
                  [&](Value, ValueRange so) {
                    return turn(end, so[0], so[1], target, byCount);
                  })[0];
  return k.loopWhile(
      ValueRange{lowest, high},
      [&](ValueRange so) {
        Value distance = k.create<arith::SubIOp>(so[1], so[0]);
        Value open =
            k.create<arith::CmpIOp>(arith::CmpIPredicate::ugt, distance, one);
        return Value(k.both(open, active));
      },
      [&](ValueRange so) {
        return turn(end, so[0], so[1], target, byCount);
      })[0];
}

static Value runCount(GridShell &k, Value memory, Value run) {
  return k.signedToF32(k.load(memory, run));
}

Limit Draw::limitTopK() {
  Value active = lessThan(k, k.f32(0), topK);
  Value lowest = k.i32(int32_t(0x807fffff)); // of -infinity
  Value key = search(active, lowest, topK, /*byCount=*/true);
  Value count = sumOfRuns([&](Value run) { return runCount(k, above, run); });
  return {k.select(active, key, lowest),
          k.select(active, k.subf(topK, count), k.f32(0))};
}

Limit Draw::limitTopP(Limit topKLimit) {
  auto weightAbove = [&](Value run) {
    return weightOfFirst(run, k.toIndex(k.load(above, run)));
  };
  auto weightOfKey = [&](Value key) {
    return weight->of(fromKey(key), largest);
  };
  Value ties = k.minf(topKLimit.ties, sumOfRuns([&](Value run) {
                        return k.subf(runCount(k, reached, run),
                                      runCount(k, above, run));
                      }));
  Value total =
      k.addf(sumOfRuns(weightAbove), k.mulf(ties, weightOfKey(topKLimit.key)));
  Value active = lessThan(k, topP, k.f32(1));
  Value target = k.mulf(topP, total);
  Value key = search(active, topKLimit.key, target, /*byCount=*/false);
  key = k.select(active, key, topKLimit.key);
  Value missing = k.subf(target, sumOfRuns(weightAbove));
  Value exact = k.minf(k.divf(missing, weightOfKey(key)), k.f32(1 << 24));
  Value whole = k.signedToF32(k.create<arith::FPToSIOp>(
      k.builder.getI32Type(), k.maxf(exact, k.f32(0))));
  Value needed = k.maxf(
      k.select(lessThan(k, whole, exact), k.addf(whole, k.f32(1)), whole),
      k.f32(1));
  // Where top-k ends at the same logit it has cut the ties before.
  Value limited = k.both(k.equal(key, topKLimit.key),
                         lessThan(k, k.f32(0), topKLimit.ties));
  needed = k.select(limited, k.minf(needed, topKLimit.ties), needed);
  return {key, k.select(active, needed, topKLimit.ties)};
}

/// Leaves in `reached` the ties of each run that remain (the first ones, in
/// order of tokens), in `factor` the weight of all that remains of it; gives
/// the weight of the lane's runs.
Value Draw::weighRuns(Limit limit) {
  auto tiesOf = [&](Value run) {
    return k.subf(runCount(k, reached, run), runCount(k, above, run));
  };
  Value mine = ownRuns(
      k.f32(0), [&](Value run, Value sum) { return k.addf(sum, tiesOf(run)); });
  Values found = k.loop(
      firstRun, lastRun, 1, ValueRange{shares(mine)[0], k.f32(0)},
      [&](Value run, ValueRange so) {
        Value ties = tiesOf(run);
        Value open = k.maxf(k.f32(0), k.subf(limit.ties, so[0]));
        Value taken = k.create<arith::FPToSIOp>(k.builder.getI32Type(),
                                                k.minf(ties, open));
        Value count =
            k.toIndex(k.create<arith::AddIOp>(k.load(above, run), taken));
        // Weights at or above min-p are a beginning, too.
        Value light = k.select(lessThan(k, k.f32(0), minP), k.index(0), count);
        count = firstBelow(run, light, count, [&](Value v) {
          return atLeast(k, weight->of(v, largest), minP);
        });
        Value remains = weightOfFirst(run, count);
        k.store(taken, reached, run);
        k.store(remains, factor, run);
        return Values{k.addf(so[0], ties), k.addf(so[1], remains)};
      });
  return found[1];
}

//===-- The choice --------------------------------------------------------===//

/// {the run where the point lies, its ties that remain, the rest of the point}.
Values Draw::chooseRun(Value weights) {
  Value uniform = loadSetting(k, sampling, Setting::uniform);
  Place at =
      place(weights, [&](Value total) { return k.mulf(uniform, total); });
  Value zero = k.f32(0);
  Values found =
      k.loop(firstRun, lastRun, 1, ValueRange{zero, k.index(0), zero},
             [&](Value run, ValueRange so) {
               Value part = k.load(factor, run);
               Value here =
                   k.both(lessThan(k, zero, part), atLeast(k, at.rest, so[0]));
               return Values{k.addf(so[0], part), k.select(here, run, so[1]),
                             k.select(here, so[0], so[2])};
             });
  Value run = k.toI32(found[1]), rest = k.subf(at.rest, found[2]);
  Value ties = k.load(reached, found[1]);
  if (!k.meets())
    return {found[1], k.signedToF32(ties), rest};
  k.when(k.equal(lane, at.index), [&] {
    k.store(run, chosen, k.index(0));
    k.store(ties, chosen, k.index(1));
    k.store(rest, eighths, k.index(0));
  });
  k.barrier();
  return {k.toIndex(k.load(chosen, k.index(0))),
          runCount(k, chosen, k.index(1)), k.load(eighths, k.index(0))};
}

/// Whether v is the limit's logit: bounds are it and the next one above.
Value Draw::isTie(Value v, Values bounds) {
  return k.both(atLeast(k, v, bounds[0]), lessThan(k, v, bounds[1]));
}

/// The weight of a logit, 0 if it is beyond a limit. tieRank: ties before it.
Value Draw::keptWeight(Value v, Value tieRank, Value ties, Values bounds) {
  Value w = weight->of(v, largest);
  Value kept = k.create<arith::OrIOp>(
      atLeast(k, v, bounds[1]),
      k.both(isTie(v, bounds), lessThan(k, tieRank, ties)));
  return k.select(k.both(kept, atLeast(k, w, minP)), w, k.f32(0));
}

/// In order of tokens, every lane a piece of the run.
void Draw::chooseToken(Value run, Value ties, Value rest, Limit limit) {
  Value next = k.create<arith::AddIOp>(limit.key, k.i32(1));
  Values bounds = {fromKey(limit.key), fromKey(next)};
  Value zero = k.f32(0), one = k.f32(1);
  int64_t each = tokens / lanes;
  Value first = k.add(k.mul(run, tokens), k.mul(lane, each));
  Value last = k.add(first, each);
  auto tieOne = [&](Value v) { return k.select(isTie(v, bounds), one, zero); };
  Value mine = k.sum(first, last, 1,
                     [&](Value i) { return tieOne(k.load(penalised, i)); });
  Value rank = shares(mine)[0];
  Value weights = k.loop(
      first, last, 1, ValueRange{rank, zero}, [&](Value i, ValueRange so) {
        Value v = k.load(penalised, i);
        Value w = keptWeight(v, so[0], ties, bounds);
        return Values{k.addf(so[0], tieOne(v)), k.addf(so[1], w)};
      })[1];
  Place at = place(weights, [&](Value) { return rest; });
  Value token =
      k.loop(first, last, 1, ValueRange{rank, zero, first},
             [&](Value i, ValueRange so) {
               Value v = k.load(penalised, i);
               Value w = keptWeight(v, so[0], ties, bounds);
               Value here =
                   k.both(lessThan(k, zero, w), atLeast(k, at.rest, so[1]));
               return Values{k.addf(so[0], tieOne(v)), k.addf(so[1], w),
                             k.select(here, i, so[2])};
             })[2];
  // +infinity: a bad logit; below all numbers: there is nothing to choose.
  Value good = k.both(lessThan(k, largest, infinity(k, false)),
                      lessThan(k, k.f32(-3e38), largest));
  k.when(k.equal(lane, at.index), [&] {
    k.store(k.select(good, k.toI32(token), k.i32(-1)), k.result(), k.index(0));
  });
}

namespace sinter::kernels {
const KernelFamily &getGridSampleFamily() {
  static const GridSample family;
  return family;
}
} // namespace sinter::kernels
