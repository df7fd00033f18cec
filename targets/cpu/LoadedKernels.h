// Compiles kernels and loads them into this process, for tests and benches.
#pragma once

#include "runtime/include/sinter_abi.h"
#include "targets/common/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace sinter::cpu {

/// Whether this machine can run a variant; false for another architecture.
bool runsHere(llvm::StringRef variantName);

/// Legalizes a module of kern.kernel ops that were built for the caps of
/// `variantName` and emits it under `options` (kernelIds are filled in, from
/// the module). The module is left as it is.
llvm::Expected<std::vector<TargetFile>>
compileKernelModule(mlir::ModuleOp module, llvm::StringRef variantName,
                    EmitOptions &options);

/// Kernels in this process; unloaded with the object.
class LoadedKernels {
public:
  /// Compiles and loads; only for variants that runHere(). With a `dumpDir`,
  /// writes assembly there.
  static llvm::Expected<std::unique_ptr<LoadedKernels>>
  create(mlir::ModuleOp module, llvm::StringRef variantName,
         llvm::StringRef dumpDir = "");
  ~LoadedKernels();
  LoadedKernels(const LoadedKernels &) = delete;

  /// The kernel of that id, or null.
  sinter_cpu_kernel find(llvm::StringRef id) const {
    return kernels.lookup(id);
  }
  /// kern.scratch bytes of the kernel of that id.
  int64_t scratchBytes(llvm::StringRef id) const { return scratch.lookup(id); }

private:
  LoadedKernels() = default;

  void *library = nullptr;
  llvm::StringMap<sinter_cpu_kernel> kernels;
  llvm::StringMap<int64_t> scratch;
};

} // namespace sinter::cpu
