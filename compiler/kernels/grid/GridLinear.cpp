// Shared by the linear families for grids (GridLinear.h).
#include "compiler/kernels/grid/GridLinear.h"

#include "compiler/kernels/Layout.h"
#include "compiler/kernels/grid/GridActivation.h"

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

void GridLinear::normalizeRow(Value start, LaneSums &sums) {
  if (!linear.isLayerNorm)
    return;
  Value memory = k.binding(linear.input);
  factors = gridNormFactors(
      k, linear, linear.columns,
      [&](Value c) { return k.load(memory, k.add(start, c)); }, sums);
}

InputColumns GridLinear::columns(ArrayRef<Value> starts) {
  Value memory = k.binding(linear.input);
  bool squares = sumsSquares(linear);
  SmallVector<Value> rows(starts);
  return [this, memory, squares, rows](Value column, bool check) {
    Value at = check ? k.min(column, k.index(linear.columns - 1)) : column;
    Value gain = squares ? k.load(k.binding(linear.normWeight), at) : Value();
    ColumnInput in;
    for (Value start : rows) {
      Value x = k.load(memory, k.add(start, at));
      if (linear.isLayerNorm)
        x = gridNormalize(k, linear, factors, x, at);
      if (check)
        x = k.select(k.less(column, k.index(linear.columns)), x, k.f32(0));
      if (squares) {
        in.squares.push_back(k.mulf(x, x));
        x = k.mulf(x, gain);
      }
      in.x.push_back(x);
    }
    return in;
  };
}

Value GridLinear::inverseNorm(Value squares) {
  if (!sumsSquares(linear))
    return {};
  return gridInverseRoot(k, squares, linear.columns, linear.epsilon);
}

Value GridLinear::withBias(Value sum, Value row) {
  return linear.bias ? k.addf(sum, k.load(k.binding(linear.bias), row)) : sum;
}

Value GridLinear::finished(Value column, ArrayRef<Value> sums) {
  if (linear.hasGate()) {
    Value gate = withBias(sums[0], k.add(column, linear.gateRow));
    Value up = withBias(sums[1], k.add(column, linear.upRow));
    return k.mulf(gridActivate(k, *linear.activation, gate), up);
  }
  Value value = withBias(sums[0], column);
  if (linear.activation)
    value = gridActivate(k, *linear.activation, value);
  return linear.softcap > 0 ? gridCapped(k, value, linear.softcap) : value;
}

void GridLinear::store(Value panel, Value row, Value token,
                       ArrayRef<Value> sums) {
  Value column =
      k.add(k.add(k.mul(panel, layout::kPanelRows), row), linear.firstRow);
  auto write = [&] {
    Value value = finished(column, sums);
    Value at = k.add(k.mul(token, linear.outputs), column);
    if (linear.residual)
      value = k.addf(value, k.load(k.binding(linear.residual), at));
    k.store(value, k.result(), at);
  };
  if (linear.outputs % layout::kPanelRows == 0)
    return write();
  k.when(k.less(column, k.index(linear.outputs)), write);
}
