// f16 <-> f32 with integer operations, for machines without conversion
// instructions. After Fabian Giesen's "half to float done quick" (public
// domain note): scaling by 2^112 moves the exponent and normalises denormals;
// adding a number of the right size makes the FPU round to nearest even.
#include "targets/cpu/raise/CpuPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace sinter::cpu {
#define GEN_PASS_DEF_EXPANDF16PASS
#include "targets/cpu/raise/CpuPasses.h.inc"
} // namespace sinter::cpu

namespace {

/// 2^112, the difference of the exponents' biases.
constexpr uint32_t kRebias = 0x77800000;
constexpr llvm::StringLiteral kFinite("kern.finite");

/// Scalar or vector arithmetic in the shape of one value.
class Lanes {
public:
  Lanes(PatternRewriter &rewriter, Location loc, Type like)
      : rewriter(rewriter), loc(loc), like(like) {}

  Type typeOf(Type element) const {
    auto vector = dyn_cast<VectorType>(like);
    return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
  }
  Type i16() const { return typeOf(rewriter.getI16Type()); }
  Type i32() const { return typeOf(rewriter.getI32Type()); }
  Type f32() const { return typeOf(rewriter.getF32Type()); }

  Value constant(uint32_t bits) {
    IntegerAttr number = rewriter.getI32IntegerAttr(int32_t(bits));
    if (auto vector = dyn_cast<VectorType>(i32()))
      return rewriter.create<arith::ConstantOp>(
          loc, DenseElementsAttr::get(vector, Attribute(number)));
    return rewriter.create<arith::ConstantOp>(loc, number);
  }
  template <typename OpT> Value make(Value a, Value b) {
    return rewriter.create<OpT>(loc, a, b);
  }
  template <typename OpT> Value make(Value a, uint32_t b) {
    return rewriter.create<OpT>(loc, a, constant(b));
  }
  template <typename OpT> Value convert(Type type, Value a) {
    return rewriter.create<OpT>(loc, type, a);
  }
  Value bits(Value a) { return convert<arith::BitcastOp>(i32(), a); }
  Value number(Value a) { return convert<arith::BitcastOp>(f32(), a); }
  Value number(uint32_t bits) { return number(constant(bits)); }
  Value less(Value a, uint32_t b) {
    return rewriter.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, a,
                                          constant(b));
  }
  Value select(Value condition, Value a, Value b) {
    return rewriter.create<arith::SelectOp>(loc, condition, a, b);
  }

private:
  PatternRewriter &rewriter;
  Location loc;
  Type like;
};

struct ExpandExtF16 : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getIn()).isF16() ||
        !getElementTypeOrSelf(op.getOut()).isF32())
      return failure();
    Lanes lanes(rewriter, op.getLoc(), op.getOut().getType());
    Value bits = lanes.convert<arith::BitcastOp>(lanes.i16(), op.getIn());
    if (op->hasAttr(kFinite)) {
      // Sign, exponent and mantissa stay together: the sign, extended, is cut
      // off between the two.
      Value wide = lanes.make<arith::ShLIOp>(
          lanes.convert<arith::ExtSIOp>(lanes.i32(), bits), 13);
      Value number = lanes.number(lanes.make<arith::AndIOp>(wide, 0x8fffe000));
      rewriter.replaceOpWithNewOp<arith::MulFOp>(op, number,
                                                 lanes.number(kRebias));
      return success();
    }
    Value half = lanes.convert<arith::ExtUIOp>(lanes.i32(), bits);
    Value sign =
        lanes.make<arith::ShLIOp>(lanes.make<arith::AndIOp>(half, 0x8000), 16);
    Value magnitude =
        lanes.make<arith::ShLIOp>(lanes.make<arith::AndIOp>(half, 0x7fff), 13);
    Value scaled = lanes.bits(lanes.make<arith::MulFOp>(lanes.number(magnitude),
                                                        lanes.number(kRebias)));
    Value infinite = lanes.make<arith::OrIOp>(magnitude, 0x7f800000);
    Value result =
        lanes.select(lanes.less(magnitude, 0x7c00 << 13), scaled, infinite);
    rewriter.replaceOp(op,
                       lanes.number(lanes.make<arith::OrIOp>(result, sign)));
    return success();
  }
};

struct ExpandTruncF16 : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getIn()).isF32() ||
        !getElementTypeOrSelf(op.getOut()).isF16())
      return failure();
    Lanes lanes(rewriter, op.getLoc(), op.getIn().getType());
    Value bits = lanes.bits(op.getIn());
    Value sign = lanes.make<arith::ShRUIOp>(
        lanes.make<arith::AndIOp>(bits, 1u << 31), 16);
    Value magnitude = lanes.make<arith::AndIOp>(bits, 0x7fffffff);
    // Below 2^-14: adding 0.5 leaves the denormal in the low bits, rounded.
    Value small = lanes.make<arith::SubIOp>(
        lanes.bits(lanes.make<arith::AddFOp>(lanes.number(magnitude),
                                             lanes.number(0x3f000000))),
        0x3f000000);
    // Others: rebias, add half an ulp less the parity of the last bit kept.
    Value odd =
        lanes.make<arith::AndIOp>(lanes.make<arith::ShRUIOp>(magnitude, 13), 1);
    Value normal = lanes.make<arith::ShRUIOp>(
        lanes.make<arith::AddIOp>(
            lanes.make<arith::AddIOp>(magnitude, 0xc8000fff), odd),
        13);
    Value finite =
        lanes.select(lanes.less(magnitude, 113u << 23), small, normal);
    Value nan = lanes.select(lanes.less(magnitude, 0x7f800001),
                             lanes.constant(0x7c00), lanes.constant(0x7e00));
    Value result = lanes.select(lanes.less(magnitude, 0x47800000), finite, nan);
    Value half = lanes.convert<arith::TruncIOp>(
        lanes.i16(), lanes.make<arith::OrIOp>(result, sign));
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getOut().getType(),
                                                  half);
    return success();
  }
};

struct ExpandF16Pass
    : public sinter::cpu::impl::ExpandF16PassBase<ExpandF16Pass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandExtF16, ExpandTruncF16>(&getContext());
    if (failed(
            applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
