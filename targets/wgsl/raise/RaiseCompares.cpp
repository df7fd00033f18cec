// NaN-aware comparisons; see WgslPasses.td.
#include "targets/wgsl/raise/WgslPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using arith::CmpFPredicate;

namespace sinter::wgsl {
#define GEN_PASS_DEF_RAISECOMPARESPASS
#include "targets/wgsl/raise/WgslPasses.h.inc"
} // namespace sinter::wgsl

namespace {

Type withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

Value constantLike(OpBuilder &builder, Location loc, Type type,
                   int64_t number) {
  TypedAttr value = builder.getIntegerAttr(getElementTypeOrSelf(type), number);
  if (auto vector = dyn_cast<VectorType>(type))
    value = DenseElementsAttr::get(vector, value);
  return builder.create<arith::ConstantOp>(loc, value);
}

/// Whether x is NaN, by its bits.
Value isNan(OpBuilder &builder, Location loc, Value x) {
  Type type = withElement(x.getType(), builder.getI32Type());
  Value bits = builder.create<arith::BitcastOp>(loc, type, x);
  bits = builder.create<arith::AndIOp>(
      loc, bits, constantLike(builder, loc, type, 0x7fffffff));
  return builder.create<arith::CmpIOp>(
      loc, arith::CmpIPredicate::ugt, bits,
      constantLike(builder, loc, type, 0x7f800000));
}

Value negate(OpBuilder &builder, Location loc, Value flag) {
  return builder.create<arith::XOrIOp>(
      loc, flag, constantLike(builder, loc, flag.getType(), -1));
}

/// The ordered predicate that is false where `predicate` is true.
std::optional<CmpFPredicate> orderedOpposite(CmpFPredicate predicate) {
  switch (predicate) {
  case CmpFPredicate::UGT:
    return CmpFPredicate::OLE;
  case CmpFPredicate::UGE:
    return CmpFPredicate::OLT;
  case CmpFPredicate::ULT:
    return CmpFPredicate::OGE;
  case CmpFPredicate::ULE:
    return CmpFPredicate::OGT;
  default:
    return std::nullopt;
  }
}

struct ComparePattern : OpRewritePattern<arith::CmpFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::CmpFOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value lhs = op.getLhs(), rhs = op.getRhs();
    auto compare = [&](CmpFPredicate predicate) -> Value {
      return rewriter.create<arith::CmpFOp>(loc, predicate, lhs, rhs);
    };
    auto unordered = [&]() -> Value {
      Value nan = isNan(rewriter, loc, lhs);
      if (lhs == rhs)
        return nan;
      return rewriter.create<arith::OrIOp>(loc, nan, isNan(rewriter, loc, rhs));
    };
    CmpFPredicate predicate = op.getPredicate();
    Value result;
    if (auto opposite = orderedOpposite(predicate))
      result = negate(rewriter, loc, compare(*opposite));
    else if (predicate == CmpFPredicate::UNO)
      result = unordered();
    else if (predicate == CmpFPredicate::ORD)
      result = negate(rewriter, loc, unordered());
    else if (predicate == CmpFPredicate::ONE)
      result = rewriter.create<arith::OrIOp>(loc, compare(CmpFPredicate::OLT),
                                             compare(CmpFPredicate::OGT));
    else if (predicate == CmpFPredicate::UEQ)
      result = negate(rewriter, loc, compare(CmpFPredicate::ONE));
    else
      return failure();
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct RaiseComparesPass
    : public sinter::wgsl::impl::RaiseComparesPassBase<RaiseComparesPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ComparePattern>(&getContext());
    if (failed(
            applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
