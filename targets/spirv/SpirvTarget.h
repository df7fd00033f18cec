// The Vulkan target: kernels as SPIR-V.
#pragma once

#include "targets/common/Target.h"

namespace sinter {

/// Variants "spirv-soft", "spirv-dot", "spirv-f16" and "spirv-f32"
/// (docs/vulkan.md), without a request all of them. emit() writes
/// kernels/vulkan/<variant>.spvpack, the modules of all kernels in one file.
const Target &spirvTarget();

} // namespace sinter
