// Pointwise nonlinearities (Activation.h). gelu is the exact one (erf),
// gelu_tanh its approximation (Hendrycks and Gimpel, arXiv 1606.08415).
#include "compiler/kernels/Activation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

Value sinter::kernels::activate(VectorBuilder &b, xf::ActivationKind kind,
                                Value x) {
  auto constant = [&](double value) -> Value {
    if (auto vector = dyn_cast<VectorType>(x.getType()))
      return b.f32s(value, vector.getDimSize(0));
    return b.f32(value);
  };
  Value one = constant(1);
  switch (kind) {
  case xf::ActivationKind::silu: {
    // x / (1 + exp(-x)): exp overflows to infinity, which gives -0.
    Value exponential = b.create<math::ExpOp>(b.create<arith::NegFOp>(x));
    return b.create<arith::DivFOp>(x, b.addf(one, exponential));
  }
  case xf::ActivationKind::gelu: {
    Value erf = b.create<math::ErfOp>(b.mulf(x, constant(0.70710678118654752)));
    return b.mulf(b.mulf(x, constant(0.5)), b.addf(one, erf));
  }
  case xf::ActivationKind::gelu_tanh: {
    Value cube = b.mulf(b.mulf(x, x), x);
    Value inner = b.mulf(b.fma(cube, constant(0.044715), x),
                         constant(0.79788456080286536));
    Value tanh = b.create<math::TanhOp>(inner);
    return b.mulf(b.mulf(x, constant(0.5)), b.addf(one, tanh));
  }
  case xf::ActivationKind::relu: {
    Value negative =
        b.create<arith::CmpFOp>(arith::CmpFPredicate::OLT, x, constant(0));
    return b.create<arith::SelectOp>(negative, constant(0), x);
  }
  }
  llvm_unreachable("unknown activation");
}

Value sinter::kernels::scaled(VectorBuilder &b, Value x, double factor) {
  auto vector = dyn_cast<VectorType>(x.getType());
  return b.mulf(x,
                vector ? b.f32s(factor, vector.getDimSize(0)) : b.f32(factor));
}

Value sinter::kernels::capped(VectorBuilder &b, Value x, double cap) {
  Value tanh = b.create<math::TanhOp>(scaled(b, x, 1 / cap));
  return scaled(b, tanh, cap);
}
