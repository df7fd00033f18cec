// Vector ops to broadcast, extract and from_elements; see GridPasses.td.
// Vectors of a grid's kernel have 2 to 4 elements, so that element by element
// is short.
#include "targets/common/grid/GridPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace sinter::grid {
#define GEN_PASS_DEF_GRIDEXPANDVECTORSPASS
#include "targets/common/grid/GridPasses.h.inc"
} // namespace sinter::grid

namespace {

/// The elements of a rank-1 vector of fixed size, one by one.
SmallVector<Value> elementsOf(OpBuilder &builder, Location loc, Value vector) {
  SmallVector<Value> elements;
  for (int64_t i = 0; i < cast<VectorType>(vector.getType()).getDimSize(0); ++i)
    elements.push_back(builder.create<vector::ExtractOp>(loc, vector, i));
  return elements;
}

bool isSmall(VectorType type) {
  return type.getRank() == 1 && !type.isScalable() && type.getDimSize(0) <= 4;
}

struct InsertPattern : OpRewritePattern<vector::InsertOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::InsertOp op,
                                PatternRewriter &rewriter) const override {
    VectorType type = op.getDestVectorType();
    if (!isSmall(type) || op.hasDynamicPosition() ||
        isa<VectorType>(op.getSourceType()))
      return failure();
    SmallVector<Value> elements =
        elementsOf(rewriter, op.getLoc(), op.getDest());
    elements[op.getStaticPosition()[0]] = op.getSource();
    rewriter.replaceOpWithNewOp<vector::FromElementsOp>(op, type, elements);
    return success();
  }
};

struct SplatPattern : OpRewritePattern<vector::SplatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::SplatOp op,
                                PatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<vector::BroadcastOp>(op, op.getType(),
                                                     op.getInput());
    return success();
  }
};

struct ShufflePattern : OpRewritePattern<vector::ShuffleOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::ShuffleOp op,
                                PatternRewriter &rewriter) const override {
    VectorType type = op.getResultVectorType();
    int64_t firsts = op.getV1VectorType().getDimSize(0);
    if (!isSmall(type))
      return failure();
    SmallVector<Value> elements;
    for (Attribute attr : op.getMask()) {
      int64_t at = cast<IntegerAttr>(attr).getInt();
      bool first = at < firsts;
      elements.push_back(rewriter.create<vector::ExtractOp>(
          op.getLoc(), first ? op.getV1() : op.getV2(),
          first ? at : at - firsts));
    }
    rewriter.replaceOpWithNewOp<vector::FromElementsOp>(op, type, elements);
    return success();
  }
};

struct FmaPattern : OpRewritePattern<vector::FMAOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::FMAOp op,
                                PatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<math::FmaOp>(op, op.getLhs(), op.getRhs(),
                                             op.getAcc());
    return success();
  }
};

struct ReductionPattern : OpRewritePattern<vector::ReductionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::ReductionOp op,
                                PatternRewriter &rewriter) const override {
    if (!isSmall(op.getSourceVectorType()))
      return failure();
    SmallVector<Value> elements =
        elementsOf(rewriter, op.getLoc(), op.getVector());
    Value result = op.getAcc();
    for (Value element : elements)
      result = result
                   ? vector::makeArithReduction(rewriter, op.getLoc(),
                                                op.getKind(), result, element)
                   : element;
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct GridExpandVectorsPass
    : public sinter::grid::impl::GridExpandVectorsPassBase<
          GridExpandVectorsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<InsertPattern, SplatPattern, ShufflePattern, FmaPattern,
                 ReductionPattern>(&getContext());
    if (failed(
            applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
