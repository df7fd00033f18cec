// xf -> plan: regions are outlined, every value gets a place in memory, every
// entry point becomes a list of dispatches.
#pragma once

#include "compiler/kernels/KernelFamily.h"
#include "dialects/plan/Plan.h"

#include "mlir/IR/BuiltinOps.h"

namespace sinter {

struct PlanOptions {
  int64_t chunk = 128;              ///< most tokens of one prefill call
  int64_t alignment = 64;           ///< of arena ranges, bytes; at least 64
  int64_t bindingLimit = INT64_MAX; ///< largest range of a binding, bytes
};

/// A module marked kernels::kGridAttr becomes a plan for grids: families for
/// grids compute its regions, which are marked too.
/// Replaces the entry functions of a fused module by xf.region symbols (one per
/// distinct kernel) and one plan.program. Needs func.funcs @prefill, @decode,
/// @head, @greedy whose bodies hold only xf.fused, xf.get_weight, xf.get_state
/// and the return; leaves none. Diagnoses on the offending op.
mlir::LogicalResult lowerXfToPlan(mlir::ModuleOp module,
                                  const PlanOptions &options);

/// Builds the kernels of every xf.region for one set of caps into a new module
/// `@name` inside `module`, those named in `schedules` with what stands there.
/// Emits a remark per region: the family chosen, and why earlier ones declined.
mlir::LogicalResult buildKernels(mlir::ModuleOp module, llvm::StringRef name,
                                 kern::CapsAttr caps,
                                 const kernels::ScheduleTable &schedules = {});

/// The xf.regions of a module in kernel-table order.
llvm::SmallVector<xf::RegionOp> kernelRegions(mlir::ModuleOp module);

} // namespace sinter
