// Values as text (Expressions.h): a table for what is spelled by a symbol or a
// function, code for the rest.
#include "targets/wgsl/printer/Expressions.h"

#include "dialects/kern/Kern.h"
#include "targets/wgsl/printer/Literals.h"
#include "targets/wgsl/raise/WgslPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::wgsl;

namespace {

enum class Form { product, sum, bits, shift, unary, call };

/// An op that is a symbol between its operands, or a function of them. `sign`
/// is what its integer operands must be; `either`: what the result is.
struct Spelling {
  Form form;
  StringRef text;
  Sign sign = Sign::either;
};

const llvm::StringMap<Spelling> &spellings() {
  static const auto *table = new llvm::StringMap<Spelling>{
      {"arith.addf", {Form::sum, "+"}},
      {"arith.subf", {Form::sum, "-"}},
      {"arith.mulf", {Form::product, "*"}},
      {"arith.divf", {Form::product, "/"}},
      {"arith.remf", {Form::product, "%"}},
      {"arith.negf", {Form::unary, "-"}},
      {"arith.addi", {Form::sum, "+"}},
      {"arith.subi", {Form::sum, "-"}},
      {"arith.muli", {Form::product, "*"}},
      {"arith.divui", {Form::product, "/", Sign::u32}},
      {"arith.divsi", {Form::product, "/", Sign::i32}},
      {"arith.remui", {Form::product, "%", Sign::u32}},
      {"arith.remsi", {Form::product, "%", Sign::i32}},
      {"arith.andi", {Form::bits, "&"}},
      {"arith.ori", {Form::bits, "|"}},
      {"arith.xori", {Form::bits, "^"}},
      {"arith.shli", {Form::shift, "<<"}},
      {"arith.shrui", {Form::shift, ">>", Sign::u32}},
      {"arith.shrsi", {Form::shift, ">>", Sign::i32}},
      {"arith.maximumf", {Form::call, "max"}},
      {"arith.maxnumf", {Form::call, "max"}},
      {"arith.minimumf", {Form::call, "min"}},
      {"arith.minnumf", {Form::call, "min"}},
      {"arith.maxui", {Form::call, "max", Sign::u32}},
      {"arith.maxsi", {Form::call, "max", Sign::i32}},
      {"arith.minui", {Form::call, "min", Sign::u32}},
      {"arith.minsi", {Form::call, "min", Sign::i32}},
      {"math.absf", {Form::call, "abs"}},
      {"math.absi", {Form::call, "abs", Sign::i32}},
      {"math.atan", {Form::call, "atan"}},
      {"math.atan2", {Form::call, "atan2"}},
      {"math.ceil", {Form::call, "ceil"}},
      {"math.cos", {Form::call, "cos"}},
      {"math.ctlz", {Form::call, "countLeadingZeros"}},
      {"math.ctpop", {Form::call, "countOneBits"}},
      {"math.cttz", {Form::call, "countTrailingZeros"}},
      {"math.exp", {Form::call, "exp"}},
      {"math.exp2", {Form::call, "exp2"}},
      {"math.floor", {Form::call, "floor"}},
      {"math.fma", {Form::call, "fma"}},
      {"math.log", {Form::call, "log"}},
      {"math.log2", {Form::call, "log2"}},
      {"math.powf", {Form::call, "pow"}},
      {"math.roundeven", {Form::call, "round"}},
      {"math.rsqrt", {Form::call, "inverseSqrt"}},
      {"math.sin", {Form::call, "sin"}},
      {"math.sqrt", {Form::call, "sqrt"}},
      {"math.tan", {Form::call, "tan"}},
      {"math.trunc", {Form::call, "trunc"}},
      {"kern.bitcast_f16", {Form::call, "bitcast<vec2<f16>>", Sign::u32}},
      {"kern.pack_f16", {Form::call, "pack2x16float"}},
      {"kern.packed_dot", {Form::call, "dot4I8Packed", Sign::u32}},
      {"kern.unpack_f16", {Form::call, "unpack2x16float", Sign::u32}},
  };
  return *table;
}

bool isNumber(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isIndex() || element.isInteger(32);
}

/// What i32 and u32 operands of an op must be where its result decides.
Sign signOf(Operation *op) {
  return op->hasAttr(kSignedAttr) ? Sign::i32 : Sign::u32;
}

std::string literal(Attribute value, Sign sign) {
  if (auto flag = dyn_cast<BoolAttr>(value))
    return flag.getValue() ? "true" : "false";
  if (auto number = dyn_cast<FloatAttr>(value))
    return floatLiteral(number.getValue());
  if (auto number = dyn_cast<IntegerAttr>(value))
    return integerLiteral(uint32_t(number.getValue().getSExtValue()),
                          sign == Sign::i32);
  return "";
}

/// A constant's text, with every element where they differ.
std::string constant(Attribute value, Type type, Sign sign) {
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return literal(value, sign);
  std::string text = typeName(type, sign == Sign::i32) + "(";
  if (dense.isSplat())
    return text + literal(dense.getSplatValue<Attribute>(), sign) + ")";
  for (auto [index, element] : llvm::enumerate(dense.getValues<Attribute>()))
    text += (index ? ", " : "") + literal(element, sign);
  return text + ")";
}

} // namespace

