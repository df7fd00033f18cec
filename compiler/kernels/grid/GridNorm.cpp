// A norm that stands alone (prefill, and norms of a branch's result), on a
// grid: RMS or layer norm, alone or added to the residual. One work item is
// four tokens: a lane each without barriers, a quarter of the workgroup each
// with them.
#include "compiler/kernels/RowRegions.h"
#include "compiler/kernels/grid/GridNorms.h"
#include "compiler/kernels/grid/GridTwin.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

constexpr int64_t kTokens = 4;

class GridNorm : public GridTwin {
public:
  GridNorm() : GridTwin(getNormFamily) {}
  StringRef name() const override { return "grid_norm"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override;
  WorkItems workItems(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;
};

bool GridNorm::accepts(xf::RegionOp region, std::string &reason) const {
  std::optional<NormRegion> norm = matchNorm(region, reason);
  if (norm && norm->quantized)
    reason = "int8 activations";
  return norm && !norm->quantized;
}

WorkItems GridNorm::workItems(xf::RegionOp region) const {
  std::string reason;
  int64_t rows = matchNorm(region, reason)->rows;
  if (ShapedType::isDynamic(rows))
    return {1, kTokens};
  return {static_cast<int64_t>(llvm::divideCeil(rows, kTokens)), 0};
}

FailureOr<kern::KernelOp> GridNorm::build(OpBuilder &builder,
                                          xf::RegionOp region,
                                          kern::CapsAttr caps) const {
  std::string reason;
  NormRegion norm = *matchNorm(region, reason);
  int64_t columns = norm.source.columns;
  GridShell k(builder, region, id(region), caps, /*itemsPerGroup=*/1);
  LaneSums sums(k, k.meets() ? k.group() / kTokens : 1,
                norm.isLayerNorm ? 2 : 1);
  return k.items([&](Value item) {
    Value lane = k.lane();
    Value block = ShapedType::isDynamic(norm.rows) ? k.tokenBlock() : item;
    Value last = k.tokens(norm.rows);
    Value token = k.add(k.mul(block, kTokens), k.div(lane, sums.lanes()));
    Value inside = k.less(token, last);
    if (!k.meets())
      inside = k.both(inside, k.less(lane, k.index(kTokens)));
    // Rows of padding exist; lanes must come to the barrier all the same.
    Value input = k.binding(norm.source.argument);
    Value from =
        k.add(k.mul(k.min(token, k.sub(last, k.index(1))), norm.source.stride),
              norm.source.offset);
    auto element = [&](Value c) { return k.load(input, k.add(from, c)); };
    auto factors = [&] {
      return gridNormFactors(k, norm, columns, element, sums);
    };
    auto write = [&](const GridNormFactors &known) {
      Value to = k.mul(token, columns);
      k.loop(sums.place(), k.index(columns), sums.lanes(), [&](Value c) {
        Value x = gridNormalize(k, norm, known, element(c), c);
        Value at = k.add(to, c);
        if (norm.residual)
          x = k.addf(x, k.load(k.binding(norm.residual), at));
        k.store(x, k.result(), at);
      });
    };
    if (!k.meets())
      return k.when(inside, [&] { write(factors()); });
    GridNormFactors known = factors();
    k.when(inside, [&] { write(known); });
  });
}

} // namespace

namespace sinter::kernels {
const KernelFamily &getGridNormFamily() {
  static const GridNorm family;
  return family;
}
} // namespace sinter::kernels
