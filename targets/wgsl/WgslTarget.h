// The WebGPU target: kernels as WGSL text.
#pragma once

#include "targets/common/Target.h"

namespace sinter {

/// Variants "soft", "dot", "f16" and "f32" (docs/web.md), without a request all
/// of them. emit() writes kernels/webgpu/<variant>.wgsl and <variant>.json.
const Target &wgslTarget();

} // namespace sinter
