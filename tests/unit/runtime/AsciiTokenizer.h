// AsciiTokenizer.h: a tokenizer.bin for the toy model, whose tokens are
// characters.
#ifndef SINTER_TESTS_UNIT_RUNTIME_ASCIITOKENIZER_H
#define SINTER_TESTS_UNIT_RUNTIME_ASCIITOKENIZER_H

#include "compiler/tokenizer/TokenizerCompiler.h"

#include <gtest/gtest.h>

namespace sinter::toy {

/// Byte-level BPE of 128 tokens without merges: ASCII characters are their own
/// code, the bytes of "é" (c3 a9) are 1 and 2, 3 is the special token <|end|>.
inline std::vector<uint8_t> asciiTokenizer() {
  std::string vocab;
  auto add = [&](const std::string &piece, int id) {
    vocab += (vocab.empty() ? "" : ",") + ("\"" + piece + "\":") +
             std::to_string(id);
  };
  for (int c = 33; c < 127; ++c) {
    std::string piece(1, char(c));
    if (c == '"' || c == '\\')
      piece = "\\" + piece;
    add(piece, c);
  }
  add("\\u0120", 32); // the byte-level spelling of a space
  add("\\u010a", 10); // and of a line feed
  add("\\u00c3", 1);
  add("\\u00a9", 2);
  std::string json =
      R"({"version":"1.0","added_tokens":[
        {"id":3,"content":"<|end|>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
      "normalizer":null,
      "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
      "post_processor":null,
      "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
      "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,
      "end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"vocab":{)" +
      vocab + R"(},"merges":[]}})";
  auto bytes = compileTokenizerJson(json, TokenizerSideFiles());
  if (!bytes) {
    ADD_FAILURE() << llvm::toString(bytes.takeError());
    return {};
  }
  return *bytes;
}

} // namespace sinter::toy
#endif
