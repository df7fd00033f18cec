// One token times a weight matrix: norm + quantization once per worker, then a
// panel of 16 rows per work item, streamed once. Weights are the cost: a panel
// is one run of memory, so that a worker reads its items in order.
#include "compiler/kernels/HeadOps.h"
#include "compiler/kernels/KernelShell.h"
#include "compiler/kernels/LinearOutput.h"
#include "compiler/kernels/LinearTile.h"
#include "compiler/kernels/RowOps.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

class LinearGemv : public KernelFamily {
public:
  StringRef name() const override { return "linear_gemv"; }
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
    LinearRegion linear = matched(region);
    return {unrollOf(linear, caps), prefetchOf(linear)};
  }
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  static ScheduleParameter unrollOf(const LinearRegion &linear,
                                    kern::CapsAttr caps);
  static ScheduleParameter prefetchOf(const LinearRegion &linear);
  static std::optional<LinearRegion> match(xf::RegionOp region,
                                           std::string &reason) {
    std::optional<LinearRegion> linear = matchLinear(region, reason);
    if (linear && linear->tokens != 1) {
      reason = "more than one token";
      return std::nullopt;
    }
    if (linear && linear->mixed()) {
      reason = "an f32 input of integer weights";
      return std::nullopt;
    }
    return linear;
  }
  static LinearRegion matched(xf::RegionOp region) {
    std::string reason;
    return *match(region, reason);
  }
};

/// Elements of the input before the row that is multiplied.
Value rowStart(KernelShell &k, const LinearRegion &linear) {
  return linear.selectsRow ? k.mul(k.scalar(kern::Scalar::row), linear.columns)
                           : k.index(0);
}

/// Quantizes the (normalised) row into `scratch`.
void emitQuantize(KernelShell &k, const LinearRegion &linear, Value scratch) {
  Row row{k.binding(linear.input), rowStart(k, linear)};
  NormWeights norm = weightsOf(k, linear);
  NormFactors factors;
  if (norm.weight)
    factors = normFactors(k, norm, row, linear.columns);
  auto block = [&](Value column, int64_t valid) -> Value {
    Value at = k.add(row.at, column);
    Value x = valid == layout::kBlock
                  ? k.load(row.memory, at, layout::kBlock)
                  : k.loadHead(row.memory, at, layout::kBlock, k.index(valid));
    if (!norm.weight)
      return x;
    return normalize(k, norm, factors, x, column, layout::kBlock, valid);
  };
  quantizeRow(k, linear.columns, block, scratch, k.index(0));
}

/// kern.once, and where the product finds its input.
TileInput emitPrologue(KernelShell &k, const LinearRegion &linear) {
  Type i8 = k.builder.getI8Type(), f32 = k.builder.getF32Type();
  bool once = linear.quantizes || linear.normWeight;
  if (!once)
    return {k.binding(linear.input), rowStart(k, linear), 0};
  Value scratch = linear.quantizes ? k.scratch(i8, linear.quantizedRowBytes())
                                   : k.scratch(f32, linear.columns);
  auto part = k.create<kern::OnceOp>();
  OpBuilder::InsertionGuard guard(k.builder);
  k.builder.setInsertionPointToStart(&part.getBody().emplaceBlock());
  if (linear.quantizes)
    emitQuantize(k, linear, scratch);
  else
    normRow(k, weightsOf(k, linear),
            {k.binding(linear.input), rowStart(k, linear)}, linear.columns,
            {scratch, k.index(0)});
  return {scratch, {}, 0};
}

/// Integer kernels stream at memory speed with two blocks a turn; float ones
/// need independent sums. Four groups (128-bit registers) are enough to do for
/// a turn.
ScheduleParameter LinearGemv::unrollOf(const LinearRegion &linear,
                                       kern::CapsAttr caps) {
  bool few = caps.lanes() * 4 > layout::kPanelRows; // groups
  return {"unroll", !linear.isInteger() ? 8 : few ? 2 : 1, {1, 2, 4, 8}};
}

/// Prefetching 2 KiB ahead, over all streams, gains 20 % where the weights come
/// from memory (docs/measurements/kernels-cpu.md).
ScheduleParameter LinearGemv::prefetchOf(const LinearRegion &linear) {
  return {"prefetch_bytes",
          linear.hasGate() ? 1024 : 2048,
          {0, 512, 1024, 2048, 4096}};
}

FailureOr<kern::KernelOp> LinearGemv::build(OpBuilder &builder,
                                            xf::RegionOp region,
                                            kern::CapsAttr caps) const {
  LinearRegion linear = matched(region);
  KernelShell k(builder, region, id(region), caps);
  TileInput input = emitPrologue(k, linear);
  if (!input.at)
    input.at = k.index(0);
  TileShape shape;
  shape.groups = groupsPerPanel(k);
  shape.unroll = chosen(region, unrollOf(linear, caps));
  shape.prefetchBytes = chosen(region, prefetchOf(linear));
  LinearOutput output(k, linear);
  return k.items([&](Value panel) {
    Value weights = k.binding(linear.weight);
    SmallVector<TilePanel> panels;
    for (int64_t first : output.firstPanels())
      panels.push_back(
          {weights, k.mul(k.add(panel, first), linear.panelBytes())});
    Values sums = emitTile(k, linear, input, panels, shape);
    output.store(sums, shape, k.index(0), panel);
  });
}

} // namespace

namespace sinter::kernels {
const KernelFamily &getLinearGemvFamily() {
  static const LinearGemv family;
  return family;
}
} // namespace sinter::kernels
