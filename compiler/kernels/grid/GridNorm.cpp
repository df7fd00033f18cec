// rms_norm that stands alone (prefill), on a grid. One work item is four
// tokens: a lane each without barriers, a quarter of the workgroup each with
// them.
#include "compiler/kernels/RowRegions.h"
#include "compiler/kernels/grid/GridShell.h"
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
  int64_t lanes = k.meets() ? k.group() / kTokens : 1; // of a token
  Value shared;
  if (k.meets())
    shared = k.scratch(k.builder.getF32Type(), k.group(), /*shared=*/true);
  return k.items([&](Value item) {
    Value lane = k.lane(), part = k.rem(lane, lanes);
    Value block = ShapedType::isDynamic(norm.rows) ? k.tokenBlock() : item;
    Value last = k.tokens(norm.rows);
    Value token = k.add(k.mul(block, kTokens), k.div(lane, lanes));
    Value inside = k.less(token, last);
    if (!k.meets())
      inside = k.both(inside, k.less(lane, k.index(kTokens)));
    // Rows of padding exist; lanes must come to the barrier all the same.
    Value input = k.binding(norm.source.argument);
    Value from =
        k.add(k.mul(k.min(token, k.sub(last, k.index(1))), norm.source.stride),
              norm.source.offset);
    auto squares = [&] {
      return k.sum(part, k.index(columns), lanes, [&](Value c) {
        Value x = k.load(input, k.add(from, c));
        return k.mulf(x, x);
      });
    };
    auto write = [&](Value sum) {
      Value inverse = k.rsqrt(k.addf(k.mulf(sum, k.f32(1.0 / double(columns))),
                                     k.f32(norm.epsilon)));
      Value to = k.mul(token, columns);
      k.loop(part, k.index(columns), lanes, [&](Value c) {
        Value x = k.mulf(k.load(input, k.add(from, c)), inverse);
        k.store(k.mulf(x, k.load(k.binding(norm.normWeight), c)), k.result(),
                k.add(to, c));
      });
    };
    if (!k.meets())
      return k.when(inside, [&] { write(squares()); });
    k.store(squares(), shared, lane);
    k.barrier();
    Value start = k.mul(k.div(lane, lanes), lanes);
    k.when(inside, [&] {
      write(k.sum(k.index(0), k.index(lanes), 1,
                  [&](Value i) { return k.load(shared, k.add(start, i)); }));
    });
  });
}

} // namespace

namespace sinter::kernels {
const KernelFamily &getGridNormFamily() {
  static const GridNorm family;
  return family;
}
} // namespace sinter::kernels
