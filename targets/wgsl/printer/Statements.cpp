// Statements (Statements.h).
#include "targets/wgsl/printer/Statements.h"

#include "dialects/kern/Kern.h"
#include "targets/wgsl/printer/Literals.h"
#include "targets/wgsl/raise/WgslPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::wgsl;

/// Ops of one expression, so that lines stay short.
static constexpr unsigned kMostOps = 20;

/// A name that says what kind of value it is; `kern.name` says more.
static std::string hint(Operation &op) {
  if (auto name = op.getAttrOfType<StringAttr>(kern::KernelOp::kNameAttr))
    return name.getValue().str();
  if (auto scalar = dyn_cast<kern::ScalarOp>(op))
    return kern::stringifyScalar(scalar.getWhich()).str();
  Type type = op.getResult(0).getType();
  Type element = getElementTypeOrSelf(type);
  std::string name = isa<FloatType>(element)     ? "f"
                     : element.isInteger(1)      ? "b"
                     : isSigned(op.getResult(0)) ? "i"
                                                 : "u";
  return isa<VectorType>(type) ? "v" + name : name;
}

/// A load that gives the same number wherever it is written.
static bool isConstantLoad(Operation &op) {
  auto load = dyn_cast<memref::LoadOp>(op);
  if (!load)
    return false;
  auto binding = dyn_cast<BlockArgument>(load.getMemRef());
  auto kernel =
      binding ? dyn_cast<kern::KernelOp>(binding.getOwner()->getParentOp())
              : kern::KernelOp();
  return kernel && kernel.isReadonly(binding.getArgNumber());
}

/// What is one short word on top of its operand.
static bool isFree(Operation &op) {
  if (auto extract = dyn_cast<vector::ExtractOp>(op))
    return !extract.hasDynamicPosition();
  return isa<kern::LaneOp, kern::BlockOp, kern::SubgroupLaneOp,
             kern::SubgroupSizeOp, arith::IndexCastOp, arith::IndexCastUIOp>(
      op);
}

unsigned Statements::weight(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || values.isNamed(value) || isa<arith::ConstantOp>(op))
    return 0;
  unsigned total = 1;
  for (Value operand : op->getOperands())
    total += weight(operand);
  return total;
}

bool Statements::writtenAtUse(Operation &op) {
  if (isa<arith::ConstantOp>(op))
    return !op.hasAttr(kLetAttr);
  if (isFree(op) && (op.getNumOperands() == 0 || !weight(op.getOperand(0))))
    return true;
  if (!isMemoryEffectFree(&op) && !isConstantLoad(op))
    return false;
  Value result = op.getResult(0);
  return result.hasOneUse() &&
         (*result.user_begin())->getBlock() == op.getBlock() &&
         weight(result) <= kMostOps && !op.hasAttr(kern::KernelOp::kNameAttr);
}

void Statements::let(Value value, const std::string &text) {
  std::string name = names.fresh(hint(*value.getDefiningOp()));
  line() << "let " << name << " = " << text << ";\n";
  values.name(value, name);
}

/// A bound of a loop is looked at in every round: it gets a name, unless it is
/// a constant.
std::string Statements::bound(Value value, StringRef name) {
  if (weight(value)) {
    std::string fresh = names.fresh(name);
    line() << "let " << fresh << " = " << values.argument(value, Sign::u32)
           << ";\n";
    values.name(value, fresh);
  }
  return values.operand(value, Level::sum, Sign::u32);
}

void Statements::declare(Value variable, Value initial, StringRef name) {
  std::string fresh = names.fresh(name);
  line() << "var " << fresh;
  if (initial)
    out << " = " << values.argument(initial, Sign::u32) << ";\n";
  else
    out << ": " << typeName(variable.getType()) << ";\n";
  values.name(variable, fresh);
}

/// variables = next, all at once.
void Statements::assign(ValueRange variables, ValueRange next) {
  SmallVector<std::string> texts;
  llvm::StringSet<> changed;
  for (auto [variable, value] : llvm::zip_equal(variables, next)) {
    std::string text = values.argument(value, Sign::u32);
    if (values.mentions(value, changed)) {
      std::string name = names.fresh("next");
      line() << "let " << name << " = " << text << ";\n";
      text = name;
    }
    texts.push_back(text);
    if (std::string name = values.argument(variable); name != text)
      changed.insert(name);
  }
  for (auto [variable, text] : llvm::zip_equal(variables, texts))
    if (std::string name = values.argument(variable); name != text)
      line() << name << " = " << text << ";\n";
}

//===-- Ops ---------------------------------------------------------------===//

LogicalResult Statements::block(Block &block) {
  for (Operation &op : block)
    if (!op.hasTrait<OpTrait::IsTerminator>() && failed(statement(op)))
      return failure();
  return success();
}

