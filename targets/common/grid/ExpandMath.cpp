// Math that no shader language has as a function; see GridPasses.td. The
// pass registration lives here too.
#include "targets/common/grid/GridPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace sinter::grid {
#define GEN_PASS_DEF_GRIDEXPANDMATHPASS
#include "targets/common/grid/GridPasses.h.inc"
} // namespace sinter::grid

namespace {

struct GridExpandMathPass
    : public sinter::grid::impl::GridExpandMathPassBase<GridExpandMathPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populatePolynomialApproximateErfPattern(patterns);
    populateExpandTanhPattern(patterns);
    populateExpandRoundFPattern(patterns);
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    if (failed(
            applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

namespace sinter::grid {
#define GEN_PASS_REGISTRATION
#include "targets/common/grid/GridPasses.h.inc"
} // namespace sinter::grid

void sinter::registerGridPasses() { grid::registerGridPasses(); }
