// kern.matrix_* as SPV_KHR_cooperative_matrix of subgroups; see
// KernelLowering.h.
//
// The extension goes with Vulkan's memory model, in which other lanes see an
// access only if it says so: accesses to workgroup memory are NonPrivatePointer
// in such kernels, and barriers make them available and visible.
#include "targets/spirv/raise/KernelLowering.h"

using namespace mlir;
using namespace sinter;

bool sinter::spirvtarget::usesMatrices(kern::KernelOp kernel) {
  return kernel
      .walk([](Operation *op) {
        return llvm::any_of(op->getResultTypes(),
                            llvm::IsaPred<kern::MatrixType>)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

static Type convert(Type type) {
  auto matrix = dyn_cast<kern::MatrixType>(type);
  if (!matrix)
    return type;
  constexpr spirv::CooperativeMatrixUseKHR uses[] = {
      spirv::CooperativeMatrixUseKHR::MatrixA,
      spirv::CooperativeMatrixUseKHR::MatrixB,
      spirv::CooperativeMatrixUseKHR::MatrixAcc};
  auto edge = static_cast<uint32_t>(matrix.getEdge());
  return spirv::CooperativeMatrixType::get(
      matrix.getElement(), edge, edge, spirv::Scope::Subgroup,
      uses[static_cast<uint32_t>(matrix.getUse())]);
}

void sinter::spirvtarget::convertMatrixTypes(spirv::FuncOp function) {
  function.walk([](Operation *op) {
    for (Value result : op->getResults())
      result.setType(convert(result.getType()));
    for (Region &region : op->getRegions())
      for (BlockArgument argument : region.getArguments())
        argument.setType(convert(argument.getType()));
  });
}

static spirv::CooperativeMatrixLayoutKHR layoutOf(kern::MatrixOrder order) {
  return order == kern::MatrixOrder::rows
             ? spirv::CooperativeMatrixLayoutKHR::RowMajor
             : spirv::CooperativeMatrixLayoutKHR::ColumnMajor;
}

static Value strideOf(OpBuilder &builder, Location loc, uint64_t stride) {
  return builder.create<spirv::ConstantOp>(
      loc, builder.getI32Type(),
      builder.getI32IntegerAttr(static_cast<int32_t>(stride)));
}

bool sinter::spirvtarget::lowerMatrixOp(OpBuilder &builder, Operation *op,
                                        ElementPointer element) {
  Location loc = op->getLoc();
  auto visible =
      spirv::MemoryAccessAttr::get(builder.getContext(), kSharedAccess);
  Value result;
  if (auto fill = dyn_cast<kern::MatrixFillOp>(op)) {
    result = builder.create<spirv::CompositeConstructOp>(
        loc, op->getResult(0).getType(), fill.getValue());
  } else if (auto load = dyn_cast<kern::MatrixLoadOp>(op)) {
    Value from = element(load.getMemory(), load.getIndex());
    result = builder.create<spirv::KHRCooperativeMatrixLoadOp>(
        loc, op->getResult(0).getType(), from, layoutOf(load.getOrder()),
        strideOf(builder, loc, load.getStride()), visible);
  } else if (isa<kern::MatrixMultiplyAddOp>(op)) {
    result = builder.create<spirv::KHRCooperativeMatrixMulAddOp>(
        loc, op->getOperand(0), op->getOperand(1), op->getOperand(2));
  } else if (auto store = dyn_cast<kern::MatrixStoreOp>(op)) {
    Value to = element(store.getMemory(), store.getIndex());
    builder.create<spirv::KHRCooperativeMatrixStoreOp>(
        loc, to, op->getOperand(0), layoutOf(store.getOrder()),
        strideOf(builder, loc, store.getStride()), visible);
  } else {
    return false;
  }
  if (result)
    op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return true;
}
