// Penalties and sorted runs of logits on a grid (xf.sort_logits). One work item
// is a run of N tokens. With barriers a workgroup sorts it in its memory by a
// bitonic network (Batcher 1968); without, one lane sorts sixteen numbers at a
// time in registers by odd-even merges and then merges longer and longer
// pieces, back and forth between the two results that are not filled yet.
#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/RegionMatch.h"
#include "compiler/kernels/grid/GridSampling.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

/// Numbers that a lane sorts in registers.
constexpr int64_t kPiece = 16;

class GridSortLogits : public KernelFamily {
public:
  StringRef name() const override { return "grid_sort_logits"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override;
  std::string id(xf::RegionOp region) const override {
    return uniqueId("sort_logits_f32_" +
                        std::to_string(columnsOf(sortOf(region).getLogits())),
                    region);
  }
  WorkItems workItems(xf::RegionOp region) const override {
    return {rowsOf(sortOf(region).getSorted()), 0};
  }
  Cost cost(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  static xf::SortLogitsOp sortOf(xf::RegionOp region) {
    return *region.getBody().front().getOps<xf::SortLogitsOp>().begin();
  }
};

/// Emits the body for one run.
class RunSorter {
public:
  RunSorter(GridShell &k, xf::SortLogitsOp op);

  void byGroup(Value run);
  void byLane(Value run);

private:
  void loadPenalties();
  void countSaid(Value first, Value lane, int64_t lanes);
  Value penalised(Value token, Value count);
  void sortShared();
  void compareSwap(Value i, Value size, Value stride);
  void storeShared(Value to, Value base);
  void sumShared(Value base);
  void sortPieces(Value base, Value to);
  void merge(Value from, Value to, Value first, int64_t half);

  GridShell &k;
  int64_t vocabulary, tokens, history;
  int64_t each; ///< tokens of a lane
  Value logits, sampling, said, penalisedOut, sortedOut, sumsOut;
  Value repeat, frequency, presence; ///< settings, loaded once
  Value counts;        ///< private: how often each token of the lane was said
  Value shared, parts; ///< of the workgroup: the run, a number of each lane
};

} // namespace

bool GridSortLogits::accepts(xf::RegionOp region, std::string &reason) const {
  RegionMatch match(region);
  auto op = match.takeOnly<xf::SortLogitsOp>();
  if (!op || match.resultCount() != 3 || match.result(0) != op.getPenalised() ||
      match.result(1) != op.getSorted() || match.result(2) != op.getSums() ||
      !llvm::all_of(op->getOperands(),
                    [](Value value) { return isa<BlockArgument>(value); })) {
    reason = "not the sorted runs of an argument's logits";
    return false;
  }
  return match.complete(reason);
}

Cost GridSortLogits::cost(xf::RegionOp region) const {
  xf::SortLogitsOp op = sortOf(region);
  double elements = double(rowsOf(op.getSorted()) * columnsOf(op.getSorted()));
  double levels = double(
      llvm::Log2_64_Ceil(static_cast<uint64_t>(columnsOf(op.getSorted()))));
  Cost cost;
  cost.bytesPerToken = 16 * elements; // logits in, three results out
  cost.flopsPerToken = elements * levels * (levels + 1) / 2;
  return cost;
}

FailureOr<kern::KernelOp> GridSortLogits::build(OpBuilder &builder,
                                                xf::RegionOp region,
                                                kern::CapsAttr caps) const {
  xf::SortLogitsOp op = sortOf(region);
  int64_t runs = rowsOf(op.getSorted());
  bool meets = caps.getCheapBarriers();
  GridShell k(builder, region, id(region), caps, meets ? 1 : caps.getGroup());
  RunSorter sorter(k, op);
  return k.items([&](Value item) {
    if (meets)
      return sorter.byGroup(item);
    Value run = k.add(item, k.lane());
    k.when(k.less(run, k.index(runs)), [&] { sorter.byLane(run); });
  });
}

RunSorter::RunSorter(GridShell &k, xf::SortLogitsOp op)
    : k(k), vocabulary(columnsOf(op.getLogits())),
      tokens(columnsOf(op.getSorted())), history(columnsOf(op.getHistory())),
      each(k.meets() ? tokens / k.group() : tokens),
      logits(k.binding(cast<BlockArgument>(op.getLogits()))),
      sampling(k.binding(cast<BlockArgument>(op.getSampling()))),
      said(k.binding(cast<BlockArgument>(op.getHistory()))),
      penalisedOut(k.result(0)), sortedOut(k.result(1)), sumsOut(k.result(2)) {
  counts = k.scratch(k.builder.getI32Type(), each);
  if (!k.meets())
    return;
  shared = k.scratch(k.builder.getF32Type(), tokens, /*shared=*/true);
  parts = k.scratch(k.builder.getF32Type(), k.group(), /*shared=*/true);
}

//===-- Penalties ---------------------------------------------------------===//

void RunSorter::loadPenalties() {
  repeat = loadSetting(k, sampling, Setting::repeat);
  frequency = loadSetting(k, sampling, Setting::frequency);
  presence = loadSetting(k, sampling, Setting::presence);
}

/// counts[j] becomes how often token first + lane + j * lanes was said. Every
/// lane reads all that was said and counts its own tokens: nobody shares.
void RunSorter::countSaid(Value first, Value lane, int64_t lanes) {
  k.loop(k.index(0), k.index(each), 1,
         [&](Value j) { k.store(k.i32(0), counts, j); });
  Value number = k.create<arith::FPToSIOp>(
      k.builder.getI32Type(), loadSetting(k, sampling, Setting::said));
  Value end = k.min(k.toIndex(number), k.index(history));
  k.loop(k.index(0), end, 1, [&](Value i) {
    Value inRun = k.sub(k.toIndex(k.load(said, i)), first); // wraps below
    Value mine = k.less(inRun, k.index(tokens));
    if (lanes > 1)
      mine = k.both(mine, k.equal(k.rem(inRun, lanes), lane));
    k.when(mine, [&] {
      Value slot = lanes > 1 ? k.div(inRun, lanes) : inRun;
      Value more = k.create<arith::AddIOp>(k.load(counts, slot), k.i32(1));
      k.store(more, counts, slot);
    });
  });
}

/// The logit of a token that was said `count` times (an i32).
Value RunSorter::penalised(Value token, Value count) {
  Value exists = k.less(token, k.index(vocabulary));
  Value raw = k.load(logits, k.min(token, k.index(vocabulary - 1)));
  Value positive = lessThan(k, k.f32(0), raw);
  Value scaled = k.select(positive, k.divf(raw, repeat), k.mulf(raw, repeat));
  Value number = k.signedToF32(count);
  Value constant = k.addf(presence, k.mulf(number, frequency));
  Value wasSaid = lessThan(k, k.f32(0), number);
  Value v = k.select(wasSaid, k.subf(scaled, constant), raw);
  // NaN by its bits: shader compilers may take it that there is none.
  Value isNan = k.create<arith::CmpIOp>(arith::CmpIPredicate::ugt,
                                        k.andi(bitsOf(k, v), 0x7fffffff),
                                        k.i32(0x7f800000));
  v = k.select(isNan, infinity(k, false), v);
  return k.select(exists, v, infinity(k, true));
}

//===-- A workgroup for a run ---------------------------------------------===//

void RunSorter::byGroup(Value run) {
  Value lane = k.lane(), base = k.mul(run, tokens);
  loadPenalties();
  countSaid(base, lane, k.group());
  k.loop(k.index(0), k.index(each), 1, [&](Value j) {
    Value inRun = k.add(k.mul(j, k.group()), lane);
    Value token = k.add(base, inRun);
    Value v = penalised(token, k.load(counts, j));
    k.store(v, penalisedOut, token);
    k.store(v, shared, inRun);
  });
  sortShared();
  sumShared(base);
}

/// Bitonic: pieces of `size` are sorted, every other one upwards, from pieces
/// of half the size; `stride` is how far apart the numbers of a pair are.
void RunSorter::sortShared() {
  auto levels = int64_t(llvm::Log2_64(static_cast<uint64_t>(tokens)));
  auto levelBody = [&](Value level, ValueRange sizes) {
    Value size = sizes[0], half = k.div(size, 2);
    k.loop(k.index(0), k.add(level, 1), 1, ValueRange{half},
           [&](Value, ValueRange strides) {
             k.barrier();
             k.loop(k.index(0), k.index(each / 2), 1, [&](Value j) {
               Value pair = k.add(k.mul(j, k.group()), k.lane());
               Value low =
                   k.create<arith::AndIOp>(pair, k.sub(strides[0], k.index(1)));
               compareSwap(k.sub(k.mul(pair, 2), low), size, strides[0]);
             });
             return Values{k.div(strides[0], 2)};
           });
    return Values{k.mul(size, 2)};
  };
  k.loop(k.index(0), k.index(levels), 1, ValueRange{k.index(2)}, levelBody);
  k.barrier();
}

void RunSorter::compareSwap(Value i, Value size, Value stride) {
  Value other = k.add(i, stride);
  Value a = k.load(shared, i), b = k.load(shared, other);
  Value upwards = k.create<arith::CmpIOp>(
      arith::CmpIPredicate::ne, k.create<arith::AndIOp>(i, size), k.index(0));
  // Equal numbers may change places.
  Value swap = k.create<arith::XOrIOp>(lessThan(k, a, b), upwards);
  k.store(k.select(swap, b, a), shared, i);
  k.store(k.select(swap, a, b), shared, other);
}

/// to[base + i] = shared[i], neighbouring lanes neighbours.
void RunSorter::storeShared(Value to, Value base) {
  k.loop(k.index(0), k.index(each), 1, [&](Value j) {
    Value i = k.add(k.mul(j, k.group()), k.lane());
    k.store(k.load(shared, i), to, k.add(base, i));
  });
}

/// Stores the sorted run, then its sums, which take its place in shared memory:
/// a lane has neighbours there, and begins with the sum of the lanes before.
void RunSorter::sumShared(Value base) {
  LogitWeight weight(k, sampling);
  Value largest = k.maxf(k.load(shared, k.index(0)), k.f32(-3e38));
  storeShared(sortedOut, base);
  Value first = k.mul(k.lane(), each), last = k.add(first, each);
  Value mine = k.sum(first, last, 1, [&](Value i) {
    return weight.of(k.load(shared, i), largest);
  });
  k.store(mine, parts, k.lane());
  k.barrier();
  Value before =
      k.sum(k.index(0), k.lane(), 1, [&](Value j) { return k.load(parts, j); });
  k.loop(first, last, 1, ValueRange{before}, [&](Value i, ValueRange sums) {
    Value sum = k.addf(sums[0], weight.of(k.load(shared, i), largest));
    k.store(sum, shared, i);
    return Values{sum};
  });
  k.barrier();
  storeShared(sumsOut, base);
}

//===-- A lane for a run --------------------------------------------------===//

void RunSorter::byLane(Value run) {
  Value base = k.mul(run, tokens);
  loadPenalties();
  countSaid(base, Value(), 1);
  auto levels = int64_t(llvm::Log2_64(static_cast<uint64_t>(tokens / kPiece)));
  Value from = levels % 2 ? sumsOut : sortedOut;
  Value to = levels % 2 ? sortedOut : sumsOut;
  sortPieces(base, from);
  for (int64_t half = kPiece; half < tokens; half *= 2) {
    k.loop(k.index(0), k.index(tokens), 2 * half,
           [&](Value piece) { merge(from, to, k.add(base, piece), half); });
    std::swap(from, to);
  }
  LogitWeight weight(k, sampling);
  Value largest = k.maxf(k.load(sortedOut, base), k.f32(-3e38));
  k.loop(k.index(0), k.index(tokens), 1, ValueRange{k.f32(0)},
         [&](Value i, ValueRange sums) {
           Value at = k.add(base, i);
           Value sum =
               k.addf(sums[0], weight.of(k.load(sortedOut, at), largest));
           k.store(sum, sumsOut, at);
           return Values{sum};
         });
}

/// The pairs of Batcher's odd-even merge sort, in order.
static SmallVector<std::pair<int64_t, int64_t>> sortingNetwork(int64_t size) {
  SmallVector<std::pair<int64_t, int64_t>> pairs;
  for (int64_t p = 1; p < size; p *= 2)
    for (int64_t stride = p; stride >= 1; stride /= 2)
      for (int64_t j = stride % p; j + stride < size; j += 2 * stride)
        for (int64_t i = 0; i < std::min(stride, size - j - stride); ++i)
          if ((i + j) / (2 * p) == (i + j + stride) / (2 * p))
            pairs.push_back({i + j, i + j + stride});
  return pairs;
}

/// Stores the run's penalised logits, and `to` in sorted pieces.
void RunSorter::sortPieces(Value base, Value to) {
  auto network = sortingNetwork(kPiece);
  k.loop(k.index(0), k.index(tokens), kPiece, [&](Value first) {
    Values values;
    for (int64_t i = 0; i < kPiece; ++i) {
      Value inRun = k.add(first, i), token = k.add(base, inRun);
      values.push_back(penalised(token, k.load(counts, inRun)));
      k.store(values.back(), penalisedOut, token);
    }
    for (auto [i, j] : network) {
      Value a = values[i], b = values[j], swap = lessThan(k, a, b);
      values[i] = k.select(swap, b, a);
      values[j] = k.select(swap, a, b);
    }
    for (int64_t i = 0; i < kPiece; ++i)
      k.store(values[i], to, k.add(base, k.add(first, i)));
  });
}

/// Merges two neighbouring pieces. Beyond a piece's end stands -infinity, which
/// is as good as one that is there.
void RunSorter::merge(Value from, Value to, Value first, int64_t half) {
  Value middle = k.add(first, half), end = k.add(middle, half);
  Values start = {first, middle, k.load(from, first), k.load(from, middle)};
  k.loop(first, end, 1, start, [&](Value out, ValueRange now) {
    Value takeLeft = atLeast(k, now[2], now[3]);
    k.store(k.select(takeLeft, now[2], now[3]), to, out);
    Value next = k.add(k.select(takeLeft, now[0], now[1]), 1);
    Value inside = k.less(next, k.select(takeLeft, middle, end));
    Value loaded = k.load(from, k.select(inside, next, first));
    Value value = k.select(inside, loaded, infinity(k, true));
    return Values{
        k.select(takeLeft, next, now[0]), k.select(takeLeft, now[1], next),
        k.select(takeLeft, value, now[2]), k.select(takeLeft, now[3], value)};
  });
}

namespace sinter::kernels {
const KernelFamily &getGridSortLogitsFamily() {
  static const GridSortLogits family;
  return family;
}
} // namespace sinter::kernels
