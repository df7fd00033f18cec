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
  else
    return linear;
  return std::nullopt;
}

/// How a panel is cut into tiles: as many sums as registers hold beside the
/// weights, in whole fractions of kTokenPadding tokens.
TileShape shapeFor(const VectorBuilder &b, const LinearRegion &linear) {
  TileShape shape;
  bool many = b.caps.getRegisters() >= 32;
  if (b.lanes() >= layout::kPanelRows) {
    shape.tokens = many ? 16 : 4;
  } else if (linear.isInteger()) {
    shape.tokens = 4;
    shape.groups = many ? 2 : 1;
  } else {
    shape.tokens = 4;
    shape.groups = many ? 4 : 2;
  }
  shape.unroll = linear.isInteger() ? 1 : 2;
  return shape;
}

FailureOr<kern::KernelOp> LinearGemm::build(OpBuilder &builder,
                                            xf::RegionOp region,
                                            kern::CapsAttr caps) const {
  LinearRegion linear = matched(region);
  KernelShell k(builder, region, id(region), caps);
  TileShape shape = shapeFor(k, linear);
  LinearOutput output(k, linear);
  int64_t stride =
      linear.isInteger() ? linear.quantizedRowBytes() : linear.columns;
  Value tokens = k.tokens(linear.tokens);
  int64_t perItem = panelsPerItem(linear);
  Value weights = k.binding(linear.weight);

  auto tile = [&](Value token, Value panel, TileShape part) {
    TileInput input{k.binding(linear.input), k.mul(token, stride), stride};
    Values sums;
    for (int64_t first : output.firstPanels()) {
      TilePanel one{weights, k.mul(k.add(panel, first), linear.panelBytes())};
      llvm::append_range(sums, emitTile(k, linear, input, one, part));
    }
    output.store(sums, part, token, panel);
  };
  return k.items([&](Value item) {
    Value first = k.mul(item, perItem);
    Value end = k.min(k.add(first, perItem), k.index(linear.panels()));
    k.loop(k.index(0), tokens, shape.tokens, [&](Value token) {
      k.loop(first, end, 1, [&](Value panel) {
        for (TileShape part = shape; part.firstGroup < groupsPerPanel(k);
             part.firstGroup += part.groups)
          tile(token, panel, part);
      });
    });
  });
}

} // namespace

namespace sinter::kernels {
const KernelFamily &getLinearGemmFamily() {
  static const LinearGemm family;
  return family;
}
} // namespace sinter::kernels
