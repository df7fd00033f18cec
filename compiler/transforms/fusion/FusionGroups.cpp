// Union-find over the ops of an entry point, and the outlining into xf.fused.
#include "compiler/transforms/fusion/FusionGroups.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace sinter;

/// Reads of weights and caches and the return stay outside of groups.
static bool isGrouped(Operation &op) {
  return isa_and_nonnull<xf::XfDialect>(op.getDialect()) &&
         !isa<xf::GetWeightOp, xf::GetStateOp, xf::FusedOp>(op);
}

bool sinter::isSingleToken(func::FuncOp function) {
  ArrayRef<Type> types = function.getFunctionType().getResults();
  auto result = types.empty() ? RankedTensorType()
                              : dyn_cast<RankedTensorType>(types.front());
  return result && result.getRank() > 0 && result.getDimSize(0) == 1;
}

FusionGroups::FusionGroups(func::FuncOp function, int64_t bindingLimit)
    : function(function), bindingLimit(bindingLimit) {
  for (Operation &op : function.getBody().front())
    if (isGrouped(op))
      groups.insert(&op);
  oneToken = isSingleToken(function);
}

bool FusionGroups::canBind(Type matrix) const {
  if (!bindingLimit)
    return true;
  auto type = cast<RankedTensorType>(matrix);
  // Rows of whole panels, columns of whole blocks (docs/formats).
  int64_t elements = (type.getDimSize(0) + 15) / 16 * 16 *
                     ((type.getDimSize(1) + 31) / 32 * 32);
  double bytes = 4;
  if (xf::getScheme(type) == xf::Scheme::q4_0)
    bytes = 18.0 / 32;
  else if (xf::getScheme(type) == xf::Scheme::q8_0)
    bytes = 34.0 / 32;
  else if (xf::getScheme(type) != xf::Scheme::f32)
    bytes = 2;
  return double(elements) * bytes <= double(bindingLimit);
}

SmallVector<Operation *> FusionGroups::members(Operation *op) const {
  SmallVector<Operation *> found(groups.findLeader(op), groups.member_end());
  llvm::sort(found,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return found;
}

bool FusionGroups::join(ArrayRef<Operation *> ops) {
  llvm::SetVector<Operation *> all;
  for (Operation *op : ops) {
    if (groups.findValue(op) == groups.end())
      return false;
    SmallVector<Operation *> part = members(op);
    all.insert(part.begin(), part.end());
  }
  Operation *last =
      *std::max_element(all.begin(), all.end(), [](Operation *x, Operation *y) {
        return x->isBeforeInBlock(y);
      });
  for (Operation *op : all)
    for (Operation *user : op->getUsers())
      if (!all.contains(user) && user->isBeforeInBlock(last))
        return false;
  for (Operation *op : ops.drop_front())
    groups.unionSets(ops.front(), op);
  return true;
}

/// A name for people: the ops in order ("rms_norm+quantize+linear").
static std::string labelOf(ArrayRef<Operation *> ops) {
  std::string label;
  for (Operation *op : ops) {
    StringRef name = op->getName().stripDialect();
    if (name == "slice")
      continue;
    label += (label.empty() ? "" : "+") + name.str();
  }
  return label.empty() ? "slice" : label;
}

static void outline(ArrayRef<Operation *> ops) {
  llvm::SetVector<Value> inputs, results;
  SmallVector<Location> locs;
  for (Operation *op : ops) {
    locs.push_back(op->getLoc());
    for (Value operand : op->getOperands())
      if (!llvm::is_contained(ops, operand.getDefiningOp()))
        inputs.insert(operand);
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !llvm::is_contained(ops, user);
          }))
        results.insert(result);
  }
  OpBuilder builder(ops.back());
  auto fused = builder.create<xf::FusedOp>(
      builder.getFusedLoc(locs), TypeRange(ValueRange(results.getArrayRef())),
      labelOf(ops), inputs.getArrayRef());
  Block &body = fused.getBody().emplaceBlock();
  SmallVector<Value> yielded(results.begin(), results.end());
  for (Value input : inputs)
    body.addArgument(input.getType(), input.getLoc());
  for (auto [result, outside] : llvm::zip(yielded, fused.getResults()))
    result.replaceUsesWithIf(outside, [&](OpOperand &use) {
      return !llvm::is_contained(ops, use.getOwner());
    });
  for (Operation *op : ops)
    op->moveBefore(&body, body.end());
  SmallVector<Value> outer(inputs.begin(), inputs.end());
  for (auto [input, argument] : llvm::zip(outer, body.getArguments()))
    input.replaceUsesWithIf(argument, [&](OpOperand &use) {
      return use.getOwner()->getBlock() == &body;
    });
  builder.setInsertionPointToEnd(&body);
  builder.create<xf::YieldOp>(fused.getLoc(), yielded);
}

int64_t FusionGroups::materialize() {
  SmallVector<SmallVector<Operation *>> all;
  for (Operation &op : function.getBody().front())
    if (isGrouped(op) && members(&op).back() == &op)
      all.push_back(members(&op));
  for (ArrayRef<Operation *> ops : all)
    outline(ops);
  return static_cast<int64_t>(all.size());
}
