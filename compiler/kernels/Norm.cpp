// Norms and quantizations that stand alone (prefill, where every worker of the
// next linear reads the result; norms of a branch): RMS or layer norm, alone,
// quantized or added to the residual; or quantize.
// One work item is four tokens. Rows are read twice, the second time from
// cache.
#include "compiler/kernels/HeadOps.h"
#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/Layout.h"
#include "compiler/kernels/RegionMatch.h"
#include "compiler/kernels/RowOps.h"
#include "compiler/kernels/RowRegions.h"

#include <optional>

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

constexpr int64_t kTokensPerItem = 4;

class NormFamily : public KernelFamily {
public:
  StringRef name() const override { return "norm"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override {
    return matchNorm(region, reason).has_value();
  }
  std::string id(xf::RegionOp region) const override;
  WorkItems workItems(xf::RegionOp region) const override;
  Cost cost(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  static NormRegion matched(xf::RegionOp region) {
    std::string reason;
    return *matchNorm(region, reason);
  }
};

} // namespace

std::string NormFamily::id(xf::RegionOp region) const {
  NormRegion norm = matched(region);
  std::string prefix = !norm.normWeight   ? "quantize_f32"
                       : norm.isLayerNorm ? "layernorm_f32"
                                          : "rmsnorm_f32";
  if (norm.normWeight && norm.quantized)
    prefix += "__quantize";
  if (norm.residual)
    prefix += "__residual";
  return uniqueId(prefix + "_" + std::to_string(norm.source.columns), region);
}

WorkItems NormFamily::workItems(xf::RegionOp region) const {
  NormRegion norm = matched(region);
  if (ShapedType::isDynamic(norm.rows))
    return {1, kTokensPerItem};
  return {(norm.rows + kTokensPerItem - 1) / kTokensPerItem, 0};
}

Cost NormFamily::cost(xf::RegionOp region) const {
  NormRegion norm = matched(region);
  auto columns = double(norm.source.columns);
  Cost cost;
  cost.weightBytes = norm.normWeight ? columns * 4 : 0;
  cost.bytesPerToken = columns * (norm.residual ? 8 : 4) +
                       double(layout::rowBytes(
                           cast<RankedTensorType>(region.getResultTypes()[0])));
  cost.flopsPerToken =
      columns * ((norm.normWeight ? 4 : 0) + (norm.quantized ? 3 : 0));
  return cost;
}

/// result = norm(row) [+ residual] of one token.
static void emitNorm(KernelShell &k, const NormRegion &norm,
                     const NormWeights &weights, Row from, Value token) {
  int64_t columns = norm.source.columns;
  Row to{k.result(), k.mul(token, columns)};
  NormFactors factors = normFactors(k, weights, from, columns);
  forColumns(k, columns, k.lanes(), [&](Value offset, int64_t width) {
    Value x = k.load(from.memory, k.add(from.at, offset), width);
    Value y = normalize(k, weights, factors, x, offset, width, width);
    Value at = k.add(to.at, offset);
    if (norm.residual)
      y = k.addf(y, k.load(k.binding(norm.residual), at, width));
    k.store(y, to.memory, at);
  });
}

FailureOr<kern::KernelOp> NormFamily::build(OpBuilder &builder,
                                            xf::RegionOp region,
                                            kern::CapsAttr caps) const {
  NormRegion norm = matched(region);
  KernelShell k(builder, region, id(region), caps);
  Value input = k.binding(norm.source.argument), output = k.result();
  NormWeights weights = weightsOf(k, norm);
  int64_t columns = norm.source.columns;
  int64_t rowBytes =
      layout::rowBytes(cast<RankedTensorType>(region.getResultTypes()[0]));
  return k.items([&](Value item) {
    Value first = k.mul(item, kTokensPerItem);
    Value end = k.min(k.add(first, kTokensPerItem), k.tokens(norm.rows));
    k.loop(first, end, 1, [&](Value token) {
      Row from{input,
               k.add(k.mul(token, norm.source.stride), norm.source.offset)};
      if (!norm.quantized)
        return emitNorm(k, norm, weights, from, token);
      NormFactors factors;
      if (weights.weight)
        factors = normFactors(k, weights, from, columns);
      auto block = [&](Value column, int64_t valid) -> Value {
        Value at = k.add(from.at, column);
        Value x =
            valid == layout::kBlock
                ? k.load(from.memory, at, layout::kBlock)
                : k.loadHead(from.memory, at, layout::kBlock, k.index(valid));
        if (!weights.weight)
          return x;
        return normalize(k, weights, factors, x, column, layout::kBlock, valid);
      };
      quantizeRow(k, columns, block, output, k.mul(token, rowBytes));
    });
  });
}

namespace sinter::kernels {
const KernelFamily &getNormFamily() {
  static const NormFamily family;
  return family;
}
} // namespace sinter::kernels
