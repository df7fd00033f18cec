// Several tokens: norm and quantization are one kernel, which every worker of
// the linear then reads.
#include "compiler/transforms/fusion/FusionGroups.h"

using namespace mlir;
using namespace sinter;

void sinter::fuseNormIntoQuantize(Operation *op, FusionGroups &groups) {
  auto quantize = dyn_cast<xf::QuantizeOp>(op);
  if (!quantize)
    return;
  Operation *norm = quantize.getX().getDefiningOp();
  if (isa_and_nonnull<xf::RmsNormOp, xf::LayerNormOp>(norm) &&
      norm->hasOneUse())
    groups.join({op, norm});
}
