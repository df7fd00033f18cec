// The kernel families as a pass (KernelPasses.td).
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace sinter {

#define GEN_PASS_DECL
#include "compiler/kernels/KernelPasses.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/kernels/KernelPasses.h.inc"

} // namespace sinter
