// The CPU target's passes, from kern IR to the LLVM dialect; described in
// CpuPasses.td.
#pragma once

#include "targets/cpu/CpuVariants.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace sinter::cpu {

#define GEN_PASS_DECL
#include "targets/cpu/raise/CpuPasses.h.inc"

/// "ssse3", "avx512-vnni", ...: values of the option `isa` of cpu-lower-dot4.
llvm::StringRef dotIsaName(DotIsa isa);
std::optional<DotIsa> parseDotIsa(llvm::StringRef name);

/// Adds the whole way from kern.kernel to the LLVM dialect for one variant.
void populateLegalize(mlir::OpPassManager &passes, const CpuVariant &variant);

} // namespace sinter::cpu

namespace sinter {
/// Registers the passes and the pipeline `cpu-legalize{variant=NAME}`.
void registerCpuPasses();
} // namespace sinter
