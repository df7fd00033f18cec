// From the words of --target and --variants to what the stages run for.
#pragma once

#include "compiler/pipeline/Stages.h"

#include "llvm/ADT/STLExtras.h"

namespace sinter {

/// Targets that share one plan.
struct TargetGroup {
  PlanKind kind;
  std::vector<TargetChoice> choices;
};

/// Whether one of a program's targets is in the bundle; false: its kernels
/// compute golden logits while the bundle is made.
inline bool isShipped(const StageOptions &stages) {
  return llvm::any_of(stages.targets, [](const TargetChoice &choice) {
    return choice.shipped;
  });
}

/// The targets named by `words` ("web" is webgpu and wasm), each with its
/// variants out of `variants` or, where none of them is its own, its default
/// ones; grouped by plan. UnsupportedError for a name that nobody knows.
llvm::Expected<std::vector<TargetGroup>>
chooseTargets(mlir::MLIRContext *context, llvm::ArrayRef<std::string> words,
              llvm::ArrayRef<std::string> variants);

/// Bundles for devices whose drivers are others' work carry logits to check
/// them by (Golden.h): adds the CPU variant that computes these, not shipped,
/// where it is not there anyway.
llvm::Error addGolden(mlir::MLIRContext *context,
                      std::vector<TargetGroup> &groups);

} // namespace sinter
