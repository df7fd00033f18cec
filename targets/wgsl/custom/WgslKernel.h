// A user's WGSL compute shader for a region (docs/custom-kernels.md).
#pragma once

#include "targets/common/Target.h"

namespace sinter::wgsl {

/// Compares what the shader declares with what the region binds; an InputError
/// names file, line and binding. Nothing here compiles it.
llvm::Expected<CustomKernel> readWgsl(const KernelInterface &interface,
                                      const KernelSource &source);

/// A shader that compiles and declares what the region binds.
std::string wgslSkeleton(const KernelInterface &interface);

} // namespace sinter::wgsl
