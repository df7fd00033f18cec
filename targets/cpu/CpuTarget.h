// The CPU target: kernels as machine code, x86-64 and arm64.
#pragma once

#include "targets/common/Target.h"

namespace sinter {

/// Variants may be named one by one ("avx512-vnni", "avx2", "x86-64-v2",
/// "arm64-i8mm", "arm64-dotprod") or as "x86-64", "arm64", "native"; without
/// a request they are those of x86-64. emit() writes, for each architecture,
/// kernels/cpu/<arch>.so and lib/libsinter_model-<arch>.a.
const Target &cpuTarget();

} // namespace sinter
