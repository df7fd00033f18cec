// One token times a weight matrix, on a grid: [select_row] [norm] linear
// [bias] [residual, gate, activation or cap]. A lane is a row of its panels and
// sums the squares for an RMS norm while it multiplies; the inverse root comes
// in at the end. Mean and variance of a layer norm are summed before.
//
// Without barriers a lane computes whole rows, of several panels, so that each
// x that it loads serves them all (a load costs a software adapter ten times
// what a product does). With barriers the lanes of a workgroup share a panel's
// columns and add up in workgroup memory. Where the device multiplies packed
// numbers, they stage the input first (GridStaged.h), for more panels at a
// time.
#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/grid/GridLinear.h"
#include "compiler/kernels/grid/GridStaged.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

constexpr int64_t kRows = layout::kPanelRows;
/// Weight panels of a lane without barriers.
constexpr int64_t kLanePanels = 4;
/// With a norm on the way: two loads and three more ops for every x, which more
/// panels share.
constexpr int64_t kNormLanePanels = 8;
/// Weight panels of a workgroup that stages its input, which costs as much as
/// half a panel.
constexpr int64_t kStagedPanels = 2;

class GridDecode : public KernelFamily {
public:
  StringRef name() const override { return "grid_decode"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override {
    return match(region, reason).has_value();
  }
  std::string id(xf::RegionOp region) const override {
    return linearId(matched(region), "gemv", region);
  }
  WorkItems workItems(xf::RegionOp region) const override {
    return {matched(region).panels(), 0};
  }
  Cost cost(xf::RegionOp region) const override {
    return linearCost(matched(region));
  }
  SmallVector<ScheduleParameter> schedule(xf::RegionOp region,
                                          kern::CapsAttr caps) const override {
    if (caps.getCheapBarriers())
      return {};
    return {lanePanels(matched(region))};
  }
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  /// Weight panels of a lane without barriers; both of a gate.
  static ScheduleParameter lanePanels(const LinearRegion &linear) {
    ScheduleParameter panels{"lane_panels",
                             linear.normWeight ? kNormLanePanels : kLanePanels,
                             {2, 4, 8, 16}};
    if (!linear.hasGate())
      panels.values.insert(panels.values.begin(), 1);
    return panels;
  }
  static std::optional<LinearRegion> match(xf::RegionOp region,
                                           std::string &reason) {
    std::optional<LinearRegion> linear = matchLinear(region, reason);
    if (!linear)
      return std::nullopt;
    if (linear->tokens == 1 && !linear->quantizes &&
        xf::getScheme(linear->input.getType()) == xf::Scheme::f32)
      return linear;
    reason = "more than one token, or int8 activations";
    return std::nullopt;
  }
  static LinearRegion matched(xf::RegionOp region) {
    std::string reason;
    return *match(region, reason);
  }
};

/// Element offset of the row that is multiplied.
Value rowStart(GridShell &k, const LinearRegion &linear) {
  return linear.selectsRow ? k.mul(k.scalar(kern::Scalar::row), linear.columns)
                           : k.index(0);
}

void scaleAll(GridShell &k, MutableArrayRef<Value> sums, Value factor) {
  if (factor)
    for (Value &sum : sums)
      sum = k.mulf(sum, factor);
}

/// Lanes [16 i, 16 i + 16) of a group: output panels first + i * n ...
kern::KernelOp buildWhole(GridShell &k, const LinearRegion &linear, int64_t n) {
  LaneSums alone(k);
  return k.items([&](Value first) {
    Value lane = k.lane(), row = k.rem(lane, kRows);
    Value panel = k.add(first, k.mul(k.div(lane, kRows), n));
    GridLinear grid(k, linear);
    grid.normalizeRow(rowStart(k, linear), alone);
    Values panels;
    for (int64_t i = 0; i < n; ++i)
      panels.push_back(k.min(k.add(panel, i), k.index(linear.panels() - 1)));
    int64_t each = GridLinear::panelsPerOutput(linear);
    LaneProduct product = emitLaneProduct(
        k, grid.weights(panels, row), 1, GridLinear::sumsSquares(linear),
        grid.columns({rowStart(k, linear)}), {k.index(0), 1});
    Value inverse = GridLinear::sumsSquares(linear)
                        ? grid.inverseNorm(product.squares[0])
                        : Value();
    bool whole = linear.panels() % (n * (k.group() / kRows)) == 0;
    for (int64_t i = 0; i < n; ++i) {
      Values sums;
      for (int64_t p = 0; p < each; ++p)
        sums.push_back(product.sums[i * each + p][0]);
      scaleAll(k, sums, inverse);
      auto store = [&] { grid.store(panels[i], row, k.index(0), sums); };
      if (whole)
        store();
      else
        k.when(k.less(k.add(panel, i), k.index(linear.panels())), store);
    }
  });
}

/// All lanes of a group: one output panel, its columns in group / 16 parts.
kern::KernelOp buildShared(GridShell &k, const LinearRegion &linear) {
  int64_t parts = k.group() / kRows;
  int64_t each = GridLinear::panelsPerOutput(linear);
  bool squares = GridLinear::sumsSquares(linear);
  int64_t count = each + (squares ? 1 : 0);
  Value shared =
      k.scratch(k.builder.getF32Type(), k.group() * count, /*shared=*/true);
  LaneSums together(k, k.group(), GridLinear::rowTotals(linear));
  return k.items([&](Value panel) {
    Value lane = k.lane(), row = k.rem(lane, kRows);
    GridLinear grid(k, linear);
    grid.normalizeRow(rowStart(k, linear), together);
    LaneProduct product = emitLaneProduct(
        k, grid.weights({panel}, row), 1, squares,
        grid.columns({rowStart(k, linear)}), {k.div(lane, kRows), parts});
    Values mine;
    for (const Values &sums : product.sums)
      mine.push_back(sums[0]);
    if (squares)
      mine.push_back(product.squares[0]);
    for (auto [i, value] : llvm::enumerate(mine))
      k.store(value, shared, k.add(lane, static_cast<int64_t>(i) * k.group()));
    k.barrier();
    k.when(k.less(lane, k.index(kRows)), [&] {
      Values sums(mine.size());
      for (size_t i = 0; i < sums.size(); ++i)
        for (int64_t part = 0; part < parts; ++part) {
          Value value =
              k.load(shared, k.add(lane, static_cast<int64_t>(i) * k.group() +
                                             part * kRows));
          sums[i] = part ? k.addf(sums[i], value) : value;
        }
      if (squares)
        scaleAll(k, MutableArrayRef<Value>(sums).drop_back(),
                 grid.inverseNorm(sums.back()));
      grid.store(panel, row, k.index(0), sums);
    });
  });
}

/// The sum of `memory` from index `at` on, `count` times `stride` apart.
Value addUp(GridShell &k, Value memory, Value at, int64_t count,
            int64_t stride) {
  return k.sum(k.index(0), k.index(count), 1, [&](Value i) {
    return k.load(memory, k.add(at, k.mul(i, stride)));
  });
}

/// As buildShared, with products of staged input, for output panels
/// [first, + n). Each of the n * 16 first lanes then adds up and writes one
/// output.
kern::KernelOp buildStaged(GridShell &k, const LinearRegion &linear,
                           int64_t n) {
  int64_t parts = k.group() / kRows;
  int64_t each = GridLinear::panelsPerOutput(linear);
  bool squares = GridLinear::sumsSquares(linear);
  int64_t sumCount = n * each;
  Value shared =
      k.scratch(k.builder.getF32Type(),
                k.group() * (sumCount + (squares ? 1 : 0)), /*shared=*/true);
  auto staged = GridStaged::create(k, linear, /*tokens=*/1);
  LaneSums together(k, k.group(), GridLinear::rowTotals(linear));
  return k.items([&](Value first) {
    Value lane = k.lane(), row = k.rem(lane, kRows);
    GridLinear grid(k, linear);
    grid.normalizeRow(rowStart(k, linear), together);
    Values panels;
    for (int64_t i = 0; i < n; ++i)
      panels.push_back(k.min(k.add(first, i), k.index(linear.panels() - 1)));
    LaneProduct product =
        staged->product(grid, grid.weights(panels, row),
                        [&](Value) { return rowStart(k, linear); },
                        {k.div(lane, kRows), parts});
    for (auto [i, sums] : llvm::enumerate(product.sums))
      k.store(sums[0], shared,
              k.add(lane, static_cast<int64_t>(i) * k.group()));
    if (squares)
      k.store(product.squares[0], shared, k.add(lane, sumCount * k.group()));
    k.barrier();
    Value mine = k.div(lane, kRows), panel = k.add(first, mine);
    Value writes = k.both(k.less(mine, k.index(n)),
                          k.less(panel, k.index(linear.panels())));
    k.when(writes, [&] {
      Values sums;
      for (int64_t p = 0; p < each; ++p)
        sums.push_back(
            addUp(k, shared,
                  k.add(k.mul(k.add(k.mul(mine, each), p), k.group()), row),
                  parts, kRows));
      if (squares)
        scaleAll(k, sums,
                 grid.inverseNorm(addUp(
                     k, shared, k.index(sumCount * k.group()), k.group(), 1)));
      grid.store(panel, row, k.index(0), sums);
    });
  });
}

FailureOr<kern::KernelOp> GridDecode::build(OpBuilder &builder,
                                            xf::RegionOp region,
                                            kern::CapsAttr caps) const {
  LinearRegion linear = matched(region);
  if (GridStaged::fits(linear, caps)) {
    int64_t n = kStagedPanels / GridLinear::panelsPerOutput(linear);
    GridShell k(builder, region, id(region), caps, /*itemsPerGroup=*/n);
    return buildStaged(k, linear, n);
  }
  if (caps.getCheapBarriers()) {
    GridShell k(builder, region, id(region), caps, /*itemsPerGroup=*/1);
    return buildShared(k, linear);
  }
  int64_t n =
      chosen(region, lanePanels(linear)) / GridLinear::panelsPerOutput(linear);
  GridShell k(builder, region, id(region), caps, n * (caps.getGroup() / kRows));
  return buildWhole(k, linear, n);
}

} // namespace

namespace sinter::kernels {
const KernelFamily &getGridDecodeFamily() {
  static const GridDecode family;
  return family;
}
} // namespace sinter::kernels
