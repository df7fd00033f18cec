// Symbols and regions: verifiers, and the shared shape checks.
#include "dialects/xf/XfVerify.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace sinter::xf;

LogicalResult sinter::xf::verifyActivation(Operation *op, Value value,
                                           StringRef name, StringRef id) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() != 2 || type.isDynamicDim(1) || type.getDimSize(1) <= 0 ||
      type.getDimSize(0) == 0)
    return op->emitOpError() << name
                             << " must be tensor<TxDxf32> with a static, "
                                "positive D, got "
                             << type << " (" << id << ")";
  return success();
}

LogicalResult sinter::xf::verifyWeight(Operation *op, Value value,
                                       ArrayRef<int64_t> shape, StringRef name,
                                       StringRef id) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.hasStaticShape() && type.getShape() == shape)
    return success();
  auto diagnostic = op->emitOpError() << name << " must have shape [";
  llvm::interleaveComma(shape, diagnostic);
  return diagnostic << "], got " << type << " (" << id << ")";
}

LogicalResult sinter::xf::verifyShape(Operation *op, Value value, int64_t rows,
                                      int64_t columns, StringRef name,
                                      StringRef id) {
  if (failed(verifyActivation(op, value, name, id)))
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

LogicalResult WeightOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  bool hasQuant = isa_and_nonnull<QuantAttr>(type.getEncoding());
  if (!type.hasStaticShape() || !type.getElementType().isF32() ||
      type.getRank() < 1 || type.getRank() > 2 || !hasQuant)
    return emitOpError("type must be a static f32 tensor of rank 1 or 2 with a "
                       "#xf.quant encoding, got ")
           << type << " (weight_c1)";
  bool fromFile = getSources() && !getSources()->empty();
  if (fromFile == getRope().has_value())
    return emitOpError("needs either sources or rope (weight_c2)");
  if (!getRope())
    return success();
  if (type.getRank() != 2 || type.getDimSize(1) != getRope()->getDim() ||
      getScheme(type) != Scheme::f32)
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
  for (Operation &op : body)
    if (!isa<XfDialect>(op.getDialect()) || isa<FusedOp>(op))
      return op.emitOpError("is not allowed in xf.fused (fused_c2)");
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

LogicalResult RegionOp::verify() {
  if (getBody().empty())
    return emitOpError("must have a body (region_c1)");
  auto yield = dyn_cast<YieldOp>(getBody().front().getTerminator());
  if (!yield || !llvm::equal(yield.getOperandTypes(), getResultTypes()))
    return emitOpError("must end in xf.yield of the result types (region_c1)");
  return success();
}
