// kern.kernel to functions: a body whose bindings are separate pointers that
// LLVM knows not to alias, and an entry with the signature of sinter_abi.h
// that loads them. See CpuPasses.td for the picture.
#include "targets/cpu/raise/CpuPasses.h"

#include "dialects/kern/Kern.h"
#include "runtime/include/sinter_abi.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

#include <cstddef>

using namespace mlir;
using namespace sinter;

namespace sinter::cpu {
#define GEN_PASS_DEF_LOWERKERNELPASS
#include "targets/cpu/raise/CpuPasses.h.inc"
} // namespace sinter::cpu

namespace {

/// Byte offset of a scalar in sinter_scalars.
int64_t scalarOffset(kern::Scalar which) {
  switch (which) {
  case kern::Scalar::token_count:
    return offsetof(sinter_scalars, token_count);
  case kern::Scalar::position:
    return offsetof(sinter_scalars, position);
  case kern::Scalar::row:
    return offsetof(sinter_scalars, row);
  }
  llvm_unreachable("unknown scalar");
}

/// Lowers one kernel.
class KernelLowering {
public:
  KernelLowering(kern::KernelOp kernel, unsigned pointerBits)
      : kernel(kernel), builder(kernel), loc(kernel.getLoc()),
        pointerBits(pointerBits),
        types(kernel.getContext(),
              optionsFor(kernel.getContext(), pointerBits)),
        pointer(LLVM::LLVMPointerType::get(kernel.getContext())) {}

  void run() {
    func::FuncOp body = createBody();
    createEntry(body);
    kernel.erase();
  }

private:
  static LowerToLLVMOptions optionsFor(MLIRContext *context, unsigned bits) {
    LowerToLLVMOptions options(context);
    options.overrideIndexBitwidth(bits);
    return options;
  }
  int64_t pointerBytes() const { return pointerBits / 8; }
  func::FuncOp createBody();
  void createEntry(func::FuncOp body);
  Value memoryAt(Value address, MemRefType type);
  Value offsetPointer(Value base, int64_t bytes);
  Value asIndex(Value number) {
    return builder.create<arith::IndexCastOp>(loc, builder.getIndexType(),
                                              number);
  }
  void lowerOps(Block &block, Value scalars, Value scratch);
  void lowerStructure(Block &block, Value begin, Value end, Value first);

