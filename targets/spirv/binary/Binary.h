// From spirv.module ops to words.
#pragma once

#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sinter::spirvtarget {

/// The module's binary, half instructions in place; diagnosed on failure.
mlir::FailureOr<std::vector<uint32_t>> serialize(mlir::spirv::ModuleOp module);

/// Replaces calls of kUnpackHalf and kPackHalf by GLSL.std.450 instructions and
/// removes the functions. `words`: a module as upstream's serializer writes it.
std::vector<uint32_t> withHalfInstructions(llvm::ArrayRef<uint32_t> words);

/// Words as bytes of a file, little-endian.
std::string bytesOf(llvm::ArrayRef<uint32_t> words);

} // namespace sinter::spirvtarget
