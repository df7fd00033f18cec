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

/// A number, or on a grid a word or four of them.
static bool isElement(Type type, bool grid) {
  if (!grid)
    return type.isIntOrFloat();
  if (auto vector = dyn_cast<VectorType>(type)) {
    if (vector.getShape() != ArrayRef<int64_t>(4) || vector.isScalable())
      return false;
    type = vector.getElementType();
  }
  return type.isInteger(32) || type.isF32();
}

static bool isBinding(Type type, bool grid) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.getRank() == 1 && memref.getLayout().isIdentity() &&
         isElement(memref.getElementType(), grid);
}

static bool isArgumentAttr(NamedAttribute attr) {
  if (attr.getName() == KernelOp::kNameAttr)
    return isa<StringAttr>(attr.getValue());
  return attr.getName() == KernelOp::kReadonlyAttr &&
         isa<UnitAttr>(attr.getValue());
}

/// kern.readonly and what it promises.
static LogicalResult verifyArgument(KernelOp kernel, unsigned index) {
  for (NamedAttribute attr :
       function_interface_impl::getArgAttrs(kernel, index))
    if (attr.getNameDialect() == kernel->getDialect() && !isArgumentAttr(attr))
      return kernel.emitOpError("argument ")
             << index << " has the attribute " << attr.getName()
             << ", expected the unit kern.readonly or the string kern.name "
                "(kernel_c5)";
  if (!kernel.isReadonly(index))
    return success();
  BlockArgument argument = kernel.getBody().getArgument(index);
  for (Operation *user : argument.getUsers())
    if (auto effects = dyn_cast<MemoryEffectOpInterface>(user))
      if (effects.getEffectOnValue<MemoryEffects::Write>(argument))
        return user->emitOpError("writes a readonly argument (kernel_c5)");
  return success();
}

LogicalResult KernelOp::verify() {
  bool grid = isGrid();
  if (!llvm::all_of(getArgumentTypes(),
                    [&](Type type) { return isBinding(type, grid); }) ||
      !getResultTypes().empty())
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
  if (getItemsPerGroup() < 1 || (!grid && getItemsPerGroup() != 1))
    return emitOpError("items_per_group must be at least 1, and 1 where there "
                       "are no workgroups (kernel_c4)");
  for (unsigned index = 0; index < getNumArguments(); ++index)
    if (failed(verifyArgument(*this, index)))
      return failure();
  return success();
}

static int64_t getElementBytes(MemRefType type) {
  Type element = type.getElementType();
  if (auto vector = dyn_cast<VectorType>(element))
    return vector.getNumElements() * (vector.getElementTypeBitWidth() / 8);
  return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

int64_t KernelOp::getSharedBytes() {
  int64_t total = 0;
  for (ScratchOp scratch : getBody().front().getOps<ScratchOp>()) {
    auto type = cast<MemRefType>(scratch.getType());
    if (scratch.getShared())
      total += llvm::alignTo(type.getDimSize(0) * getElementBytes(type), 16);
  }
  return total;
}

int64_t KernelOp::getScratchBytes() {
  if (isGrid())
    return 0;
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
  auto kernel = (*this)->getParentOfType<KernelOp>();
  if (!type.hasStaticShape() || !type.getLayout().isIdentity() ||
      !isElement(type.getElementType(), kernel && kernel.isGrid()))
    return emitOpError("must give a static memref of numbers (scratch_c1)");
  constexpr int64_t limit = int64_t(1) << 30;
  int64_t elements = type.getDimSize(0);
  if (elements <= 0 || elements > limit ||
      elements * getElementBytes(type) > limit)
    return emitOpError("must have from 1 byte to 1 GiB (scratch_c1)");
  if (!isa_and_nonnull<KernelOp>((*this)->getParentOp()))
    return emitOpError("must stand directly in the kernel (scratch_c2)");
  if (getShared() && !(kernel.isGrid() && kernel.getCaps().getCheapBarriers()))
    return emitOpError("must not be shared without workgroups that may meet "
                       "(scratch_c3)");
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

//===-- Grids -------------------------------------------------------------===//

/// The caps an op may use; null outside of a grid's kernel.
static CapsAttr gridCaps(Operation *op) {
  auto kernel = op->getParentOfType<KernelOp>();
  return kernel && kernel.isGrid() ? kernel.getCaps() : CapsAttr();
}

static LogicalResult verifySubgroups(Operation *op, StringRef id) {
  CapsAttr caps = gridCaps(op);
  if (!caps || !caps.has(Feature::subgroups) || !caps.getCheapBarriers())
    return op->emitOpError("needs a grid with subgroups and cheap barriers (")
           << id << ")";
  return success();
}

LogicalResult LaneOp::verify() {
  if (!gridCaps(*this))
    return emitOpError("needs a grid (lane_c1)");
  return success();
}

LogicalResult BlockOp::verify() {
  if (!gridCaps(*this))
    return emitOpError("needs a grid (block_c1)");
  return success();
}

LogicalResult BarrierOp::verify() {
  CapsAttr caps = gridCaps(*this);
  if (!caps || !caps.getCheapBarriers())
    return emitOpError("needs a grid with cheap barriers (barrier_c1)");
  return success();
}

LogicalResult SubgroupReduceOp::verify() {
  return verifySubgroups(*this, "subgroup_reduce_c1");
}

LogicalResult SubgroupLaneOp::verify() {
  return verifySubgroups(*this, "subgroup_lane_c1");
}

LogicalResult SubgroupSizeOp::verify() {
  return verifySubgroups(*this, "subgroup_size_c1");
}

LogicalResult BitcastF16Op::verify() {
  CapsAttr caps = gridCaps(*this);
  if (!caps || !caps.has(Feature::shader_f16))
    return emitOpError("needs a grid with shader_f16 (bitcast_f16_c1)");
  return success();
}

LogicalResult PackedDotOp::verify() {
  CapsAttr caps = gridCaps(*this);
  if (!caps || !caps.has(Feature::packed_dot))
    return emitOpError("needs a grid with packed_dot (packed_dot_c1)");
  return success();
}