bool wgsl::isSigned(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasAttr(kSignedAttr);
}

Expression Expressions::use(Value value, Sign sign) {
  Attribute attr;
  auto named = names.find(value);
  if (named == names.end() && matchPattern(value, m_Constant(&attr)))
    return {constant(attr, value.getType(), sign)};
  Expression result = named == names.end() ? spell(value.getDefiningOp())
                                           : Expression{named->second};
  if (sign == Sign::either || !isNumber(value.getType()) ||
      isSigned(value) == (sign == Sign::i32))
    return result;
  return {"bitcast<" + typeName(value.getType(), sign == Sign::i32) + ">(" +
          result.text + ")"};
}

std::string Expressions::operand(Value value, Level level, Sign sign) {
  Expression inner = use(value, sign);
  return inner.level <= level ? inner.text : "(" + inner.text + ")";
}

std::string Expressions::call(StringRef function, ValueRange operands,
                              Sign sign) {
  std::string text = function.str() + "(";
  for (auto [index, value] : llvm::enumerate(operands))
    text += (index ? ", " : "") + argument(value, sign);
  return text + ")";
}

bool Expressions::mentions(Value value,
                           const llvm::StringSet<> &variables) const {
  if (auto named = names.find(value); named != names.end())
    return variables.contains(named->second);
  if (!value.getDefiningOp())
    return false;
  return llvm::any_of(value.getDefiningOp()->getOperands(), [&](Value operand) {
    return mentions(operand, variables);
  });
}

//===-- Ops that are more than a symbol -----------------------------------===//

Expression Expressions::compare(Operation *op) {
  StringRef symbol;
  Sign sign = Sign::either;
  if (auto compare = dyn_cast<arith::CmpFOp>(op)) {
    switch (compare.getPredicate()) {
    case arith::CmpFPredicate::OEQ:
      symbol = "==";
      break;
    case arith::CmpFPredicate::UNE:
      symbol = "!=";
      break;
    case arith::CmpFPredicate::OLT:
      symbol = "<";
      break;
    case arith::CmpFPredicate::OLE:
      symbol = "<=";
      break;
    case arith::CmpFPredicate::OGT:
      symbol = ">";
      break;
    case arith::CmpFPredicate::OGE:
      symbol = ">=";
      break;
    default:
      return {};
    }
  } else {
    static constexpr StringLiteral symbols[] = {"==", "!=", "<",  "<=", ">",
                                                ">=", "<",  "<=", ">",  ">="};
    auto predicate = cast<arith::CmpIOp>(op).getPredicate();
    symbol = symbols[unsigned(predicate)];
    sign = predicate >= arith::CmpIPredicate::slt &&
                   predicate <= arith::CmpIPredicate::sge
               ? Sign::i32
               : Sign::u32;
  }
  return {operand(op->getOperand(0), Level::sum, sign) + " " + symbol.str() +
              " " + operand(op->getOperand(1), Level::sum, sign),
          Level::loose};
}

Expression Expressions::convert(Operation *op) {
  Value from = op->getOperand(0);
  Type type = op->getResult(0).getType();
  std::string target = typeName(type, op->hasAttr(kSignedAttr));
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op))
    return isNumber(from.getType()) ? use(from, signOf(op)) : Expression{};
  if (isa<arith::BitcastOp>(op))
    return {"bitcast<" + target + ">(" + argument(from) + ")"};
  if (isa<arith::ExtSIOp>(op)) {
    if (!getElementTypeOrSelf(from.getType()).isInteger(1))
      return {};
    return {"select(" + target + "(0u), " + target + "(0xffffffffu), " +
            argument(from) + ")"};
  }
  if (isa<arith::TruncIOp>(op)) {
    if (!getElementTypeOrSelf(type).isInteger(1))
      return {};
    std::string wide = typeName(from.getType());
    return {"(" + operand(from, Level::unary, Sign::u32) + " & " + wide +
                "(1u)) != " + wide + "(0u)",
            Level::loose};
  }
  if (isa<arith::SIToFPOp>(op) && !isNumber(from.getType()))
    return {};
  Sign sign = isa<arith::SIToFPOp>(op)   ? Sign::i32
              : isa<arith::UIToFPOp>(op) ? Sign::u32
                                         : Sign::either;
  return {target + "(" + argument(from, sign) + ")"};
}

