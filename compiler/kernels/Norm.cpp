// Norms and quantizations that stand alone (prefill, where every worker of the
// next linear reads the result): rms_norm, rms_norm + quantize, or quantize.
// One work item is four tokens. Rows are read twice, the second time from
// cache.
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
  std::string prefix = norm.weight ? "rmsnorm_f32" : "quantize_f32";
  if (norm.weight && norm.quantized)
    prefix += "__quantize";
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
  cost.weightBytes = norm.weight ? columns * 4 : 0;
  cost.bytesPerToken =
      columns * 4 + double(layout::rowBytes(
                        cast<RankedTensorType>(region.getResultTypes()[0])));
  cost.flopsPerToken =
      columns * ((norm.weight ? 4 : 0) + (norm.quantized ? 3 : 0));
  return cost;
}

FailureOr<kern::KernelOp> NormFamily::build(OpBuilder &builder,
                                            xf::RegionOp region,
                                            kern::CapsAttr caps) const {
  NormRegion norm = matched(region);
  KernelShell k(builder, region, id(region), caps);
  Value input = k.binding(norm.source.argument), output = k.result();
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
        return rmsNormRow(k, from, k.binding(norm.weight), columns,
                          norm.epsilon, {output, k.mul(token, columns)});
      Value inverse;
      if (norm.weight)
        inverse = inverseRms(k, from, columns, norm.epsilon);
      auto part = [&](Value memory, Value at, int64_t valid) {
        return valid == layout::kBlock
                   ? k.load(memory, at, layout::kBlock)
                   : k.loadHead(memory, at, layout::kBlock, k.index(valid));
      };
      auto block = [&](Value column, int64_t valid) -> Value {
        Value x = part(from.memory, k.add(from.at, column), valid);
        if (!norm.weight)
          return x;
        return k.mulf(k.mulf(x, k.splat(inverse, layout::kBlock)),
                      part(k.binding(norm.weight), column, valid));
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
