// Math functions as polynomials, so that a kernel calls no library; and fma as
// two operations where the machine has none.
#include "targets/cpu/raise/CpuPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace sinter::cpu {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "targets/cpu/raise/CpuPasses.h.inc"
} // namespace sinter::cpu

namespace {

/// math.fma, vector.fma %a, %b, %c -> a product and a sum.
template <typename FmaOp> struct ExpandFma : OpRewritePattern<FmaOp> {
  using OpRewritePattern<FmaOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(FmaOp op,
                                PatternRewriter &rewriter) const override {
    auto operands = op->getOperands();
    Value product =
        rewriter.create<arith::MulFOp>(op.getLoc(), operands[0], operands[1]);
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, operands[2]);
    return success();
  }
};

struct ExpandMathPass
    : public sinter::cpu::impl::ExpandMathPassBase<ExpandMathPass> {
  using ExpandMathPassBase::ExpandMathPassBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet functions(context);
    populateMathPolynomialApproximationPatterns(functions, {});
    if (failed(
            applyPatternsAndFoldGreedily(getOperation(), std::move(functions))))
      return signalPassFailure();
    if (!expandFma)
      return;
    RewritePatternSet fused(context);
    fused.add<ExpandFma<math::FmaOp>, ExpandFma<vector::FMAOp>>(context);
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(fused))))
      signalPassFailure();
  }
};

} // namespace
