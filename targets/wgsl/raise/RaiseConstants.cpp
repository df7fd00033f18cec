// Constants without a WGSL literal; see WgslPasses.td.
#include "targets/wgsl/raise/WgslPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter;

namespace sinter::wgsl {
#define GEN_PASS_DEF_RAISECONSTANTSPASS
#include "targets/wgsl/raise/WgslPasses.h.inc"
} // namespace sinter::wgsl

namespace {

/// A number as the printer spells it: a literal, or bits in a `let`.
Value scalarConstant(OpBuilder &builder, Location loc, FloatAttr number) {
  if (number.getValue().isFinite())
    return builder.create<arith::ConstantOp>(loc, number);
  Type bitsType =
      builder.getIntegerType(number.getType().getIntOrFloatBitWidth());
  auto bits = builder.create<arith::ConstantOp>(
      loc,
      builder.getIntegerAttr(bitsType, number.getValue().bitcastToAPInt()));
  bits->setAttr(wgsl::kLetAttr, builder.getUnitAttr());
  return builder.create<arith::BitcastOp>(loc, number.getType(), bits);
}

bool isFinite(Attribute value) {
  if (auto number = dyn_cast<FloatAttr>(value))
    return number.getValue().isFinite();
  if (auto numbers = dyn_cast<DenseFPElementsAttr>(value))
    return llvm::all_of(
        numbers.getValues<APFloat>(),
        [](const APFloat &number) { return number.isFinite(); });
  return true;
}

Value raise(OpBuilder &builder, arith::ConstantOp op) {
  if (auto number = dyn_cast<FloatAttr>(op.getValue()))
    return scalarConstant(builder, op.getLoc(), number);
  auto type = cast<VectorType>(op.getType());
  auto values = cast<DenseFPElementsAttr>(op.getValue());
  if (values.isSplat())
    return builder.create<vector::BroadcastOp>(
        op.getLoc(), type,
        scalarConstant(builder, op.getLoc(),
                       values.getSplatValue<FloatAttr>()));
  SmallVector<Value> elements;
  for (FloatAttr number : values.getValues<FloatAttr>())
    elements.push_back(scalarConstant(builder, op.getLoc(), number));
  return builder.create<vector::FromElementsOp>(op.getLoc(), type, elements);
}

struct RaiseConstantsPass
    : public wgsl::impl::RaiseConstantsPassBase<RaiseConstantsPass> {
  void runOnOperation() override {
    SmallVector<arith::ConstantOp> constants;
    getOperation()->walk([&](arith::ConstantOp op) {
      if (!isFinite(op.getValue()))
        constants.push_back(op);
    });
    for (arith::ConstantOp op : constants) {
      OpBuilder builder(op);
      op.replaceAllUsesWith(raise(builder, op));
      op.erase();
    }
  }
};

} // namespace