/// Vectors and their elements.
Expression Expressions::element(Operation *op) {
  std::string type =
      typeName(op->getResult(0).getType(), op->hasAttr(kSignedAttr));
  if (auto extract = dyn_cast<vector::ExtractOp>(op)) {
    if (extract.getNumIndices() != 1)
      return {};
    std::string vector = operand(extract.getVector(), Level::primary);
    if (extract.hasDynamicPosition())
      return {vector + "[" +
              argument(extract.getDynamicPosition()[0], Sign::u32) + "]"};
    return {vector + "." + "xyzw"[extract.getStaticPosition()[0]]};
  }
  if (isa<vector::BroadcastOp>(op) &&
      op->getOperand(0).getType() == op->getResult(0).getType())
    return use(op->getOperand(0));
  return {call(type, op->getOperands(), signOf(op))};
}

/// What only this dialect has.
Expression Expressions::special(Operation *op) {
  if (isa<kern::LaneOp>(op))
    return {"lane"};
  if (isa<kern::BlockOp>(op))
    return {"workgroup.y"};
  if (isa<kern::SubgroupLaneOp>(op))
    return {"subgroup_lane"};
  if (isa<kern::SubgroupSizeOp>(op))
    return {"subgroup_size"};
  if (auto scalar = dyn_cast<kern::ScalarOp>(op))
    return {"scalars." + kern::stringifyScalar(scalar.getWhich()).str()};
  if (auto reduce = dyn_cast<kern::SubgroupReduceOp>(op))
    return {call(reduce.getKind() == kern::Reduction::add ? "subgroupAdd"
                                                          : "subgroupMax",
                 reduce.getX())};
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return {names[load.getMemRef()] + "[" +
            argument(load.getIndices()[0], Sign::u32) + "]"};
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    Sign sign = signOf(op);
    return {"select(" + argument(select.getFalseValue(), sign) + ", " +
            argument(select.getTrueValue(), sign) + ", " +
            argument(select.getCondition()) + ")"};
  }
  return {};
}

/// not x, or x != y.
static bool isNegation(Operation *op) {
  return isa<arith::XOrIOp>(op) && matchPattern(op->getOperand(1), m_One());
}

Expression Expressions::spell(Operation *op) {
  if (typeName(op->getResult(0).getType()).empty())
    return {};
  if (auto known = dyn_cast<arith::ConstantOp>(op))
    return {constant(known.getValue(), op->getResult(0).getType(), signOf(op))};
  if (isa<arith::CmpIOp, arith::CmpFOp>(op))
    return compare(op);
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::BitcastOp,
          arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp, arith::SIToFPOp,
          arith::UIToFPOp, arith::FPToSIOp, arith::FPToUIOp, arith::ExtFOp,
          arith::TruncFOp>(op))
    return convert(op);
  if (isa<vector::BroadcastOp, vector::ExtractOp, vector::FromElementsOp>(op))
    return element(op);
  auto found = spellings().find(op->getName().getStringRef());
  if (found == spellings().end())
    return special(op);

  const Spelling &spelling = found->second;
  Sign sign = spelling.sign == Sign::either ? signOf(op) : spelling.sign;
  if (spelling.form == Form::call)
    return {call(spelling.text, op->getOperands(), sign)};
  if (spelling.form == Form::unary)
    return {spelling.text.str() + operand(op->getOperand(0), Level::primary),
            Level::unary};
  bool flags = getElementTypeOrSelf(op->getResult(0).getType()).isInteger(1);
  if (flags && isNegation(op))
    return {"!" + operand(op->getOperand(0), Level::primary), Level::unary};
  StringRef symbol =
      flags && isa<arith::XOrIOp>(op) ? StringRef("!=") : spelling.text;
  Level result = Level::loose, left = Level::unary, right = Level::unary;
  if (spelling.form == Form::product)
    result = left = Level::product;
  else if (spelling.form == Form::sum)
    result = left = Level::sum, right = Level::product;
  Sign rightSign = spelling.form == Form::shift ? Sign::u32 : sign;
  return {operand(op->getOperand(0), left, sign) + " " + symbol.str() + " " +
              operand(op->getOperand(1), right, rightSign),
          result};
}
