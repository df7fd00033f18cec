// A user's GLSL compute shader for a region (docs/custom-kernels.md).
#pragma once

#include "targets/common/Target.h"

namespace sinter::spirvtarget {

/// For all of these variants. Compiles the shader with libshaderc and compares
/// what it declares with what the region binds. An InputError names file, line
/// and binding; a capability that no device feature stands for is an
/// UnsupportedError, as is a build without libshaderc.
llvm::Expected<CustomKernel>
compileGlsl(const KernelInterface &interface, const KernelSource &source,
            llvm::ArrayRef<TargetVariant *> variants);

/// A shader that compiles and declares what the region binds.
std::string glslSkeleton(const KernelInterface &interface);

} // namespace sinter::spirvtarget
