// Epilogues of linear kernels (LinearOutput.h).
#include "compiler/kernels/LinearOutput.h"

#include "compiler/kernels/Activation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

llvm::SmallVector<int64_t> LinearOutput::firstPanels() const {
  if (!linear.hasGate())
    return {0};
  return {linear.gateRow / layout::kPanelRows,
          linear.upRow / layout::kPanelRows};
}

Value LinearOutput::validColumns(Value column) {
  if (linear.outputs % layout::kPanelRows == 0)
    return {};
  // May be negative: a mask of no lanes.
  return k.sub(k.index(linear.outputs), column);
}

Value LinearOutput::loadColumns(Value memory, Value at, Value column) {
  if (Value valid = validColumns(column))
    return k.loadHead(memory, at, groupLanes(k), valid);
  return k.load(memory, at, groupLanes(k));
}

void LinearOutput::store(ValueRange sums, const TileShape &shape,
                         Value firstToken, Value panel) {
  int64_t tile = shape.tokens * shape.groups;
  SmallVector<int64_t> parts = firstPanels();
  Value result = k.result();
  for (int64_t group = 0; group < shape.groups; ++group) {
    Value column = k.add(k.mul(panel, layout::kPanelRows),
                         (shape.firstGroup + group) * groupLanes(k));
    Values biases;
    if (linear.bias)
      for (int64_t first : parts)
        biases.push_back(loadColumns(k.binding(linear.bias),
                                     k.add(column, first * layout::kPanelRows),
                                     column));
    for (int64_t token = 0; token < shape.tokens; ++token) {
      Values values;
      for (size_t part = 0; part < parts.size(); ++part) {
        Value value = sums[part * tile + token * shape.groups + group];
        values.push_back(linear.bias ? k.addf(value, biases[part]) : value);
      }
      Value value = values[0];
      if (linear.hasGate())
        value = k.mulf(activate(k, *linear.activation, value), values[1]);
      else if (linear.activation)
        value = activate(k, *linear.activation, value);
      if (linear.softcap > 0)
        value = capped(k, value, linear.softcap);
      Value at = k.add(k.mul(k.add(firstToken, token), linear.outputs), column);
      if (linear.residual)
        value =
            k.addf(value, loadColumns(k.binding(linear.residual), at, column));
      if (Value valid = validColumns(column))
        k.storeHead(value, result, at, valid);
      else
        k.store(value, result, at);
    }
  }
}
