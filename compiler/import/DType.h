//===- DType.h - Element types of tensors in model files ----------*- C++
//-*-===//
//
// Plain numbers and GGUF block types alike: a row of k elements is k / block
// elements blocks of block bytes each. The one table is DTypes.def.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_DTYPE_H
#define SINTER_COMPILER_IMPORT_DTYPE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace sinter {

enum class DType : uint8_t {
#define SINTER_DTYPE(enumerator, name, elements, bytes, safetensors, gguf)     \
  enumerator,
#include "compiler/import/DTypes.def"
};

/// What the table says about one type.
struct DTypeInfo {
  /// As we print it: f32, bf16, q4_K, ...
  llvm::StringLiteral name;
  /// Elements per block; 1 for plain numbers.
  unsigned blockElements;
  /// Bytes per block.
  unsigned blockBytes;
  /// Name in a safetensors header, empty if it cannot occur there.
  llvm::StringLiteral safetensorsName;
  /// Type number in a GGUF tensor table, -1 if it cannot occur there.
  int ggufType;
};

const DTypeInfo &dtypeInfo(DType dtype);

inline llvm::StringRef dtypeName(DType dtype) { return dtypeInfo(dtype).name; }

/// True for the GGUF block types (q4_0 ... q6_K).
inline bool isBlockType(DType dtype) {
  return dtypeInfo(dtype).blockElements > 1;
}

/// True for the types that hold real numbers: floats and block types.
bool isFloatLike(DType dtype);

std::optional<DType> dtypeFromSafetensors(llvm::StringRef name);
std::optional<DType> dtypeFromGguf(uint32_t type);

/// Bytes of a row of `elements`; nothing if it is no whole number of blocks or
/// the product overflows.
std::optional<uint64_t> rowBytes(DType dtype, uint64_t elements);

/// Elements of a row-major shape (1 for rank 0); nothing on overflow of int64
/// or a negative size.
std::optional<uint64_t> elementCount(llvm::ArrayRef<int64_t> shape);

/// Bytes of a row-major tensor, blocks running along the last dimension;
/// nothing on overflow or a last dimension that is no whole number of blocks.
std::optional<uint64_t> tensorBytes(DType dtype, llvm::ArrayRef<int64_t> shape);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_DTYPE_H
