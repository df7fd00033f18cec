//===- GgufMetadata.cpp - Typed key-value pairs of a GGUF file
//--------------===//
//
// See GgufMetadata.h. Values were walked when they were added, so that reading
// them here cannot leave the file.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/gguf/GgufMetadata.h"
#include "llvm/Support/Endian.h"

using namespace sinter;
namespace endian = llvm::support::endian;

llvm::StringRef sinter::ggufTypeName(GgufType type) {
  static const llvm::StringLiteral kNames[] = {
      "u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
      "bool", "string", "array", "u64", "i64", "f64"};
  size_t number = static_cast<size_t>(type);
  return number < std::size(kNames) ? llvm::StringRef(kNames[number])
                                    : "unknown";
}

unsigned sinter::ggufTypeBytes(GgufType type) {
  switch (type) {
  case GgufType::U8:
  case GgufType::I8:
  case GgufType::Bool:
    return 1;
  case GgufType::U16:
  case GgufType::I16:
    return 2;
  case GgufType::U32:
  case GgufType::I32:
  case GgufType::F32:
    return 4;
  case GgufType::U64:
  case GgufType::I64:
  case GgufType::F64:
    return 8;
  case GgufType::String:
  case GgufType::Array:
    return 0;
  }
  return 0;
}

/// Integer value of an integer scalar; nothing for other types and for u64
/// values above int64.
static std::optional<int64_t> scalarInteger(GgufType type, const uint8_t *p) {
  switch (type) {
  case GgufType::U8:
    return p[0];
  case GgufType::I8:
    return static_cast<int8_t>(p[0]);
  case GgufType::U16:
    return endian::read16le(p);
  case GgufType::I16:
    return static_cast<int16_t>(endian::read16le(p));
  case GgufType::U32:
    return endian::read32le(p);
  case GgufType::I32:
    return static_cast<int32_t>(endian::read32le(p));
  case GgufType::U64:
  case GgufType::I64: {
    int64_t value = static_cast<int64_t>(endian::read64le(p));
    if (type == GgufType::U64 && value < 0)
      return std::nullopt;
    return value;
  }
  default:
    return std::nullopt;
  }
}

const GgufValue *GgufMetadata::find(llvm::StringRef key) const {
  auto found = entries.find(key);
  return found == entries.end() ? nullptr : &found->second;
}

bool GgufMetadata::add(llvm::StringRef key, const GgufValue &value) {
  if (!entries.try_emplace(key, value).second)
    return false;
  order.push_back(key.str());
  return true;
}

llvm::Error GgufMetadata::error(llvm::StringRef key,
                                const llvm::Twine &what) const {
  const GgufValue *value = find(key);
  std::string where =
      value ? (" (byte " + llvm::Twine(value->offset) + ")").str() : "";
  return inputError(path + ": metadata " + key + where + ": " + what);
}

llvm::Expected<std::optional<int64_t>>
GgufMetadata::integer(llvm::StringRef key) const {
  const GgufValue *value = find(key);
  if (!value)
    return std::nullopt;
  if (std::optional<int64_t> number = scalarInteger(value->type, value->data))
    return number;
  return error(key, value->type == GgufType::U64
                        ? llvm::Twine("is too large")
                        : "has type " + ggufTypeName(value->type) +
                              ", not an integer");
}

llvm::Expected<std::optional<double>>
GgufMetadata::real(llvm::StringRef key) const {
  const GgufValue *value = find(key);
  if (!value)
    return std::nullopt;
  if (value->type == GgufType::F32)
    return static_cast<double>(
        llvm::bit_cast<float>(endian::read32le(value->data)));
  if (value->type == GgufType::F64)
    return llvm::bit_cast<double>(endian::read64le(value->data));
  return error(key,
               "has type " + ggufTypeName(value->type) + ", not a real number");
}

llvm::Expected<std::optional<bool>>
GgufMetadata::boolean(llvm::StringRef key) const {
  const GgufValue *value = find(key);
  if (!value)
    return std::nullopt;
  if (value->type != GgufType::Bool)
    return error(key, "has type " + ggufTypeName(value->type) + ", not bool");
  return value->data[0] != 0;
}

llvm::Expected<std::optional<llvm::StringRef>>
GgufMetadata::string(llvm::StringRef key) const {
  const GgufValue *value = find(key);
  if (!value)
    return std::nullopt;
  if (value->type != GgufType::String)
    return error(key, "has type " + ggufTypeName(value->type) + ", not string");
  return llvm::StringRef(reinterpret_cast<const char *>(value->data) + 8,
                         endian::read64le(value->data));
}

llvm::Expected<std::vector<llvm::StringRef>>
GgufMetadata::strings(llvm::StringRef key) const {
  std::vector<llvm::StringRef> result;
  const GgufValue *value = find(key);
  if (!value)
    return result;
  if (value->type != GgufType::Array || value->elementType != GgufType::String)
    return error(key, "is not an array of strings");
  // Each string takes at least 8 bytes of the file: count is bounded by it.
  result.reserve(value->count);
  const uint8_t *p = value->data;
  for (uint64_t i = 0; i < value->count; ++i) {
    uint64_t length = endian::read64le(p);
    result.emplace_back(reinterpret_cast<const char *>(p) + 8, length);
    p += 8 + length;
  }
  return result;
}

llvm::Expected<std::vector<float>>
GgufMetadata::floats(llvm::StringRef key) const {
  std::vector<float> result;
  const GgufValue *value = find(key);
  if (!value)
    return result;
  if (value->type != GgufType::Array || value->elementType != GgufType::F32)
    return error(key, "is not an array of f32");
  result.reserve(value->count);
  for (uint64_t i = 0; i < value->count; ++i)
    result.push_back(
        llvm::bit_cast<float>(endian::read32le(value->data + 4 * i)));
  return result;
}

llvm::Expected<std::vector<int64_t>>
GgufMetadata::integers(llvm::StringRef key) const {
  std::vector<int64_t> result;
  const GgufValue *value = find(key);
  if (!value)
    return result;
  unsigned bytes = ggufTypeBytes(value->elementType);
  if (value->type != GgufType::Array || bytes == 0)
    return error(key, "is not an array of integers");
  result.reserve(value->count);
  for (uint64_t i = 0; i < value->count; ++i) {
    const uint8_t *at = value->data + bytes * i;
    std::optional<int64_t> number = value->elementType == GgufType::Bool
                                        ? std::optional<int64_t>(*at)
                                        : scalarInteger(value->elementType, at);
    if (!number)
      return error(key, "is not an array of integers");
    result.push_back(*number);
  }
  return result;
}
