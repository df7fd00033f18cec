// Symbols and regions: verifiers, and the shared shape checks.
#include "dialects/xf/XfVerify.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::xf;

/// Activations are plain f32 (no encoding) or dyn_i8.
static bool isStoredAs(RankedTensorType type, Scheme scheme) {
  if (scheme == Scheme::f32)
    return !type.getEncoding();
  return isa_and_nonnull<QuantAttr>(type.getEncoding()) &&
         getScheme(type) == scheme;
}

LogicalResult sinter::xf::verifyActivation(Operation *op, Value value,
                                           StringRef name, StringRef id,
                                           Scheme scheme) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() != 2 || type.isDynamicDim(1) || type.getDimSize(1) <= 0 ||
      type.getDimSize(0) == 0)
    return op->emitOpError() << name
                             << " must be tensor<TxDxf32> with a static, "
                                "positive D, got "
                             << type << " (" << id << ")";
  if (!isStoredAs(type, scheme))
    return op->emitOpError() << name << " must have "
                             << (scheme == Scheme::f32 ? "no" : "a dyn_i8")
                             << " encoding, got " << type << " (" << id << ")";
  return success();
}

LogicalResult sinter::xf::verifySameActivations(Operation *op, StringRef id) {
  Value result = op->getResult(0);
  if (failed(verifyActivation(op, result, "result", id)))
    return failure();
  for (Type type : op->getOperandTypes())
    if (type != result.getType())
      return op->emitOpError() << "operands must have the result's type "
                               << result.getType() << " (" << id << ")";
  return success();
}

LogicalResult sinter::xf::verifyWeight(Operation *op, Value value,
                                       ArrayRef<int64_t> shape, StringRef name,
                                       StringRef id) {
  auto type = cast<RankedTensorType>(value.getType());
  Attribute encoding = type.getEncoding();
  if (encoding &&
      (!isa<QuantAttr>(encoding) || getScheme(type) == Scheme::dyn_i8))
    return op->emitOpError() << name << " must be stored as a weight, got "
                             << type << " (" << id << ")";
  if (type.hasStaticShape() && type.getShape() == shape)
    return success();
  auto diagnostic = op->emitOpError() << name << " must have shape [";
  llvm::interleaveComma(shape, diagnostic);
  return diagnostic << "], got " << type << " (" << id << ")";
}

LogicalResult sinter::xf::verifyShape(Operation *op, Value value, int64_t rows,
                                      int64_t columns, StringRef name,
                                      StringRef id, Scheme scheme) {
  if (failed(verifyActivation(op, value, name, id, scheme)))
    return failure();
  if (rowsOf(value) == rows && columnsOf(value) == columns)
    return success();
  auto diagnostic = op->emitOpError() << name << " must be tensor<";
  if (ShapedType::isDynamic(rows))
    diagnostic << "?";
  else
    diagnostic << rows;
  return diagnostic << "x" << columns << "xf32>, got " << value.getType()
                    << " (" << id << ")";
}

LogicalResult sinter::xf::verifyRegionBody(Block &body, StringRef where,
                                           StringRef id) {
  for (Operation &op : body)
    if (!isa_and_nonnull<XfDialect>(op.getDialect()) ||
        isa<FusedOp, WeightOp, StateOp, RegionOp>(op))
      return op.emitOpError()
             << "is not allowed in " << where << " (" << id << ")";
  return success();
}

/// Elements of a static shape, at most what a file can hold.
static bool hasSaneSize(RankedTensorType type) {
  constexpr int64_t limit = int64_t(1) << 48;
  int64_t elements = 1;
  for (int64_t size : type.getShape())
    if (size <= 0 || llvm::MulOverflow(elements, size, elements) ||
        elements > limit)
      return false;
  return true;
}

