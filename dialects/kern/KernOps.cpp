// Verifiers and assembly of the kern ops.
#include "dialects/kern/Kern.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::kern;

//===-- kern.kernel -------------------------------------------------------===//

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &builder, ArrayRef<Type> inputs,
                      ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag, std::string &) {
    return builder.getFunctionType(inputs, results);
  };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false,
      getFunctionTypeAttrName(result.name), buildType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void KernelOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

static bool isBinding(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.getRank() == 1 && memref.getLayout().isIdentity() &&
         memref.getElementType().isIntOrFloat();
}

LogicalResult KernelOp::verify() {
  if (!llvm::all_of(getArgumentTypes(), isBinding) || !getResultTypes().empty())
    return emitOpError("arguments must be rank-1 memrefs of numbers and there "
                       "are no results (kernel_c1)");
  if (getBody().empty())
    return emitOpError("must have a body (kernel_c2)");
  Block &body = getBody().front();
  bool single = llvm::hasSingleElement(getBody());
  int64_t once = 0, loops = 0;
  for (Operation &op : body) {
    if (isa<OnceOp>(op)) {
      if (loops)
        return op.emitOpError("must come before kern.for_items (kernel_c2)");
      ++once;
    }
    loops += isa<ForItemsOp>(op);
  }
  if (!single || once > 1 || loops != 1)
    return emitOpError("must be one block with at most one kern.once and "
                       "exactly one kern.for_items (kernel_c2)");
  if (!isa<ReturnOp>(body.back()))
    return emitOpError("must end in kern.return (kernel_c3)");
  return success();
}

static int64_t getElementBytes(MemRefType type) {
  return llvm::divideCeil(type.getElementType().getIntOrFloatBitWidth(), 8);
}

int64_t KernelOp::getScratchBytes() {
  int64_t total = 0;
  for (ScratchOp scratch : getBody().front().getOps<ScratchOp>()) {
    auto type = cast<MemRefType>(scratch.getType());
    total += llvm::alignTo(type.getDimSize(0) * getElementBytes(type), 64);
  }
  return total;
}

//===-- kern.for_items ----------------------------------------------------===//

ParseResult ForItemsOp::parse(OpAsmParser &parser, OperationState &result) {
  OpAsmParser::Argument item;
  if (parser.parseArgument(item))
    return failure();
  item.type = parser.getBuilder().getIndexType();
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  return parser.parseRegion(*result.addRegion(), {item});
}

void ForItemsOp::print(OpAsmPrinter &printer) {
  printer << " ";
  printer.printRegionArgument(getItem(), {}, /*omitType=*/true);
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs());
  printer << " ";
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

LogicalResult ForItemsOp::verify() {
  Block &body = getBody().front();
  if (body.getNumArguments() != 1 || !body.getArgument(0).getType().isIndex())
    return emitOpError("must have one argument of type index (for_items_c1)");
  return success();
}

//===-- kern.scratch, kern.dot4 -------------------------------------------===//

LogicalResult ScratchOp::verify() {
  auto type = cast<MemRefType>(getType());
  if (!type.hasStaticShape() || !type.getLayout().isIdentity() ||
      !type.getElementType().isIntOrFloat())
    return emitOpError("must give a static memref of numbers (scratch_c1)");
  constexpr int64_t limit = int64_t(1) << 30;
  int64_t elements = type.getDimSize(0);
  if (elements <= 0 || elements > limit ||
      elements * getElementBytes(type) > limit)
    return emitOpError("must have from 1 byte to 1 GiB (scratch_c1)");
  if (!isa_and_nonnull<KernelOp>((*this)->getParentOp()))
    return emitOpError("must stand directly in the kernel (scratch_c2)");
  return success();
}

LogicalResult Dot4Op::verify() {
  auto acc = cast<VectorType>(getAcc().getType());
  auto lhs = cast<VectorType>(getLhs().getType());
  if (acc.isScalable() || lhs.isScalable() || lhs.getDimSize(0) % 4 ||
      lhs.getDimSize(0) / 4 != acc.getDimSize(0))
    return emitOpError("lhs and rhs must have four times the elements of acc "
                       "(dot4_c1)");
  return success();
}
