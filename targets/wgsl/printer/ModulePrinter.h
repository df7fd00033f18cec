// Kernels as a WGSL module: scalars, bindings, one entry point per kernel.
#pragma once

#include "dialects/kern/Kern.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

namespace sinter::wgsl {

/// Writes legalized kernels in the given order, after docs/web.md. Failure
/// after a diagnostic on the op that has no spelling.
mlir::LogicalResult printModule(llvm::raw_ostream &out,
                                llvm::ArrayRef<kern::KernelOp> kernels);

} // namespace sinter::wgsl
