// From the words of --target and --variants to what the stages run for.
#pragma once

#include "compiler/pipeline/Stages.h"

namespace sinter {

/// Targets that share one plan.
struct TargetGroup {
  PlanKind kind;
  std::vector<TargetChoice> choices;
};

/// The targets named by `words` ("web" is webgpu and wasm), each with its
/// variants out of `variants` or, where none of them is its own, its default
/// ones; grouped by plan. UnsupportedError for a name that nobody knows.
llvm::Expected<std::vector<TargetGroup>>
chooseTargets(mlir::MLIRContext *context, llvm::ArrayRef<std::string> words,
              llvm::ArrayRef<std::string> variants);

} // namespace sinter
