// What follows a lookup row by row, a scale or learned positions, is computed
// with it. Legal when nothing else reads the looked-up rows.
#include "compiler/transforms/fusion/FusionGroups.h"

using namespace mlir;
using namespace sinter;

void sinter::fuseEmbeddingTail(Operation *op, FusionGroups &groups) {
  if (!isa<xf::ScaleOp, xf::AddPositionsOp>(op))
    return;
  auto lookup = op->getOperand(0).getDefiningOp<xf::EmbeddingOp>();
  if (lookup && lookup->hasOneUse())
    groups.join({op, lookup});
}
