// One token: append and attention are one kernel, because a kv head's item
// appends all that its own attention reads. With several tokens attention reads
// what other items append, and stays apart.
#include "compiler/transforms/fusion/FusionGroups.h"

using namespace mlir;
using namespace sinter;

void sinter::fuseAppendIntoAttention(Operation *op, FusionGroups &groups) {
  auto attention = dyn_cast<xf::AttentionOp>(op);
  if (!attention || !groups.singleToken())
    return;
  for (Operation *user : attention.getCache().getUsers())
    if (isa<xf::AppendOp>(user))
      groups.join({op, user});
}
