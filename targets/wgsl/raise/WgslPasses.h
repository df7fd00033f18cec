// The WGSL target's passes, described in WgslPasses.td.
#pragma once

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace sinter::wgsl {

#define GEN_PASS_DECL
#include "targets/wgsl/raise/WgslPasses.h.inc"

/// Marks an op whose integer results are spelled i32 instead of u32.
constexpr llvm::StringLiteral kSignedAttr = "kern.signed";
/// Marks a constant that is printed as a `let`.
constexpr llvm::StringLiteral kLetAttr = "kern.let";

/// Adds the whole way from kern IR to what the printer spells.
void populateLegalize(mlir::OpPassManager &passes);

} // namespace sinter::wgsl

namespace sinter {
/// Registers the passes, the pipeline `wgsl-legalize` and the pass
/// `wgsl-print`, which writes a legalized module to standard output.
void registerWgslPasses();
} // namespace sinter