  kern::KernelOp kernel;
  OpBuilder builder;
  Location loc;
  unsigned pointerBits;
  LLVMTypeConverter types;
  Type pointer;
};

Value KernelLowering::offsetPointer(Value base, int64_t bytes) {
  return builder.create<LLVM::GEPOp>(loc, pointer, builder.getI8Type(), base,
                                     ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
}

/// A memref of `type` that starts at `address`. Dynamic sizes are not known
/// here; kernels know theirs, so the largest number stands for them.
Value KernelLowering::memoryAt(Value address, MemRefType type) {
  auto descriptor =
      MemRefDescriptor::undef(builder, loc, types.convertType(type));
  descriptor.setAllocatedPtr(builder, loc, address);
  descriptor.setAlignedPtr(builder, loc, address);
  descriptor.setConstantOffset(builder, loc, 0);
  descriptor.setConstantSize(builder, loc, 0,
                             type.hasStaticShape() ? type.getDimSize(0)
                             : pointerBits == 32   ? INT32_MAX
                                                   : INT64_MAX);
  descriptor.setConstantStride(builder, loc, 0, 1);
  return builder
      .create<UnrealizedConversionCastOp>(loc, type, Value(descriptor))
      .getResult(0);
}

/// Creates the body function and moves the kernel's ops into it.
func::FuncOp KernelLowering::createBody() {
  int64_t bindings = kernel.getArgumentTypes().size();
  SmallVector<Type> inputs(bindings + 2, pointer);
  inputs.append(3, builder.getI64Type());
  auto body =
      builder.create<func::FuncOp>(loc, kernel.getSymName().str() + ".body",
                                   builder.getFunctionType(inputs, {}));
  body.setPrivate();
  body->setAttr(
      "llvm.linkage",
      LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
  for (int64_t i = 0; i < bindings + 2; ++i) {
    body.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(),
                    builder.getUnitAttr());
    body.setArgAttr(i, LLVM::LLVMDialect::getNoUndefAttrName(),
                    builder.getUnitAttr());
    if (i != bindings) // all but the scalars
      body.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(),
                      builder.getI64IntegerAttr(SINTER_BINDING_ALIGNMENT));
  }

  OpBuilder::InsertionGuard guard(builder);
  Block *entry = body.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  Block &source = kernel.getBody().front();
  for (auto [index, argument] : llvm::enumerate(source.getArguments()))
    argument.replaceAllUsesWith(memoryAt(entry->getArgument(index),
                                         cast<MemRefType>(argument.getType())));
  entry->getOperations().splice(entry->end(), source.getOperations());
  lowerOps(*entry, entry->getArgument(bindings),
           entry->getArgument(bindings + 1));
  lowerStructure(*entry, entry->getArgument(bindings + 2),
                 entry->getArgument(bindings + 3),
                 entry->getArgument(bindings + 4));
  return body;
}

/// kern.scalar, kern.scratch, kern.prefetch, wherever they stand.
void KernelLowering::lowerOps(Block &block, Value scalars, Value scratch) {
  int64_t used = 0;
  block.walk([&](Operation *op) {
    builder.setInsertionPoint(op);
    if (auto scalar = dyn_cast<kern::ScalarOp>(op)) {
      Value address = offsetPointer(scalars, scalarOffset(scalar.getWhich()));
      Value number = builder.create<LLVM::LoadOp>(loc, builder.getI64Type(),
                                                  address, /*alignment=*/8);
      op->replaceAllUsesWith(ValueRange{asIndex(number)});
      op->erase();
    } else if (auto memory = dyn_cast<kern::ScratchOp>(op)) {
      auto type = cast<MemRefType>(memory.getType());
      op->replaceAllUsesWith(
          ValueRange{memoryAt(offsetPointer(scratch, used), type)});
      used +=
          llvm::alignTo(type.getNumElements() *
                            llvm::divideCeil(type.getElementTypeBitWidth(), 8),
                        SINTER_BINDING_ALIGNMENT);
      op->erase();
    } else if (auto prefetch = dyn_cast<kern::PrefetchOp>(op)) {
      // wasm has no such instruction.
      if (pointerBits == 64)
        builder.create<memref::PrefetchOp>(
            loc, prefetch.getBase(), prefetch.getIndex(), /*isWrite=*/false,
            /*localityHint=*/3,
            /*isDataCache=*/true);
      op->erase();
    }
  });
}

/// kern.once, kern.for_items, kern.return, which stand directly in the kernel.
void KernelLowering::lowerStructure(Block &block, Value begin, Value end,
                                    Value first) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    builder.setInsertionPoint(&op);
    if (auto once = dyn_cast<kern::OnceOp>(op)) {
      Value zero = builder.create<arith::ConstantIntOp>(loc, 0, 64);
      Value isFirst = builder.create<arith::CmpIOp>(
          loc, arith::CmpIPredicate::ne, first, zero);
      auto branch = builder.create<scf::IfOp>(loc, isFirst);
      Block &target = branch.getThenRegion().front();
      target.getOperations().splice(target.begin(),
                                    once.getBody().front().getOperations());
      op.erase();
    } else if (auto items = dyn_cast<kern::ForItemsOp>(op)) {
      Value step = builder.create<arith::ConstantIndexOp>(loc, 1);
      auto loop =
          builder.create<scf::ForOp>(loc, asIndex(begin), asIndex(end), step);
      items.getItem().replaceAllUsesWith(loop.getInductionVar());
      Block &target = *loop.getBody();
      target.getOperations().splice(target.begin(),
                                    items.getBody().front().getOperations());
      op.erase();
    } else if (isa<kern::ReturnOp>(op)) {
      builder.create<func::ReturnOp>(loc);
      op.erase();
    }
  }
}

/// The function the runtime calls.
void KernelLowering::createEntry(func::FuncOp body) {
  SmallVector<Type> inputs(3, pointer);
  inputs.append(3, builder.getI64Type());
  auto entry = builder.create<func::FuncOp>(
      loc, kernel.getSymName(), builder.getFunctionType(inputs, {}));
  for (int64_t i = 0; i < 3; ++i)
    entry.setArgAttr(i, LLVM::LLVMDialect::getNoUndefAttrName(),
                     builder.getUnitAttr());
  OpBuilder::InsertionGuard guard(builder);
  Block *block = entry.addEntryBlock();
  builder.setInsertionPointToStart(block);
  SmallVector<Value> arguments;
  for (size_t i = 0; i < kernel.getArgumentTypes().size(); ++i)
    arguments.push_back(builder.create<LLVM::LoadOp>(
        loc, pointer, offsetPointer(block->getArgument(0), i * pointerBytes()),
        /*alignment=*/pointerBytes()));
  llvm::append_range(arguments, block->getArguments().drop_front());
  builder.create<func::CallOp>(loc, body, arguments);
  builder.create<func::ReturnOp>(loc);
}

struct LowerKernelPass
    : public cpu::impl::LowerKernelPassBase<LowerKernelPass> {
  using LowerKernelPassBase::LowerKernelPassBase;

  void runOnOperation() override {
    for (auto kernel :
         llvm::make_early_inc_range(getOperation().getOps<kern::KernelOp>()))
      KernelLowering(kernel, pointerBits).run();
  }
};

} // namespace
