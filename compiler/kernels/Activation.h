// Pointwise nonlinearities on vectors, for epilogues and the fallback.
#pragma once

#include "compiler/kernels/VectorBuilder.h"
#include "dialects/xf/Xf.h"

namespace sinter::kernels {

/// kind(x) for a scalar or vector of f32.
mlir::Value activate(VectorBuilder &b, xf::ActivationKind kind, mlir::Value x);

/// factor * x, and cap * tanh(x / cap).
mlir::Value scaled(VectorBuilder &b, mlir::Value x, double factor);
mlir::Value capped(VectorBuilder &b, mlir::Value x, double cap);

} // namespace sinter::kernels
