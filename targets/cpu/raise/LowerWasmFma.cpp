// fma for wasm, where fusing is the engine's choice: relaxed_madd on whole
// registers, a product and a sum elsewhere.
#include "targets/cpu/raise/CpuPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::cpu {
#define GEN_PASS_DEF_LOWERWASMFMAPASS
#include "targets/cpu/raise/CpuPasses.h.inc"
} // namespace sinter::cpu

namespace {

constexpr int64_t kLanes = 4;

/// a * b + c in place of op.
Value lowerFma(OpBuilder &builder, Operation *op) {
  Location loc = op->getLoc();
  Value a = op->getOperand(0), b = op->getOperand(1), c = op->getOperand(2);
  auto type = dyn_cast<VectorType>(a.getType());
  bool whole = type && type.getRank() == 1 && type.getElementType().isF32() &&
               type.getDimSize(0) % kLanes == 0;
  if (!whole) {
    Value product = builder.create<arith::MulFOp>(loc, a, b);
    return builder.create<arith::AddFOp>(loc, product, c);
  }
  auto lanes = VectorType::get({kLanes}, type.getElementType());
  auto madd = [&](Value x, Value y, Value z) -> Value {
    return builder
        .create<LLVM::CallIntrinsicOp>(
            loc, lanes, builder.getStringAttr("llvm.wasm.relaxed.madd.v4f32"),
            ValueRange{x, y, z})
        .getResult(0);
  };
  if (type == lanes)
    return madd(a, b, c);
  Value result = c;
  for (int64_t at = 0; at < type.getDimSize(0); at += kLanes) {
    auto part = [&](Value whole) -> Value {
      return builder.create<vector::ExtractStridedSliceOp>(loc, whole, at,
                                                           kLanes, 1);
    };
    result = builder.create<vector::InsertStridedSliceOp>(
        loc, madd(part(a), part(b), part(c)), result, at, 1);
  }
  return result;
}

struct LowerWasmFmaPass
    : public sinter::cpu::impl::LowerWasmFmaPassBase<LowerWasmFmaPass> {
  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (!isa<math::FmaOp, vector::FMAOp>(op))
        return;
      OpBuilder builder(op);
      op->replaceAllUsesWith(ValueRange{lowerFma(builder, op)});
      op->erase();
    });
  }
};

} // namespace
