// x + norm(y), the norm of a branch's result: one kernel. Legal when nothing
// else reads the norm's result.
#include "compiler/transforms/fusion/FusionGroups.h"

using namespace mlir;
using namespace sinter;

void sinter::fuseResidualIntoNorm(Operation *op, FusionGroups &groups) {
  auto sum = dyn_cast<xf::AddOp>(op);
  if (!sum)
    return;
  for (Value operand : {sum.getRhs(), sum.getLhs()}) {
    Operation *norm = operand.getDefiningOp();
    if (isa_and_nonnull<xf::RmsNormOp, xf::LayerNormOp>(norm) &&
        norm->hasOneUse() && groups.join({op, norm}))
      return;
  }
}
