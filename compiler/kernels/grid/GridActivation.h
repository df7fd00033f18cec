// Pointwise nonlinearities on a grid, where exp and tanh of a device may
// overflow to infinity or NaN: safe for any finite x.
#pragma once

#include "compiler/kernels/grid/GridShell.h"

namespace sinter::kernels {

/// kind(x). gelu is the exact one, by erf within 2e-7.
mlir::Value gridActivate(GridShell &k, xf::ActivationKind kind, mlir::Value x);

/// cap * tanh(x / cap), within 1e-7 * cap.
mlir::Value gridCapped(GridShell &k, mlir::Value x, double cap);

} // namespace sinter::kernels
