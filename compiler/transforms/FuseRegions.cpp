// xf-fuse-regions: runs the fusions of fusion/Fusions.def on every entry point
// and outlines the groups. See Passes.td.
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/fusion/FusionGroups.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_FUSEREGIONS
#include "compiler/transforms/Passes.h.inc"
} // namespace sinter

using namespace sinter;

static constexpr Fusion kFusions[] = {
#define SINTER_FUSION(NAME) fuse##NAME,
#include "compiler/transforms/fusion/Fusions.def"
#undef SINTER_FUSION
};

/// One token: norm and quantization that several linears read (a parallel
/// block) are copied, so that each linear's kernel can compute its own; that is
/// cheaper than a barrier.
static void copySharedInputs(func::FuncOp function) {
  SmallVector<Operation *> shared;
  for (Operation &op : function.getBody().front())
    if (isa<xf::QuantizeOp, xf::RmsNormOp, xf::LayerNormOp>(op))
      shared.push_back(&op);
  // Readers first: a copied quantization is one more reader of its norm.
  for (Operation *op : llvm::reverse(shared)) {
    if (!llvm::all_of(op->getUsers(), [](Operation *user) {
          return isa<xf::LinearOp, xf::QuantizeOp>(user);
        }))
      continue;
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : op->getUses())
      uses.push_back(&use);
    for (OpOperand *use : llvm::drop_begin(uses))
      use->set(OpBuilder(op).clone(*op)->getResult(0));
  }
}

namespace {

struct FuseRegionsPass : sinter::impl::FuseRegionsBase<FuseRegionsPass> {
  using Base::Base;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isDeclaration())
        continue;
      if (isSingleToken(function))
        copySharedInputs(function);
      FusionGroups groups(function, bindingLimit);
      for (Fusion fusion : kFusions)
        for (Operation &op : function.getBody().front())
          fusion(&op, groups);
      regions += groups.materialize();
    }
  }
};

} // namespace