LogicalResult WeightOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  bool hasQuant = isa_and_nonnull<QuantAttr>(type.getEncoding());
  if (!type.hasStaticShape() || !type.getElementType().isF32() ||
      type.getRank() < 1 || type.getRank() > 2 || !hasQuant)
    return emitOpError("type must be a static f32 tensor of rank 1 or 2 with a "
                       "#xf.quant encoding, got ")
           << type << " (weight_c1)";
  Scheme scheme = getScheme(type);
  if (scheme == Scheme::dyn_i8 ||
      (type.getRank() == 1 && isIntegerScheme(scheme)))
    return emitOpError("a tensor of rank ")
           << type.getRank() << " is not stored as " << stringifyScheme(scheme)
           << " (weight_c1)";
  if (!hasSaneSize(type))
    return emitOpError("has an impossible size: ") << type << " (weight_c1)";
  int kinds =
      getSources().has_value() + getRope().has_value() + getAlibi().has_value();
  if (kinds != 1 || (getSources() && getSources()->empty()))
    return emitOpError("needs either sources, rope or alibi (weight_c2)");
  if (getAlibi() &&
      (type.getRank() != 2 || type.getDimSize(0) != getAlibi()->getHeads() ||
       scheme != Scheme::f32))
    return emitOpError("a table of position biases must be tensor<")
           << getAlibi()->getHeads()
           << " x context x f32, #xf.quant<f32>> (weight_c4)";
  if (!getRope())
    return success();
  if (type.getRank() != 2 || type.getDimSize(1) != getRope()->getDim() ||
      scheme != Scheme::f32)
    return emitOpError("a rotary table must be tensor<context x ")
           << getRope()->getDim() << "xf32, #xf.quant<f32>> (weight_c3)";
  return success();
}

LogicalResult GetWeightOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto weight =
      symbols.lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  if (!weight)
    return emitOpError() << getWeightAttr()
                         << " is not an xf.weight (get_weight_c1)";
  if (weight.getType() != getResult().getType())
    return emitOpError() << "result must have the weight's type "
                         << weight.getType() << " (get_weight_c1)";
  return success();
}

LogicalResult GetStateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto state = symbols.lookupNearestSymbolFrom<StateOp>(*this, getStateAttr());
  if (!state)
    return emitOpError() << getStateAttr()
                         << " is not an xf.state (get_state_c1)";
  if (state.getType() != getResult().getType())
    return emitOpError() << "result must have the state's type "
                         << state.getType() << " (get_state_c1)";
  return success();
}

LogicalResult FusedOp::verify() {
  Block &body = getBody().front();
  if (body.getArgumentTypes() != getInputs().getTypes())
    return emitOpError(
        "block arguments must have the operands' types (fused_c1)");
  if (failed(verifyRegionBody(body, "xf.fused", "fused_c2")))
    return failure();
  if (body.getTerminator()->getOperandTypes() != getResultTypes())
    return emitOpError("yielded types must be the results' (fused_c1)");
  return success();
}

ParseResult RegionOp::parse(OpAsmParser &parser, OperationState &result) {
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

void RegionOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

/// Activations, weights, tokens and caches.
static bool isRegionValue(Type type) {
  return isa<RankedTensorType, KvCacheType>(type);
}

LogicalResult RegionOp::verify() {
  if (!llvm::all_of(getArgumentTypes(), isRegionValue) ||
      !llvm::all_of(getResultTypes(),
                    [](Type type) { return isa<RankedTensorType>(type); }))
    return emitOpError("takes ranked tensors and caches and gives ranked "
                       "tensors (region_c3)");
  if (!llvm::hasSingleElement(getBody()) || getBody().front().empty())
    return emitOpError("must have a body of one block (region_c1)");
  Block &body = getBody().front();
  if (failed(verifyRegionBody(body, "xf.region", "region_c2")))
    return failure();
  auto yield = dyn_cast<YieldOp>(body.back());
  if (!yield || !llvm::equal(yield.getOperandTypes(), getResultTypes()))
    return emitOpError("must end in xf.yield of the result types (region_c1)");
  return success();
}
