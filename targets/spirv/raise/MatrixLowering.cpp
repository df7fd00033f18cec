// kern.matrix_* as SPV_KHR_cooperative_matrix of subgroups; see
// KernelLowering.h.
//
// The extension goes with Vulkan's memory model, in which other lanes see an
// access only if it says so: accesses to workgroup memory are NonPrivatePointer
// in such kernels, and barriers make them available and visible.
#include "targets/spirv/raise/KernelLowering.h"

using namespace mlir;
using namespace sinter;

SmallVector<spirv::Capability>
sinter::spirvtarget::matrixCapabilities(kern::KernelOp kernel) {
  bool any = false, halves = false, bytes = false;
  kernel.walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      if (auto matrix = dyn_cast<kern::MatrixType>(type)) {
        any = true;
        halves |= matrix.getElement().isF16();
        bytes |= matrix.getElement().isInteger(8);
      }
  });
  SmallVector<spirv::Capability> needed;
  if (halves)
    needed.push_back(spirv::Capability::Float16);
  if (bytes)
    needed.push_back(spirv::Capability::Int8);
  if (any)
    needed.append({spirv::Capability::VulkanMemoryModel,
                   spirv::Capability::CooperativeMatrixKHR});
  return needed;
}

/// Integers are signed ones, as shading languages write them: Mesa converts a
/// matrix to floats by its type and not by the instruction.
static Type elementOf(kern::MatrixType matrix) {
  auto integer = dyn_cast<IntegerType>(matrix.getElement());
  if (!integer)
    return matrix.getElement();
  return IntegerType::get(integer.getContext(), integer.getWidth(),
                          IntegerType::Signed);
}

static Type convert(Type type) {
  auto matrix = dyn_cast<kern::MatrixType>(type);
  if (!matrix)
    return type;
  constexpr spirv::CooperativeMatrixUseKHR uses[] = {
      spirv::CooperativeMatrixUseKHR::MatrixA,
      spirv::CooperativeMatrixUseKHR::MatrixB,
      spirv::CooperativeMatrixUseKHR::MatrixAcc};
  return spirv::CooperativeMatrixType::get(
      elementOf(matrix), static_cast<uint32_t>(matrix.getRows()),
      static_cast<uint32_t>(matrix.getColumns()), spirv::Scope::Subgroup,
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

/// A product says which of its integers have signs, whatever their types are.
static spirv::CooperativeMatrixOperandsKHRAttr signsOf(Value sum) {
  using Operands = spirv::CooperativeMatrixOperandsKHR;
  auto type = cast<spirv::CooperativeMatrixType>(sum.getType());
  if (!type.getElementType().isInteger())
    return {};
  return spirv::CooperativeMatrixOperandsKHRAttr::get(
      sum.getContext(), Operands::ASigned | Operands::BSigned |
                            Operands::CSigned | Operands::ResultSigned);
}

/// A matrix of equal numbers.
static Value filled(OpBuilder &builder, Location loc, Type type, Value value) {
  Type element = cast<spirv::CooperativeMatrixType>(type).getElementType();
  if (element != value.getType())
    value = builder.create<spirv::BitcastOp>(loc, element, value);
  return builder.create<spirv::CompositeConstructOp>(loc, type, value);
}

/// total + left * right * f32(sum)
static Value scaledAdd(OpBuilder &builder, Operation *op) {
  Location loc = op->getLoc();
  Value sum = op->getOperand(0), left = op->getOperand(1),
        right = op->getOperand(2), total = op->getOperand(3);
  Value numbers =
      builder.create<spirv::ConvertSToFOp>(loc, total.getType(), sum);
  Value scales = builder.create<spirv::FMulOp>(loc, left, right);
  Value scaled = builder.create<spirv::FMulOp>(loc, scales, numbers);
  return builder.create<spirv::FAddOp>(loc, total, scaled);
}

bool sinter::spirvtarget::lowerMatrixOp(OpBuilder &builder, Operation *op,
                                        ElementPointer element) {
  Location loc = op->getLoc();
  auto visible =
      spirv::MemoryAccessAttr::get(builder.getContext(), kSharedAccess);
  Value result;
  if (auto fill = dyn_cast<kern::MatrixFillOp>(op)) {
    result = filled(builder, loc, op->getResult(0).getType(), fill.getValue());
  } else if (auto load = dyn_cast<kern::MatrixLoadOp>(op)) {
    Value from = element(load.getMemory(), load.getIndex());
    result = builder.create<spirv::KHRCooperativeMatrixLoadOp>(
        loc, op->getResult(0).getType(), from, layoutOf(load.getOrder()),
        strideOf(builder, loc, load.getStride()), visible);
  } else if (auto spread = dyn_cast<kern::MatrixSpreadOp>(op)) {
    Value from = element(spread.getMemory(), spread.getIndex());
    result = builder.create<spirv::KHRCooperativeMatrixLoadOp>(
        loc, op->getResult(0).getType(), from, layoutOf(spread.getOrder()),
        strideOf(builder, loc, 0), visible);
  } else if (isa<kern::MatrixMultiplyAddOp>(op)) {
    result = builder.create<spirv::KHRCooperativeMatrixMulAddOp>(
        loc, op->getResult(0).getType(), op->getOperand(0), op->getOperand(1),
        op->getOperand(2), signsOf(op->getOperand(2)));
  } else if (isa<kern::MatrixScaledAddOp>(op)) {
    result = scaledAdd(builder, op);
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
