// The Vulkan target: kernels as SPIR-V.
#pragma once

#include "targets/common/Target.h"

namespace sinter {

/// The variants of docs/vulkan.md; without a request all of them but those that
/// are made by name only. emit() writes kernels/vulkan/<variant>.spvpack, the
/// modules of all kernels in one file.
const Target &spirvTarget();

} // namespace sinter
