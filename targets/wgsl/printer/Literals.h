// How WGSL writes types and numbers.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/APFloat.h"

#include <string>

namespace sinter::wgsl {

/// "f32", "vec4<u32>", "bool", ...; empty for a type that WGSL lacks. Integers
/// and index are u32, or i32 where `isSigned`.
std::string typeName(mlir::Type type, bool isSigned = false);

/// "array<f32>", "array<vec4<u32>, 16>" for a rank-1 memref.
std::string arrayName(mlir::MemRefType type);

/// The shortest decimal that reads as exactly this finite number, "0.5f".
std::string floatLiteral(const llvm::APFloat &number);

/// "7u", "0xffffff00u", "-7i". Small numbers are decimal, masks hexadecimal.
std::string integerLiteral(uint32_t bits, bool isSigned);

} // namespace sinter::wgsl
