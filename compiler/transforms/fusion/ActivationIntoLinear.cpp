// activation(linear) of a plain MLP, and softcap(linear) of logits: the
// linear's epilogue. Legal when nothing else reads the linear's result.
#include "compiler/transforms/fusion/FusionGroups.h"

using namespace mlir;
using namespace sinter;

void sinter::fuseActivationIntoLinear(Operation *op, FusionGroups &groups) {
  if (!isa<xf::ActivationOp, xf::SoftcapOp>(op))
    return;
  auto linear = op->getOperand(0).getDefiningOp<xf::LinearOp>();
  if (linear && linear->hasOneUse())
    groups.join({op, linear});
}
