// act(slice(linear)) * slice(linear): gate and up of a gated MLP leave the
// linear's kernel as one product. Legal when both halves of the linear have the
// same number of rows, a multiple of 16, and nothing else reads them. Where
// they cannot join the linear, the rest is still one kernel.
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

/// The linear whose halves the slices are, if its kernel can hold both.
static xf::LinearOp linearOf(xf::SliceOp gate, xf::SliceOp up,
                             FusionGroups &groups) {
  xf::LinearOp linear = halfOf(gate);
  if (!linear || halfOf(up) != linear || gate == up || gate.getOffset() != 0 ||
      !groups.canBind(linear.getWeight().getType()) ||
      !llvm::hasNItems(linear->getUses(), 2))
    return nullptr;
  return linear;
}

static bool fuse(Operation *product, Value gate, Value up,
                 FusionGroups &groups) {
  auto activation = gate.getDefiningOp<xf::ActivationOp>();
  if (!activation || !activation->hasOneUse())
    return false;
  auto gateSlice = activation.getX().getDefiningOp<xf::SliceOp>();
  auto upSlice = up.getDefiningOp<xf::SliceOp>();
  if (!gateSlice || !upSlice || !gateSlice->hasOneUse() ||
      !upSlice->hasOneUse())
    return false;
  if (xf::LinearOp linear = linearOf(gateSlice, upSlice, groups))
    return groups.join({product, upSlice, gateSlice, activation, linear});
  return groups.join({product, upSlice, gateSlice, activation});
}

void sinter::fuseGateIntoLinear(Operation *op, FusionGroups &groups) {
  auto product = dyn_cast<xf::MulOp>(op);
  if (product && !fuse(op, product.getLhs(), product.getRhs(), groups))
    fuse(op, product.getRhs(), product.getLhs(), groups);
}
