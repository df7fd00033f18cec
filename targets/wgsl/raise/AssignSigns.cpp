// i32 or u32 for every integer; see WgslPasses.td.
#include "targets/wgsl/raise/WgslPasses.h"

#include "dialects/kern/Kern.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace sinter;

namespace sinter::wgsl {
#define GEN_PASS_DEF_ASSIGNSIGNSPASS
#include "targets/wgsl/raise/WgslPasses.h.inc"
} // namespace sinter::wgsl

namespace {

bool isNumber(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isIndex() || element.isInteger(32);
}

/// Ops whose result is a signed number by nature.
bool givesSigned(Operation *op) {
  return isa<arith::ShRSIOp, arith::DivSIOp, arith::RemSIOp, arith::MaxSIOp,
             arith::MinSIOp, arith::FPToSIOp, math::AbsIOp, kern::PackedDotOp>(
      op);
}

/// Ops whose result has the sign of their operands.
bool followsOperands(Operation *op) {
  return isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::AndIOp,
             arith::OrIOp, arith::XOrIOp, arith::SelectOp, arith::ShLIOp,
             arith::IndexCastOp, arith::IndexCastUIOp, vector::BroadcastOp,
             vector::ExtractOp, vector::FromElementsOp>(op);
}

bool isSigned(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasAttr(wgsl::kSignedAttr);
}

/// Whether some operand is signed and all others are signed or constant. What a
/// value is shifted by, and indices of elements, do not matter.
bool operandsAreSigned(Operation *op) {
  OperandRange operands = op->getOperands();
  if (isa<arith::ShLIOp, vector::ExtractOp>(op))
    operands = operands.take_front(1);
  bool any = false;
  for (Value operand : operands) {
    if (!isNumber(operand.getType()) || matchPattern(operand, m_Constant()))
      continue;
    if (!isSigned(operand))
      return false;
    any = true;
  }
  return any;
}

struct AssignSignsPass
    : public wgsl::impl::AssignSignsPassBase<AssignSignsPass> {
  void runOnOperation() override {
    UnitAttr mark = UnitAttr::get(&getContext());
    // Definitions come before uses, but for what loops carry, which is
    // unsigned.
    getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op->getNumResults() != 1 || !isNumber(op->getResult(0).getType()))
        return;
      if (givesSigned(op) || (followsOperands(op) && operandsAreSigned(op)))
        op->setAttr(wgsl::kSignedAttr, mark);
    });
  }
};

} // namespace
