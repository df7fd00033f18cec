// Running one custom kernel on a device of its kind, outside of any bundle.
#pragma once

#include "compiler/driver/custom/RegionCase.h"

namespace sinter {

/// A kernel and the cases to run it on.
struct KernelTrial {
  const KernelSource &source;
  const KernelInterface &interface;
  const CustomKernel &kernel;
  llvm::MutableArrayRef<RegionCase> cases;

  /// Workgroups of a case.
  uint32_t groupsX() const;
  uint32_t groupsY(const CaseSize &size) const;
};

/// Bytes of NaN behind every binding.
constexpr uint64_t kGuardBytes = 256;

/// Runs the trial's cases and leaves the results in their bindings.
/// UnsupportedError where no device can run it, with what to do; InputError
/// where the device refuses the kernel, or it hangs, crashes, or writes behind
/// a binding.
using RunTrial = llvm::Error(const KernelTrial &trial);

/// On the Vulkan device that the runtime would take, in a child process.
RunTrial runOnVulkan;
/// In Dawn, by Node.js and the npm package "webgpu".
RunTrial runOnWebGpu;

/// What to do where there is no device, for messages.
constexpr llvm::StringLiteral kUncheckedHint =
    "; --unchecked-kernels leaves the check out";

/// The guard behind binding `index` was written.
llvm::Error guardError(const KernelTrial &trial, size_t index);

} // namespace sinter
