// The wasm target: the CPU kernels as WebAssembly modules.
#pragma once

#include "targets/common/Target.h"

namespace sinter {

/// Variants "relaxed" and "simd128" ("wasm", both, is the default). The plan is
/// that of the CPU target. emit() writes kernels/wasm/<variant>.wasm and
/// <variant>-threads.wasm (on shared memory), described in docs/web.md; a
/// custom section "sinter" holds what ties them to their plan: u32
/// SINTER_MODULE_MAGIC, SINTER_ABI_VERSION, 1, number of kernels, then
/// plan_sha256, as sinter_cpu_module begins.
const Target &wasmTarget();

} // namespace sinter
