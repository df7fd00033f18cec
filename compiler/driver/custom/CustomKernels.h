// A user's shaders in the place of generated kernels: what --kernel says, and
// the way from files to checked kernels (docs/custom-kernels.md).
#pragma once

#include "compiler/bundle/Manifest.h"
#include "compiler/pipeline/Stages.h"

namespace sinter {

/// `ID=FILE` or `ID@VARIANT+VARIANT=FILE`, its file read.
struct KernelRequest {
  std::string id;
  std::vector<std::string> variants; ///< empty: all of the target
  KernelSource source;
};

/// Reads the words of --kernel and the files they name. InputError.
llvm::Expected<std::vector<KernelRequest>>
readKernelRequests(llvm::ArrayRef<std::string> words);

/// Kernels for emission, and what the manifest says of them.
struct CustomKernels {
  std::vector<CustomKernel> kernels;
  std::vector<ManifestInfo::CustomKernel> records;
};

/// A plan's targets and its module after stage Plan or a later one.
struct KernelProgram {
  StageOptions &stages;
  mlir::ModuleOp module;
};

/// Compiles the requested kernels for the variants of the programs' targets,
/// compares them with their regions and, unless `unchecked`, with the reference
/// on a device; what they need is added to the variants' features. Says on
/// `talk` what was compared.
llvm::Expected<CustomKernels>
makeCustomKernels(llvm::ArrayRef<KernelRequest> requests,
                  llvm::ArrayRef<KernelProgram> programs, bool unchecked,
                  llvm::raw_ostream &talk);

} // namespace sinter
