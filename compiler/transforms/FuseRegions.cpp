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

namespace {

struct FuseRegionsPass : sinter::impl::FuseRegionsBase<FuseRegionsPass> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isDeclaration())
        continue;
      FusionGroups groups(function);
      for (Fusion fusion : kFusions)
        for (Operation &op : function.getBody().front())
          fusion(&op, groups);
      regions += groups.materialize();
    }
  }
};

} // namespace
