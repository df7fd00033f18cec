// Weights of logits and comparisons (GridSampling.h).
#include "compiler/kernels/grid/GridSampling.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <limits>

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

Value sinter::kernels::lessThan(GridShell &k, Value a, Value b) {
  return k.create<arith::CmpFOp>(arith::CmpFPredicate::OLT, a, b);
}

Value sinter::kernels::atLeast(GridShell &k, Value a, Value b) {
  return k.create<arith::CmpFOp>(arith::CmpFPredicate::OGE, a, b);
}

Value sinter::kernels::bitsOf(GridShell &k, Value f32) {
  return k.create<arith::BitcastOp>(k.builder.getI32Type(), f32);
}

Value sinter::kernels::infinity(GridShell &k, bool negative) {
  double large = std::numeric_limits<double>::infinity();
  return k.f32(negative ? -large : large);
}

LogitWeight::LogitWeight(GridShell &k, Value sampling) : k(k) {
  Value temperature = loadSetting(k, sampling, Setting::temperature);
  isRandom = lessThan(k, k.f32(0), temperature);
  inverse = k.divf(k.f32(1), k.select(isRandom, temperature, k.f32(1)));
}

Value LogitWeight::of(Value v, Value largest) const {
  Value x = k.mulf(k.subf(v, largest), inverse);
  Value lowest = k.f32(-87);
  return k.select(lessThan(k, x, lowest), k.f32(0), k.exp(k.maxf(x, lowest)));
}
