//===- GgufMetadata.h - Typed key-value pairs of a GGUF file ------*- C++
//-*-===//
//
// Values stay in the mapped file; an entry remembers its type and where it
// lies. When an entry exists, its value has been walked once: all of it lies
// inside the file, strings included, and bools are 0 or 1. Source: the GGUF
// specification (ggml docs/gguf.md).
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_GGUF_GGUFMETADATA_H
#define SINTER_COMPILER_IMPORT_GGUF_GGUFMETADATA_H

#include "compiler/support/Error.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sinter {

/// Value types with their numbers in the file.
enum class GgufType : uint32_t {
  U8 = 0,
  I8 = 1,
  U16 = 2,
  I16 = 3,
  U32 = 4,
  I32 = 5,
  F32 = 6,
  Bool = 7,
  String = 8,
  Array = 9,
  U64 = 10,
  I64 = 11,
  F64 = 12,
};

/// "u32", "string", ... for messages.
llvm::StringRef ggufTypeName(GgufType type);

/// Bytes of a scalar type; 0 for String and Array.
unsigned ggufTypeBytes(GgufType type);

/// One key's value: of `type`, or an array of `count` elements of
/// `elementType`.
struct GgufValue {
  GgufType type = GgufType::U8;
  GgufType elementType = GgufType::U8;
  uint64_t count = 0;
  /// The first byte of the value (of the first element), in the mapped file.
  const uint8_t *data = nullptr;
  /// Offset of `data` in the file, for messages.
  uint64_t offset = 0;
};

/// The table. Getters give nothing when the key is absent and an InputError
/// when its value has another type; integers of any width are accepted where an
/// integer is asked for, f32 and f64 where a real number is.
class GgufMetadata {
public:
  explicit GgufMetadata(llvm::StringRef path) : path(path.str()) {}

  const GgufValue *find(llvm::StringRef key) const;
  /// False if the key is there already.
  bool add(llvm::StringRef key, const GgufValue &value);
  /// Keys in file order.
  llvm::ArrayRef<std::string> keys() const { return order; }

  llvm::Expected<std::optional<int64_t>> integer(llvm::StringRef key) const;
  llvm::Expected<std::optional<double>> real(llvm::StringRef key) const;
  llvm::Expected<std::optional<bool>> boolean(llvm::StringRef key) const;
  llvm::Expected<std::optional<llvm::StringRef>>
  string(llvm::StringRef key) const;

  /// Arrays; empty when the key is absent.
  llvm::Expected<std::vector<llvm::StringRef>>
  strings(llvm::StringRef key) const;
  llvm::Expected<std::vector<float>> floats(llvm::StringRef key) const;
  /// Bools count as 0 and 1.
  llvm::Expected<std::vector<int64_t>> integers(llvm::StringRef key) const;

  /// "PATH: metadata KEY (byte N): WHAT" as an InputError.
  llvm::Error error(llvm::StringRef key, const llvm::Twine &what) const;

private:
  std::string path;
  llvm::StringMap<GgufValue> entries;
  std::vector<std::string> order;
};

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_GGUF_GGUFMETADATA_H
