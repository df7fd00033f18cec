// Many tokens times a weight matrix. A work item is a few panels of 16 rows; it
// runs them over tiles of tokens, so that a tile's activations and the item's
// panels stay in cache and the weights are read from memory once. Buffers have
// rows for a multiple of 16 tokens, so there are whole tiles only.
#include "compiler/kernels/KernelShell.h"
#include "compiler/kernels/LinearOutput.h"
#include "compiler/kernels/LinearTile.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

class LinearGemm : public KernelFamily {
public:
  StringRef name() const override { return "linear_gemm"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override {
    return match(region, reason).has_value();
  }
  std::string id(xf::RegionOp region) const override {
    return linearId(matched(region), "gemm", region);
  }
  WorkItems workItems(xf::RegionOp region) const override {
    LinearRegion linear = matched(region);
    return {int64_t(llvm::divideCeil(linear.panels(), panelsPerItem(linear))),
            0};
  }
  Cost cost(xf::RegionOp region) const override {
    return linearCost(matched(region));
  }
  SmallVector<ScheduleParameter> schedule(xf::RegionOp region,
                                          kern::CapsAttr caps) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  static std::optional<LinearRegion> match(xf::RegionOp region,
                                           std::string &reason);
  static LinearRegion matched(xf::RegionOp region) {
    std::string reason;
    return *match(region, reason);
  }
  /// With a gate, an item already holds a panel of each.
  static int64_t panelsPerItem(const LinearRegion &linear) {
    return linear.hasGate() ? 1 : 2;
  }
};

std::optional<LinearRegion> LinearGemm::match(xf::RegionOp region,
                                              std::string &reason) {
  std::optional<LinearRegion> linear = matchLinear(region, reason);
  if (!linear)
    return std::nullopt;
  if (!ShapedType::isDynamic(linear->tokens))
    reason = "the number of tokens is fixed";
  else if (linear->quantizes || linear->normWeight || linear->selectsRow)
    reason = "the input is computed in the region: with many tokens every "
             "item would do so again";
  else if (linear->mixed())
    reason = "an f32 input of integer weights";
  else
    return linear;
  return std::nullopt;
}

/// How a panel is cut into tiles: as many sums as registers hold beside the
/// weights, in whole fractions of kTokenPadding tokens.
struct Tiling {
  TileShape shape;
  /// Two panels at once (gate and up, or two neighbours). Float weights need
  /// no unpacking, so that a second panel is a better use of registers than
  /// more tokens; and rows of f32 tend to lie a multiple of 4 KiB apart, where
  /// sixteen of them do not fit the ways of an L1 set.
  bool pairs = false;
};

Tiling tilingFor(kern::CapsAttr caps, const LinearRegion &linear) {
  Tiling tiling;
  TileShape &shape = tiling.shape;
  bool many = caps.getRegisters() >= 32;
  bool wide = caps.lanes() >= layout::kPanelRows;
  shape.unroll = linear.isInteger() ? 1 : 2;
  tiling.pairs = wide && many && !linear.isInteger();
  if (wide) {
    shape.tokens = !many ? 4 : tiling.pairs ? 8 : 16;
    return tiling;
  }
  // Registers of four rows: what a block costs beside its products is spread
  // over more tokens, though not all of their sums stay in registers.
  shape.tokens = !many && caps.lanes() <= 4 && linear.isInteger() ? 8 : 4;
  shape.groups = (many ? 2 : 1) * (linear.isInteger() ? 1 : 2);
  return tiling;
}

/// Whole fractions of the padding of token rows.
ScheduleParameter tokensOf(const Tiling &tiling) {
  return {"tokens", tiling.shape.tokens, {2, 4, 8, 16}};
}

/// Builds the tiles of one kernel.
class GemmEmitter {
public:
  GemmEmitter(KernelShell &k, const LinearRegion &linear, int64_t perItem,
              const Tiling &tiling)
      : k(k), linear(linear), output(k, linear), perItem(perItem),
        tiling(tiling), stride(linear.isInteger() ? linear.quantizedRowBytes()
                                                  : linear.columns),
        tokens(k.tokens(linear.tokens)) {}

  void emitItem(Value item) {
    Value first = k.mul(item, perItem);
    Value last = k.index(linear.panels() - 1);
    int64_t step = tiling.shape.tokens;
    k.loop(k.index(0), tokens, step, [&](Value token) {
      if (tiling.pairs) {
        // A second panel beyond the end is the last one once more.
        Values panels = {first};
        if (perItem == 2)
          panels.push_back(k.min(k.add(first, 1), last));
        return emitPanels(token, panels);
      }
      Value end = k.min(k.add(first, perItem), k.add(last, 1));
      k.loop(first, end, 1,
             [&](Value panel) { emitPanels(token, Values{panel}); });
    });
  }

private:
  void emitPanels(Value token, const Values &panels) {
    for (TileShape part = tiling.shape; part.firstGroup < groupsPerPanel(k);
         part.firstGroup += part.groups)
      emitPart(token, panels, part);
  }
  void emitPart(Value token, const Values &panels, const TileShape &part);

  KernelShell &k;
  const LinearRegion &linear;
  LinearOutput output;
  int64_t perItem;
  Tiling tiling;
  int64_t stride;
  Value tokens;
};

void GemmEmitter::emitPart(Value token, const Values &panels,
                           const TileShape &part) {
  TileInput input{k.binding(linear.input), k.mul(token, stride), stride};
  SmallVector<TilePanel> parts;
  for (Value panel : panels)
    for (int64_t first : output.firstPanels())
      parts.push_back({k.binding(linear.weight),
                       k.mul(k.add(panel, first), linear.panelBytes())});
  Values sums;
  if (tiling.pairs)
    sums = emitTile(k, linear, input, parts, part);
  else
    for (const TilePanel &one : parts)
      llvm::append_range(sums, emitTile(k, linear, input, one, part));
  size_t each = sums.size() / panels.size();
  for (size_t i = 0; i < panels.size(); ++i)
    output.store(ValueRange(sums).slice(i * each, each), part, token,
                 panels[i]);
}

SmallVector<ScheduleParameter> LinearGemm::schedule(xf::RegionOp region,
                                                    kern::CapsAttr caps) const {
  return {tokensOf(tilingFor(caps, matched(region)))};
}

FailureOr<kern::KernelOp> LinearGemm::build(OpBuilder &builder,
                                            xf::RegionOp region,
                                            kern::CapsAttr caps) const {
  LinearRegion linear = matched(region);
  KernelShell k(builder, region, id(region), caps);
  Tiling tiling = tilingFor(caps, linear);
  tiling.shape.tokens = chosen(region, tokensOf(tiling));
  GemmEmitter emitter(k, linear, panelsPerItem(linear), tiling);
  return k.items([&](Value item) { emitter.emitItem(item); });
}

} // namespace

namespace sinter::kernels {
const KernelFamily &getLinearGemmFamily() {
  static const LinearGemm family;
  return family;
}
} // namespace sinter::kernels
