// The frame of a kernel (KernelShell.h).
#include "compiler/kernels/KernelShell.h"

#include "compiler/kernels/Layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

KernelShell::KernelShell(OpBuilder &builder, xf::RegionOp region,
                         llvm::StringRef id, kern::CapsAttr caps)
    : VectorBuilder(builder, region.getLoc(), caps), region(region) {
  SmallVector<Type> bindings;
  for (Type type : region.getArgumentTypes())
    bindings.push_back(layout::bindingType(type));
  for (Type type : region.getResultTypes())
    bindings.push_back(layout::bindingType(type));
  kernel = create<kern::KernelOp>(id, builder.getFunctionType(bindings, {}),
                                  caps, ArrayAttr(), ArrayAttr());
  Block &body = kernel.getBody().emplaceBlock();
  for (Type type : bindings)
    body.addArgument(type, loc);
  builder.setInsertionPointToStart(&body);
}

Value KernelShell::binding(BlockArgument argument) {
  return kernel.getBody().getArgument(argument.getArgNumber());
}

Value KernelShell::result(unsigned index) {
  return kernel.getBody().getArgument(region.getArgumentTypes().size() + index);
}

Value KernelShell::scratch(Type element, int64_t count) {
  return create<kern::ScratchOp>(MemRefType::get({count}, element));
}

Value KernelShell::tokens(int64_t staticRows) {
  return ShapedType::isDynamic(staticRows) ? scalar(kern::Scalar::token_count)
                                           : index(staticRows);
}

Value KernelShell::scalar(kern::Scalar which) {
  return create<kern::ScalarOp>(builder.getIndexType(), which);
}

kern::KernelOp KernelShell::items(llvm::function_ref<void(Value)> body) {
  auto loop = create<kern::ForItemsOp>();
  Block &block = loop.getBody().emplaceBlock();
  block.addArgument(builder.getIndexType(), loc);
  builder.setInsertionPointToStart(&block);
  body(block.getArgument(0));
  builder.setInsertionPointAfter(loop);
  create<kern::ReturnOp>();
  builder.setInsertionPointAfter(kernel);
  return kernel;
}

//===-- Index arithmetic and conditions -----------------------------------===//

Value KernelShell::sub(Value a, Value b) {
  return builder.createOrFold<arith::SubIOp>(loc, a, b);
}

Value KernelShell::mul(Value a, Value b) {
  return builder.createOrFold<arith::MulIOp>(loc, a, b);
}

Value KernelShell::div(Value a, int64_t b) {
  return builder.createOrFold<arith::DivUIOp>(loc, a, index(b));
}

Value KernelShell::rem(Value a, int64_t b) {
  return builder.createOrFold<arith::RemUIOp>(loc, a, index(b));
}

Value KernelShell::min(Value a, Value b) {
  return builder.createOrFold<arith::MinSIOp>(loc, a, b);
}

Value KernelShell::max(Value a, Value b) {
  return builder.createOrFold<arith::MaxSIOp>(loc, a, b);
}

Value KernelShell::less(Value a, Value b) {
  return create<arith::CmpIOp>(arith::CmpIPredicate::slt, a, b);
}

Value KernelShell::toI32(Value index) {
  return create<arith::IndexCastOp>(builder.getI32Type(), index);
}

void KernelShell::when(Value condition, llvm::function_ref<void()> body) {
  auto branch = create<scf::IfOp>(condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&branch.getThenRegion().front());
  body();
}

//===-- f32 ---------------------------------------------------------------===//

Value KernelShell::subf(Value a, Value b) {
  return create<arith::SubFOp>(a, b);
}

Value KernelShell::divf(Value a, Value b) {
  return create<arith::DivFOp>(a, b);
}

Value KernelShell::maxf(Value a, Value b) {
  return create<arith::SelectOp>(
      create<arith::CmpFOp>(arith::CmpFPredicate::OGT, a, b), a, b);
}

Value KernelShell::minf(Value a, Value b) {
  return create<arith::SelectOp>(
      create<arith::CmpFOp>(arith::CmpFPredicate::OLT, a, b), a, b);
}

Value KernelShell::exp(Value a) { return create<math::ExpOp>(a); }
