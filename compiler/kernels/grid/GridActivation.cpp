// Pointwise nonlinearities on a grid (GridActivation.h). Arguments of exp are
// bounded, so that no quotient of infinities comes up (WGSL's own tanh may give
// one).
#include "compiler/kernels/grid/GridActivation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

/// exp(x) where that is finite, else a large number.
static Value boundedExp(GridShell &k, Value x) {
  return k.exp(k.minf(k.f32(80), x));
}

/// Abramowitz and Stegun 7.1.26: within 2e-7 of erf.
static Value erf(GridShell &k, Value x) {
  Value zero = k.f32(0);
  Value size = k.maxf(x, k.subf(zero, x));
  Value t = k.divf(k.f32(1), k.addf(k.f32(1), k.mulf(k.f32(0.3275911), size)));
  Value p = k.f32(1.061405429);
  for (double factor : {-1.453152027, 1.421413741, -0.284496736, 0.254829592})
    p = k.addf(k.mulf(p, t), k.f32(factor));
  Value tail = k.exp(k.maxf(k.f32(-80), k.subf(zero, k.mulf(size, size))));
  Value y = k.subf(k.f32(1), k.mulf(k.mulf(p, t), tail));
  Value negative = k.create<arith::CmpFOp>(arith::CmpFPredicate::OLT, x, zero);
  return k.select(negative, k.subf(zero, y), y);
}

Value sinter::kernels::gridActivate(GridShell &k, xf::ActivationKind kind,
                                    Value x) {
  Value zero = k.f32(0), one = k.f32(1);
  switch (kind) {
  case xf::ActivationKind::silu:
    return k.divf(x, k.addf(one, boundedExp(k, k.subf(zero, x))));
  case xf::ActivationKind::gelu:
    return k.mulf(k.mulf(x, k.f32(0.5)),
                  k.addf(one, erf(k, k.mulf(x, k.f32(0.70710678118654752)))));
  case xf::ActivationKind::gelu_tanh: {
    // x * (1 + tanh(y)) / 2 = x / (1 + exp(-2 y))
    Value cube = k.mulf(k.mulf(x, x), x);
    Value y = k.mulf(k.addf(k.mulf(cube, k.f32(0.044715)), x),
                     k.f32(-2 * 0.79788456080286536));
    return k.divf(x, k.addf(one, boundedExp(k, y)));
  }
  case xf::ActivationKind::relu:
    return k.maxf(x, zero);
  }
  llvm_unreachable("unknown activation");
}

Value sinter::kernels::gridCapped(GridShell &k, Value x, double cap) {
  // tanh(y) = 1 - 2 / (1 + exp(2 y))
  Value power = boundedExp(k, k.mulf(x, k.f32(2 / cap)));
  Value rest = k.divf(k.f32(2 * cap), k.addf(k.f32(1), power));
  return k.subf(k.f32(cap), rest);
}
