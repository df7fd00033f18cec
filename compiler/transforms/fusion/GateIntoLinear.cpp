// act(slice(linear)) * slice(linear): gate and up of a gated MLP leave the
// linear's kernel as one product. Legal when both halves of the linear have the
// same number of rows, a multiple of 16, and nothing else reads them.
#include "compiler/transforms/fusion/FusionGroups.h"

using namespace mlir;
using namespace sinter;

/// The linear that a slice with a single use takes half of, or null.
static xf::LinearOp halfOf(xf::SliceOp slice) {
  if (!slice || !slice->hasOneUse())
    return nullptr;
  auto linear = slice.getX().getDefiningOp<xf::LinearOp>();
  int64_t size =
      cast<RankedTensorType>(slice.getResult().getType()).getDimSize(1);
  if (!linear || size % 16 ||
      (slice.getOffset() != 0 && slice.getOffset() != size))
    return nullptr;
  auto type = cast<RankedTensorType>(linear.getResult().getType());
  return type.getDimSize(1) == 2 * size ? linear : nullptr;
}

static bool fuse(Operation *product, Value gate, Value up,
                 FusionGroups &groups) {
  auto activation = gate.getDefiningOp<xf::ActivationOp>();
  if (!activation || !activation->hasOneUse())
    return false;
  auto gateSlice = activation.getX().getDefiningOp<xf::SliceOp>();
  auto upSlice = up.getDefiningOp<xf::SliceOp>();
  xf::LinearOp linear = halfOf(gateSlice);
  if (!linear || halfOf(upSlice) != linear || gateSlice == upSlice ||
      gateSlice.getOffset() != 0 ||
      !groups.canBind(linear.getWeight().getType()) ||
      !llvm::hasNItems(linear->getUses(), 2))
    return false;
  return groups.join({product, upSlice, gateSlice, activation, linear});
}

void sinter::fuseGateIntoLinear(Operation *op, FusionGroups &groups) {
  auto product = dyn_cast<xf::MulOp>(op);
  if (product && !fuse(op, product.getLhs(), product.getRhs(), groups))
    fuse(op, product.getRhs(), product.getLhs(), groups);
}
