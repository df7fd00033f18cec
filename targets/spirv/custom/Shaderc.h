// libshaderc and SPIRV-Tools, as little of them as we need.
#pragma once

#include "targets/common/custom/CustomKernel.h"

#include "llvm/ADT/ArrayRef.h"

namespace sinter::spirvtarget {

/// SPIR-V 1.5 for Vulkan 1.2 of a GLSL compute shader. `optimise`: drops what
/// is not used. Its messages, with the user's file and lines, in an InputError.
llvm::Expected<std::vector<uint32_t>> runShaderc(const KernelSource &source,
                                                 bool optimise);

/// What spirv-val would say of a module for Vulkan 1.2, as an InputError.
llvm::Error validateSpirv(const KernelSource &source,
                          llvm::ArrayRef<uint32_t> words);

} // namespace sinter::spirvtarget
