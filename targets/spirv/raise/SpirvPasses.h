// The SPIR-V target's passes, described in SpirvPasses.td.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace sinter::spirvtarget {

#define GEN_PASS_DECL
#include "targets/spirv/raise/SpirvPasses.h.inc"

/// Attributes of a spirv.module that the runtime must know of a kernel.
constexpr llvm::StringLiteral kGroupAttr = "sinter.group";
constexpr llvm::StringLiteral kItemsPerGroupAttr = "sinter.items_per_group";
constexpr llvm::StringLiteral kSharedBytesAttr = "sinter.shared_bytes";
constexpr llvm::StringLiteral kBindingsAttr = "sinter.bindings";
constexpr llvm::StringLiteral kWrittenAttr = "sinter.written";

/// Functions whose calls become GLSL.std.450 instructions of the same meaning
/// in the serialised module.
constexpr llvm::StringLiteral kUnpackHalf = "unpackHalf2x16";
constexpr llvm::StringLiteral kPackHalf = "packHalf2x16";

/// Adds the whole way from kern IR to modules that emit() serialises.
void populateLegalize(mlir::OpPassManager &passes);

} // namespace sinter::spirvtarget

namespace sinter {
/// Registers the passes, the pipeline `spirv-legalize`, and the pass
/// `spirv-write`, which writes each module's binary into a folder.
void registerSpirvPasses();
} // namespace sinter
