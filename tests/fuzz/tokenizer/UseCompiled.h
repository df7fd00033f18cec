//===- UseCompiled.h - What the tokenizer's fuzzers do with a result -*- C++
//-*-//
//
// The compiled bytes must load, and the tokenizer must encode.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_TESTS_FUZZ_TOKENIZER_USECOMPILED_H
#define SINTER_TESTS_FUZZ_TOKENIZER_USECOMPILED_H

#include "compiler/support/Error.h"
#include "compiler/tokenizer/TokenizerCompiler.h"
#include "runtime/text/Tokenizer.h"

namespace sinter {

/// Encodes with what was compiled; an error must be of a documented kind.
inline void useCompiled(llvm::Expected<TokenizerBytes> bytes) {
  if (!bytes) {
    llvm::Error error = bytes.takeError();
    int code = exitCode(error);
    if (code != kExitInput && code != kExitUnsupported)
      __builtin_trap();
    llvm::consumeError(std::move(error));
    return;
  }
  text::Tokenizer tokenizer;
  if (tokenizer.load(bytes->data(), bytes->size()) != text::Status::Ok)
    __builtin_trap();
  text::Encoder encoder(tokenizer);
  const char text[] = "a b <s> 12\n\xF0\x9F\x98\x80\xFF it's";
  if (encoder.encode(text, sizeof(text) - 1,
                     text::kAddSpecial | text::kParseSpecial) !=
      text::Status::Ok)
    __builtin_trap();
}

} // namespace sinter

#endif // SINTER_TESTS_FUZZ_TOKENIZER_USECOMPILED_H
