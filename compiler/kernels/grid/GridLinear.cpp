// Shared by the linear families for grids (GridLinear.h).
#include "compiler/kernels/grid/GridLinear.h"

#include "compiler/kernels/Layout.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

Values GridLinear::weightPanels(Value panel) {
  if (!linear.hasGate())
    return {panel};
  return {k.add(panel, linear.gateRow / layout::kPanelRows),
          k.add(panel, linear.upRow / layout::kPanelRows)};
}

LaneWeights GridLinear::weights(ArrayRef<Value> outputPanels, Value row) {
  LaneWeights lane;
  lane.memory = k.binding(linear.weight);
  lane.scheme = linear.scheme;
  lane.columns = linear.columns;
  lane.row = row;
  for (Value panel : outputPanels)
    lane.panels.append(weightPanels(panel));
  return lane;
}

InputColumns GridLinear::columns(ArrayRef<Value> starts) {
  Value memory = k.binding(linear.input);
  Value gain = linear.normWeight ? k.binding(linear.normWeight) : Value();
  SmallVector<Value> rows(starts);
  return [this, memory, gain, rows](Value column, bool check) {
    Value at = check ? k.min(column, k.index(linear.columns - 1)) : column;
    Value scale = gain ? k.load(gain, at) : Value();
    ColumnInput in;
    for (Value start : rows) {
      Value x = k.load(memory, k.add(start, at));
      if (check)
        x = k.select(k.less(column, k.index(linear.columns)), x, k.f32(0));
      if (gain) {
        in.squares.push_back(k.mulf(x, x));
        x = k.mulf(x, scale);
      }
      in.x.push_back(x);
    }
    return in;
  };
}

Value GridLinear::inverseNorm(Value squares) {
  if (!linear.normWeight)
    return {};
  Value mean = k.mulf(squares, k.f32(1.0 / double(linear.columns)));
  return k.rsqrt(k.addf(mean, k.f32(linear.epsilon)));
}

Value GridLinear::withBias(Value sum, Value row) {
  return linear.bias ? k.addf(sum, k.load(k.binding(linear.bias), row)) : sum;
}

void GridLinear::store(Value panel, Value row, Value token,
                       ArrayRef<Value> sums) {
  Value column =
      k.add(k.add(k.mul(panel, layout::kPanelRows), row), linear.firstRow);
  auto write = [&] {
    Value value;
    if (linear.hasGate()) {
      Value gate = withBias(sums[0], k.add(column, linear.gateRow));
      Value up = withBias(sums[1], k.add(column, linear.upRow));
      value = k.mulf(gridActivate(k, *linear.activation, gate), up);
    } else {
      value = withBias(sums[0], column);
    }
    Value at = k.add(k.mul(token, linear.outputs), column);
    if (linear.residual)
      value = k.addf(value, k.load(k.binding(linear.residual), at));
    k.store(value, k.result(), at);
  };
  if (linear.outputs % layout::kPanelRows == 0)
    return write();
  k.when(k.less(column, k.index(linear.outputs)), write);
}
