// linear + x: the residual sum is the linear's epilogue. Legal when nothing
// else reads the linear's result.
#include "compiler/transforms/fusion/FusionGroups.h"

using namespace mlir;
using namespace sinter;

void sinter::fuseResidualIntoLinear(Operation *op, FusionGroups &groups) {
  auto sum = dyn_cast<xf::AddOp>(op);
  if (!sum)
    return;
  for (Value operand : {sum.getRhs(), sum.getLhs()}) {
    auto linear = operand.getDefiningOp<xf::LinearOp>();
    if (linear && linear->hasOneUse() && groups.join({sum, linear}))
      return;
  }
}
