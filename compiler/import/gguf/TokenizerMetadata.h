//===- TokenizerMetadata.h - The tokenizer inside a GGUF file -----*- C++
//-*-===//
//
// A GGUF file carries its tokenizer as metadata (keys tokenizer.ggml.*). This
// is the plain form of it; what it means is the tokenizer compiler's business.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_GGUF_TOKENIZERMETADATA_H
#define SINTER_COMPILER_IMPORT_GGUF_TOKENIZERMETADATA_H

#include "compiler/import/gguf/GgufFile.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace sinter {

/// Strings are views into the mapped file and live as long as the GgufFile.
struct GgufTokenizer {
  /// general.architecture: tells how files without `pre` split text.
  llvm::StringRef architecture;
  /// tokenizer.ggml.model: "llama" (SentencePiece BPE), "gpt2" (byte-level
  /// BPE), "t5" (unigram), "bert", ...
  llvm::StringRef model;
  /// tokenizer.ggml.pre: "default", "llama-bpe", "qwen2", "smollm", ...; empty
  /// if the key is absent.
  llvm::StringRef pre;
  /// The vocabulary by id; bytes, not necessarily UTF-8.
  std::vector<llvm::StringRef> tokens;
  /// Empty, or one per token.
  std::vector<float> scores;
  /// Empty, or one per token: 1 normal, 2 unknown, 3 control, 4 user defined,
  /// 5 unused, 6 byte.
  std::vector<int32_t> types;
  /// "left right" pairs in order of rank; empty for models without merges.
  std::vector<llvm::StringRef> merges;
  std::optional<uint32_t> bosId;
  std::optional<uint32_t> eosId;
  /// End of turn and end of message, where the file tells them apart from eos.
  std::optional<uint32_t> eotId;
  std::optional<uint32_t> eomId;
  std::optional<uint32_t> unkId;
  std::optional<uint32_t> padId;
  std::optional<bool> addBos;
  std::optional<bool> addEos;
  std::optional<bool> addSpacePrefix;
  std::optional<bool> removeExtraWhitespaces;
  /// Jinja text; empty if the key is absent.
  llvm::StringRef chatTemplate;
};

/// InputError if the keys are missing, of a wrong type or of unequal lengths.
/// Ids of 0xffffffff (some converters' "none") count as absent; other ids must
/// lie in the vocabulary.
llvm::Expected<GgufTokenizer> readTokenizer(const GgufFile &file);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_GGUF_TOKENIZERMETADATA_H
