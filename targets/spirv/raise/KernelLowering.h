// The kern ops of one kernel, lowered: what is left in the function afterwards
// is spirv and upstream's arith, math, scf and vector.
#pragma once

#include "dialects/kern/Kern.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

namespace sinter::spirvtarget {

/// Makes a spirv.module before `kernel`, with its variables, entry point and
/// the function that holds the kernel's body; erases the kernel. The module
/// is not valid until its body is converted.
mlir::FailureOr<mlir::spirv::ModuleOp> lowerKernel(kern::KernelOp kernel);

/// Puts the results of a loop into variables, whatever its trip count is.
void keepLoopResults(mlir::scf::ForOp loop);
/// Removes function variables whose values are never used.
void eraseUnreadVariables(mlir::spirv::ModuleOp module);

/// Upstream's conversions of the rest, in place. `keepLoops` tells the driver
/// not to unroll them (DontUnroll).
mlir::LogicalResult convertBody(mlir::spirv::ModuleOp module, bool keepLoops);

} // namespace sinter::spirvtarget