LogicalResult Statements::statement(Operation &op) {
  if (auto branchOp = dyn_cast<scf::IfOp>(op))
    return branch(branchOp);
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return countedLoop(loop);
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return openLoop(loop);
  if (isa<memref::StoreOp>(op))
    return store(op);
  if (isa<kern::BarrierOp>(op)) {
    line() << "workgroupBarrier();\n";
    return success();
  }
  if (isa<kern::ScratchOp>(op)) // declared by the kernel
    return success();
  if (op.getNumResults() != 1)
    return op.emitOpError("has no WGSL spelling");
  return define(op);
}

LogicalResult Statements::define(Operation &op) {
  Value result = op.getResult(0);
  std::string text = values.spell(&op).text;
  if (text.empty())
    return op.emitOpError("has no WGSL spelling");
  if (!writtenAtUse(op) && !(result.use_empty() && isMemoryEffectFree(&op)))
    let(result, text);
  return success();
}

LogicalResult Statements::store(Operation &op) {
  auto store = cast<memref::StoreOp>(op);
  line() << values.argument(store.getMemRef()) << "["
         << values.argument(store.getIndices()[0], Sign::u32)
         << "] = " << values.argument(store.getValue(), Sign::u32) << ";\n";
  return success();
}

LogicalResult Statements::nested(Block &body, ValueRange targets) {
  indent += 2;
  if (failed(block(body)))
    return failure();
  if (!targets.empty())
    assign(targets, body.getTerminator()->getOperands());
  indent -= 2;
  return success();
}

LogicalResult Statements::branch(scf::IfOp op) {
  for (Value result : op.getResults())
    declare(result, {}, hint(*op));
  line() << "if (" << values.argument(op.getCondition()) << ") {\n";
  if (failed(nested(*op.thenBlock(), op.getResults())))
    return failure();
  if (op.elseBlock()) {
    line() << "} else {\n";
    if (failed(nested(*op.elseBlock(), op.getResults())))
      return failure();
  }
  line() << "}\n";
  return success();
}

/// Whether a value is carried by the loop directly around and only handed on to
/// this one: both may use the same variable, and nothing is copied.
static bool isHandedOn(Value initial, scf::ForOp loop) {
  auto argument = dyn_cast<BlockArgument>(initial);
  return argument && argument.hasOneUse() && argument.getArgNumber() > 0 &&
         argument.getOwner() == loop->getBlock() &&
         isa<scf::ForOp>(argument.getOwner()->getParentOp());
}

LogicalResult Statements::countedLoop(scf::ForOp op) {
  if (!op.getInductionVar().getType().isIndex())
    return op.emitOpError("counts in another type than index, which has no "
                          "WGSL spelling");
  // What the loop carries is one variable with three values: argument, operand
  // of the yield, result.
  for (auto [argument, initial, result] : llvm::zip_equal(
           op.getRegionIterArgs(), op.getInitArgs(), op.getResults())) {
    if (isHandedOn(initial, op))
      values.name(argument, values.argument(initial));
    else
      declare(argument, initial, "acc");
    values.name(result, values.argument(argument));
  }
  std::string end = bound(op.getUpperBound(), "end");
  std::string step = bound(op.getStep(), "step");
  std::string begin = values.argument(op.getLowerBound(), Sign::u32);
  std::string counter = names.fresh("k");
  values.name(op.getInductionVar(), counter);
  line() << "for (var " << counter << " = " << begin << "; " << counter << " < "
         << end << "; " << counter << " += " << step << ") {\n";
  if (failed(nested(*op.getBody(), op.getRegionIterArgs())))
    return failure();
  line() << "}\n";
  return success();
}

LogicalResult Statements::openLoop(scf::WhileOp op) {
  for (auto [argument, initial] :
       llvm::zip_equal(op.getBeforeArguments(), op.getInits()))
    declare(argument, initial, "carried");
  scf::ConditionOp condition = op.getConditionOp();
  // What the condition hands on: the variable itself where it is one that the
  // loop carries, else a variable of its own.
  SmallVector<Value> handed;
  for (auto [value, argument, result] : llvm::zip_equal(
           condition.getArgs(), op.getAfterArguments(), op.getResults())) {
    if (!llvm::is_contained(op.getBeforeArguments(), value)) {
      declare(argument, {}, "handed");
      handed.push_back(argument);
    } else {
      values.name(argument, values.argument(value));
    }
    values.name(result, values.argument(argument));
  }
  line() << "loop {\n";
  indent += 2;
  if (failed(block(*op.getBeforeBody())))
    return failure();
  SmallVector<Value> next;
  for (auto [value, argument] :
       llvm::zip_equal(condition.getArgs(), op.getAfterArguments()))
    if (llvm::is_contained(handed, argument))
      next.push_back(value);
  std::string test = values.operand(condition.getCondition(), Level::primary);
  assign(handed, next);
  line() << "if (!" << test << ") {\n";
  line() << "  break;\n";
  line() << "}\n";
  if (failed(block(*op.getAfterBody())))
    return failure();
  assign(op.getBeforeArguments(), op.getYieldOp().getOperands());
  indent -= 2;
  line() << "}\n";
  return success();
}
