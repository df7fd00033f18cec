//===- TokenizerTesting.h - What the tokenizer's tests share ------*- C++
//-*-===//
//
// Compiling real vocabularies of the shared data, encoding and decoding with
// vectors and strings. A test whose data is absent prints so and is skipped.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_TESTS_UNIT_TOKENIZER_TOKENIZERTESTING_H
#define SINTER_TESTS_UNIT_TOKENIZER_TOKENIZERTESTING_H

#include "compiler/support/Error.h"
#include "compiler/tokenizer/TokenizerCompiler.h"
#include "runtime/text/Tokenizer.h"
#include "llvm/Support/Error.h"
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sinter {

using Ids = std::vector<uint32_t>;

/// A compiled tokenizer with its bytes.
struct Compiled {
  TokenizerBytes bytes;
  text::Tokenizer tokenizer;

  Ids encode(llvm::StringRef text,
             unsigned flags = text::kAddSpecial | text::kParseSpecial) const;
  /// Streaming decoding of all ids, pieces put together.
  std::string decode(const Ids &ids, bool skipSpecial = true) const;
  uint32_t id(llvm::StringRef text) const {
    return tokenizer.find(text.data(), text.size());
  }
};

/// Loads what a compile function gave; fails the test with its message.
std::unique_ptr<Compiled> loadCompiled(llvm::Expected<TokenizerBytes> bytes);

/// "exit N: message" of an error; "" of a success.
std::string failure(llvm::Expected<TokenizerBytes> bytes);

/// The text of a file under the shared data, or nothing.
std::optional<std::string> sharedFile(const std::string &path);
std::string sharedPath(const std::string &path);

/// Compiles a folder of the shared data; null (and a skip message) without it.
std::unique_ptr<Compiled> sharedTokenizer(const std::string &folder);

/// Valid UTF-8?
bool isUtf8(llvm::StringRef text);

/// Skips the test when a pointer or optional is empty.
#define REQUIRE_SHARED(VALUE)                                                  \
  if (!(VALUE))                                                                \
  GTEST_SKIP() << "skipped: shared data not found"

} // namespace sinter

#endif // SINTER_TESTS_UNIT_TOKENIZER_TOKENIZERTESTING_H
