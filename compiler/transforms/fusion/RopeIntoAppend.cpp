// slice, per-head norm and rope of q, k and v, and the append of k and v, are
// one kernel: it reads the row that the qkv linear wrote once. Legal when
// slices, norms and ropes have a single use.
#include "compiler/transforms/fusion/FusionGroups.h"

using namespace mlir;
using namespace sinter;

/// Joins the chain of rope, norm and slice that computes `value` with `op`.
static void joinChain(Operation *op, Value value, FusionGroups &groups) {
  while (Operation *source = value.getDefiningOp()) {
    if (!isa<xf::RopeOp, xf::RmsNormOp, xf::LayerNormOp, xf::SliceOp>(source) ||
        !source->hasOneUse() || !groups.join({op, source}))
      return;
    value = source->getOperand(0);
  }
}

void sinter::fuseRopeIntoAppend(Operation *op, FusionGroups &groups) {
  auto append = dyn_cast<xf::AppendOp>(op);
  if (!append)
    return;
  joinChain(op, append.getK(), groups);
  joinChain(op, append.getV(), groups);
  for (Operation *user : append.getCache().getUsers())
    if (auto attention = dyn_cast<xf::AttentionOp>(user)) {
      // Without a rotation q's slice is read where attention needs it.
      bool rotated = attention.getQ().getDefiningOp<xf::RopeOp>() != nullptr;
      joinChain(rotated || groups.singleToken() ? op : user, attention.getQ(),
                groups);
    }
}
