// Divisions by powers of two; see GridPasses.td.
#include "targets/common/grid/GridPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace sinter::grid {
#define GEN_PASS_DEF_GRIDREDUCEDIVISIONPASS
#include "targets/common/grid/GridPasses.h.inc"
} // namespace sinter::grid

namespace {

/// Replaces `From` by `To` with the number `operand` makes of the divisor.
template <typename From, typename To>
struct DivisionPattern : OpRewritePattern<From> {
  using Operand = int64_t (*)(const APInt &);
  DivisionPattern(MLIRContext *context, Operand operand)
      : OpRewritePattern<From>(context), operand(operand) {}

  LogicalResult matchAndRewrite(From op,
                                PatternRewriter &rewriter) const override {
    APInt divisor;
    Type type = op.getType();
    if (!matchPattern(op.getRhs(), m_ConstantInt(&divisor)) ||
        !divisor.isPowerOf2())
      return failure();
    TypedAttr number =
        rewriter.getIntegerAttr(getElementTypeOrSelf(type), operand(divisor));
    if (auto vector = dyn_cast<VectorType>(type))
      number = DenseElementsAttr::get(vector, number);
    auto constant = rewriter.create<arith::ConstantOp>(op.getLoc(), number);
    rewriter.replaceOpWithNewOp<To>(op, op.getLhs(), constant);
    return success();
  }

  Operand operand;
};

struct GridReduceDivisionPass
    : public sinter::grid::impl::GridReduceDivisionPassBase<
          GridReduceDivisionPass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<DivisionPattern<arith::DivUIOp, arith::ShRUIOp>>(
        context,
        [](const APInt &divisor) -> int64_t { return divisor.logBase2(); });
    patterns.add<DivisionPattern<arith::RemUIOp, arith::AndIOp>>(
        context, [](const APInt &divisor) -> int64_t {
          return divisor.getSExtValue() - 1;
        });
    if (failed(
            applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
