//===- PlanWriter.h - The plan dialect to plan.fb ---------------*- C++ -*-===//
//
// Serialises plan.program to the FlatBuffer of runtime/schema/plan.fbs. Equal
// programs give equal bytes.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/plan/Plan.h"

#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace sinter {

/// A row of the kernel table; kernel i of every kernel module.
struct PlanKernel {
  std::string id;            ///< symbol that dispatches name
  uint64_t scratchBytes = 0; ///< per worker, the largest of the variants
  std::string family, reason;
  /// Cost in plan.fbs: weight bytes, bytes and flops per token, bytes and flops
  /// per token and position.
  double weightBytes = 0, bytesPerToken = 0, flopsPerToken = 0;
  double bytesPerTokenPosition = 0, flopsPerTokenPosition = 0;
};

/// What the runtime wants to know beyond the program.
struct PlanInfo {
  int64_t hiddenSize = 0, layerCount = 0;
  int32_t bosId = -1; ///< -1: none
  std::vector<int32_t> eosIds;
  std::vector<PlanKernel> kernels;
};

/// The bytes of plan.fb. The program must be verified; weights are looked up
/// as xf.weight in the module around it. InternalError if a number does not fit
/// the schema or a symbol is missing.
llvm::Expected<std::string> writePlan(plan::ProgramOp program,
                                      const PlanInfo &info);

} // namespace sinter
