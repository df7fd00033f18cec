// Many tokens times a weight matrix, on a grid: linear [bias] [residual, gate,
// activation or cap]. A lane is a row of its panels for a block of tokens: it
// unpacks a weight once for the block, and loads an x once for its panels. Rows
// of padding in the input are computed and not stored. Where the device
// multiplies packed numbers, the workgroup stages the input first
// (GridStaged.h); where subgroups multiply matrices, they do (GridMatrix.h).
#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/grid/GridLinear.h"
#include "compiler/kernels/grid/GridMatrix.h"
#include "compiler/kernels/grid/GridStaged.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

constexpr int64_t kRows = layout::kPanelRows;
/// Tokens of a work item; a divisor of layout::kTokenPadding.
constexpr int64_t kTokens = 8;
/// Of these, what a lane without barriers computes at a time: its sums and
/// numbers are in memory anyway, but they should stay near.
constexpr int64_t kLaneTokens = 4;
/// Weight panels of a lane, without barriers and with.
constexpr int64_t kLanePanels = 8;
constexpr int64_t kLanePanelsOfGpu = 2;

class GridPrefill : public KernelFamily {
public:
  StringRef name() const override { return "grid_prefill"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override {
    return match(region, reason).has_value();
  }
  std::string id(xf::RegionOp region) const override {
    return linearId(matched(region), "gemm", region);
  }
  WorkItems workItems(xf::RegionOp region) const override {
    LinearRegion linear = matched(region);
    return {linear.panels(), kTokens};
  }
  Cost cost(xf::RegionOp region) const override {
    return linearCost(matched(region));
  }
  SmallVector<ScheduleParameter> schedule(xf::RegionOp region,
                                          kern::CapsAttr caps) const override {
    LinearRegion linear = matched(region);
    if (GridMatrix::fits(linear, caps))
      return {GridMatrix::groupChoice(), GridMatrix::panelChoice(linear, caps)};
    return {lanePanels(linear, caps), laneTokens(caps)};
  }
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  /// Weight panels of a lane; both of a gate.
  static ScheduleParameter lanePanels(const LinearRegion &linear,
                                      kern::CapsAttr caps) {
    ScheduleParameter panels{"lane_panels",
                             caps.getCheapBarriers() ? kLanePanelsOfGpu
                                                     : kLanePanels,
                             {2, 4, 8, 16}};
    if (!linear.hasGate())
      panels.values.insert(panels.values.begin(), 1);
    return panels;
  }
  /// Of the kTokens of an item, what a lane computes at a time.
  static ScheduleParameter laneTokens(kern::CapsAttr caps) {
    return {"lane_tokens",
            caps.getCheapBarriers() ? kTokens : kLaneTokens,
            {1, 2, 4, 8}};
  }
  static std::optional<LinearRegion> match(xf::RegionOp region,
                                           std::string &reason) {
    std::optional<LinearRegion> linear = matchLinear(region, reason);
    if (!linear)
      return std::nullopt;
    if (!ShapedType::isDynamic(linear->tokens))
      reason = "the number of tokens is fixed";
    else if (linear->quantizes || linear->normWeight || linear->selectsRow ||
             xf::getScheme(linear->input.getType()) != xf::Scheme::f32)
      reason = "the input is computed in the region, or int8";
    else
      return linear;
    return std::nullopt;
  }
  static LinearRegion matched(xf::RegionOp region) {
    std::string reason;
    return *match(region, reason);
  }
};

kern::KernelOp buildMatrices(OpBuilder &builder, xf::RegionOp region,
                             const LinearRegion &linear, StringRef id,
                             kern::CapsAttr caps) {
  caps = caps.withGroup(chosen(region, GridMatrix::groupChoice()));
  int64_t panels = chosen(region, GridMatrix::panelChoice(linear, caps));
  GridShell k(builder, region, id, caps,
              GridMatrix::outputPanels(linear, caps, panels));
  std::unique_ptr<GridMatrix> matrix = GridMatrix::make(k, linear, panels);
  return k.items([&](Value first) { matrix->emit(first, kTokens); });
}

FailureOr<kern::KernelOp> GridPrefill::build(OpBuilder &builder,
                                             xf::RegionOp region,
                                             kern::CapsAttr caps) const {
  LinearRegion linear = matched(region);
  if (GridMatrix::fits(linear, caps))
    return buildMatrices(builder, region, linear, id(region), caps);
  int64_t each = GridLinear::panelsPerOutput(linear);
  int64_t n = chosen(region, lanePanels(linear, caps)) / each;
  GridShell k(builder, region, id(region), caps, n * (caps.getGroup() / kRows));
  // Sums wait in scratch for loops over tokens that store them: once in the
  // text of the kernel, not once for each.
  int64_t tokens = chosen(region, laneTokens(caps));
  Value scratch = k.floats(n * each * tokens);
  std::unique_ptr<GridStaged> staged = GridStaged::create(k, linear, tokens);
  return k.items([&](Value first) {
    Value lane = k.lane(), row = k.rem(lane, kRows);
    Value panel = k.add(first, k.mul(k.div(lane, kRows), n));
    Value block = k.mul(k.tokenBlock(), kTokens);
    Value end =
        k.min(k.add(block, kTokens), k.scalar(kern::Scalar::token_count));
    GridLinear grid(k, linear);
    Values panels;
    for (int64_t i = 0; i < n; ++i)
      panels.push_back(k.min(k.add(panel, i), k.index(linear.panels() - 1)));
    k.loop(block, end, tokens, [&](Value token) {
      auto start = [&](Value t) {
        return k.mul(k.add(token, t), linear.columns);
      };
      Values starts;
      for (int64_t t = 0; t < tokens; ++t)
        starts.push_back(start(k.index(t)));
      LaneProduct product =
          staged ? staged->product(grid, grid.weights(panels, row), start,
                                   {k.index(0), 1})
                 : emitLaneProduct(k, grid.weights(panels, row), tokens, false,
                                   grid.columns(starts), {k.index(0), 1});
      for (auto [p, sums] : llvm::enumerate(product.sums))
        for (int64_t t = 0; t < tokens; ++t)
          k.store(sums[t], scratch,
                  k.index(static_cast<int64_t>(p) * tokens + t));
      Value all = k.index(linear.panels());
      Value valid = k.min(k.index(n), k.sub(all, k.min(panel, all)));
      Value last = k.min(k.add(token, tokens), end);
      k.loop(k.index(0), valid, 1, [&](Value i) {
        k.loop(token, last, 1, [&](Value t) {
          Values sums;
          Value from = k.add(k.mul(i, each * tokens), k.sub(t, token));
          for (int64_t p = 0; p < each; ++p)
            sums.push_back(k.load(scratch, k.add(from, p * tokens)));
          grid.store(k.add(panel, i), row, t, sums);
        });
      });
    });
  });
}

} // namespace

namespace sinter::kernels {
const KernelFamily &getGridPrefillFamily() {
  static const GridPrefill family;
  return family;
}
} // namespace sinter::kernels
