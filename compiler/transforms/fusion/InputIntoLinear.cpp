// One token: row selection, norm and quantization of a linear's input are
// computed by each worker for itself; a second pass over one row is cheaper
// than a barrier. Legal when the linear is the only reader.
#include "compiler/transforms/fusion/FusionGroups.h"

using namespace mlir;
using namespace sinter;

void sinter::fuseInputIntoLinear(Operation *op, FusionGroups &groups) {
  auto linear = dyn_cast<xf::LinearOp>(op);
  if (!linear || !groups.singleToken())
    return;
  Value value = linear.getX();
  while (Operation *source = value.getDefiningOp()) {
    if (!isa<xf::QuantizeOp, xf::RmsNormOp, xf::LayerNormOp, xf::SelectRowOp>(
            source) ||
        !source->hasOneUse() || !groups.join({op, source}))
      return;
    value = source->getOperand(0);
  }
}
