// The cases that linear kernels are tested with, and their kernels as a module.
#pragma once

#include "LinearCase.h"

namespace sinter::test {

/// Shapes around the edges of panels and blocks, every prologue and epilogue.
std::vector<LinearCase> linearCases(xf::Scheme scheme);

/// Cases with the kernels that the chosen families built for them.
struct LinearKernels {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<LinearCase> cases;
  std::vector<std::string> ids;
  std::vector<int64_t> items;
};

/// Builds the kernels of all cases for one variant. A case that the wrong
/// family takes is a test failure and left out. everySchedule: instead of the
/// default a kernel for each value of each parameter, one at a time.
LinearKernels buildLinears(const std::vector<LinearCase> &cases,
                           const std::string &variant,
                           bool everySchedule = false);

} // namespace sinter::test
