// Several tokens: norm and quantization are one kernel, which every worker of
// the linear then reads.
#include "compiler/transforms/fusion/FusionGroups.h"

using namespace mlir;
using namespace sinter;

void sinter::fuseNormIntoQuantize(Operation *op, FusionGroups &groups) {
  auto quantize = dyn_cast<xf::QuantizeOp>(op);
  if (!quantize)
    return;
  auto norm = quantize.getX().getDefiningOp<xf::RmsNormOp>();
  if (norm && norm->hasOneUse())
    groups.join({op, norm});
}
