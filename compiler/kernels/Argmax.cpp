// The greedy choice of a token: index of the largest logit, the smallest one
// among equals. NaN never wins; a row of nothing else gives 0. One work item is
// one row.
#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/Layout.h"
#include "compiler/kernels/RegionMatch.h"
#include "compiler/kernels/RowOps.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

class ArgmaxFamily : public KernelFamily {
public:
  StringRef name() const override { return "argmax"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override;
  std::string id(xf::RegionOp region) const override {
    return uniqueId("argmax_f32_" + std::to_string(source(region).columns),
                    region);
  }
  WorkItems workItems(xf::RegionOp region) const override;
  Cost cost(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  static RowPart source(xf::RegionOp region) {
    RegionMatch match(region);
    auto op = match.takeOnly<xf::ArgmaxOp>();
    return *match.takeRowPart(op.getLogits());
  }
};

} // namespace

bool ArgmaxFamily::accepts(xf::RegionOp region, std::string &reason) const {
  RegionMatch match(region);
  auto op = match.takeOnly<xf::ArgmaxOp>();
  if (!op || match.resultCount() != 1 || match.result() != op.getResult() ||
      !match.takeRowPart(op.getLogits())) {
    reason = "not the argmax of an argument's rows";
    return false;
  }
  return match.complete(reason);
}

WorkItems ArgmaxFamily::workItems(xf::RegionOp region) const {
  int64_t rows =
      cast<RankedTensorType>(region.getResultTypes()[0]).getDimSize(0);
  if (ShapedType::isDynamic(rows))
    return {1, 1};
  return {rows, 0};
}

Cost ArgmaxFamily::cost(xf::RegionOp region) const {
  Cost cost;
  cost.bytesPerToken = double(source(region).columns) * 4;
  cost.flopsPerToken = double(source(region).columns);
  return cost;
}

FailureOr<kern::KernelOp> ArgmaxFamily::build(OpBuilder &builder,
                                              xf::RegionOp region,
                                              kern::CapsAttr caps) const {
  RowPart part = source(region);
  KernelShell k(builder, region, id(region), caps);
  return k.items([&](Value row) {
    Row logits{k.binding(part.argument),
               k.add(k.mul(row, part.stride), part.offset)};
    k.storeScalar(argmaxRow(k, logits, part.columns), k.result(), row);
  });
}

namespace sinter::kernels {
const KernelFamily &getArgmaxFamily() {
  static const ArgmaxFamily family;
  return family;
}
} // namespace sinter::kernels
