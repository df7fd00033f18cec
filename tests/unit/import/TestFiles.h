//===- TestFiles.h - Model files made for a test ------------------*- C++
//-*-===//
//
// Builders of small safetensors and GGUF files, sound or damaged on purpose,
// and a folder that goes away with the test.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_TESTS_UNIT_IMPORT_TESTFILES_H
#define SINTER_TESTS_UNIT_IMPORT_TESTFILES_H

#include "compiler/support/Error.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sinter::test {

/// A folder of its own, removed at the end.
class TempFolder {
public:
  TempFolder();
  ~TempFolder();
  std::string path() const { return folder.str().str(); }
  std::string path(llvm::StringRef name) const;
  /// Writes a file and returns its path.
  std::string write(llvm::StringRef name, llvm::StringRef content) const;

private:
  llvm::SmallString<128> folder;
};

/// Bytes of an integer, little-endian.
template <typename T> std::string le(T value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof(T); ++i)
    bytes += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
  return bytes;
}
std::string leFloat(float value);

/// Header length, header, `dataBytes` zeros.
std::string safetensors(llvm::StringRef header, size_t dataBytes);
/// {"name":{"dtype":...,"shape":[...],"data_offsets":[begin,end]}} without
/// braces.
std::string tensorEntry(llvm::StringRef name, llvm::StringRef dtype,
                        llvm::StringRef shape, uint64_t begin, uint64_t end);

inline llvm::ArrayRef<uint8_t> asBytes(llvm::StringRef text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

/// Writes GGUF files field by field; counts can be falsified.
class GgufBuilder {
public:
  uint32_t version = 3;
  uint64_t alignment = 32;
  /// What the header says; by default the truth.
  std::optional<uint64_t> tensorCount, entryCount;

  GgufBuilder &entry(llvm::StringRef key, uint32_t type,
                     llvm::StringRef payload);
  GgufBuilder &u32(llvm::StringRef key, uint32_t value);
  GgufBuilder &f32(llvm::StringRef key, float value);
  GgufBuilder &string(llvm::StringRef key, llvm::StringRef value);
  GgufBuilder &boolean(llvm::StringRef key, bool value);
  /// Dimensions as the file has them, fastest first. `bytes` of data are
  /// appended, at an aligned place unless `offset` falsifies it.
  GgufBuilder &tensor(llvm::StringRef name, llvm::ArrayRef<uint64_t> dims,
                      uint32_t type, uint64_t bytes,
                      std::optional<uint64_t> offset = {});
  /// Replaces the data of the tensor added last.
  GgufBuilder &data(llvm::StringRef bytes);
  std::string build() const;

private:
  std::string entries, tensors, content;
  uint64_t entryTotal = 0, tensorTotal = 0, lastOffset = 0;
};

std::string ggufString(llvm::StringRef value);

/// A small sound GGUF of the llama architecture: 2 layers, hidden 64, 4 heads,
/// 2 key-value heads, feed-forward 96, vocabulary 32, context 128; metadata and
/// embedding only.
GgufBuilder llamaGguf();

/// config.json of that model.
std::string llamaConfig(llvm::StringRef more = "");

/// Checks kind and text of an error; `parts` must all occur in it.
::std::string checkError(llvm::Error error, int code,
                         llvm::ArrayRef<llvm::StringRef> parts);

/// EXPECT that `expected` failed with that exit code and these words.
#define EXPECT_FAILS(expected, code, ...)                                      \
  do {                                                                         \
    auto &&result_ = (expected);                                               \
    EXPECT_FALSE(static_cast<bool>(result_)) << "was accepted";                \
    if (!result_)                                                              \
      EXPECT_EQ(                                                               \
          ::sinter::test::checkError(result_.takeError(), code, __VA_ARGS__),  \
          "");                                                                 \
  } while (false)

/// The folder of shared test data, or an empty string (with a message) if it is
/// not on this machine.
std::string sharedData(llvm::StringRef part);

} // namespace sinter::test

#endif // SINTER_TESTS_UNIT_IMPORT_TESTFILES_H
