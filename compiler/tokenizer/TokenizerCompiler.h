//===- TokenizerCompiler.h - Builds tokenizer.bin -----------------*- C++
//-*-===//
//
// From what a model folder or a GGUF file brings to the bytes of tokenizer.bin
// (docs/formats/tokenizer.md). All input is hostile: sizes and ids are checked,
// nesting is bounded. Damaged input gives an InputError; a tokenizer, split
// pattern or normalizer that we do not know gives an UnsupportedError that
// names it. Every function checks its result with the runtime's own reader.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_TOKENIZER_TOKENIZERCOMPILER_H
#define SINTER_COMPILER_TOKENIZER_TOKENIZERCOMPILER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace sinter {

/// The bytes of a tokenizer.bin.
using TokenizerBytes = std::vector<uint8_t>;

/// Texts of the files beside a tokenizer; empty when absent. They give begin
/// and end of text, further end-of-text ids, and added tokens.
struct TokenizerSideFiles {
  llvm::StringRef tokenizerConfig;  ///< tokenizer_config.json
  llvm::StringRef specialTokensMap; ///< special_tokens_map.json
  llvm::StringRef generationConfig; ///< generation_config.json
  llvm::StringRef modelConfig;      ///< config.json
  /// Rows of the model's embedding. A token with a higher id is an error; an
  /// added token (a fine-tune's padding, say) is left out. 0: not known.
  uint32_t modelVocabSize = 0;
  /// Set to what was left out, for the user; may be null.
  std::string *remark = nullptr;
};

/// From tokenizer.json (Hugging Face `tokenizers`).
llvm::Expected<TokenizerBytes>
compileTokenizerJson(llvm::StringRef json, const TokenizerSideFiles &side);

/// From vocab.json and merges.txt; tokenizer_config.json's tokenizer_class says
/// how text is split (GPT-2 where it is absent).
llvm::Expected<TokenizerBytes>
compileVocabAndMerges(llvm::StringRef vocabJson, llvm::StringRef merges,
                      const TokenizerSideFiles &side);

/// From a SentencePiece model (tokenizer.model), BPE or unigram.
llvm::Expected<TokenizerBytes>
compileSentencePiece(llvm::StringRef model, const TokenizerSideFiles &side);

struct GgufTokenizer; // compiler/import/gguf/TokenizerMetadata.h

/// From a GGUF file's tokenizer.ggml.* keys; models "llama" and "gpt2".
/// `modelVocabSize` and `remark` as in TokenizerSideFiles.
llvm::Expected<TokenizerBytes>
compileGgufTokenizer(const GgufTokenizer &gguf, uint32_t modelVocabSize = 0,
                     std::string *remark = nullptr);

/// Reads a model folder: tokenizer.json, else tokenizer.model, else vocab.json
/// with merges.txt, and the files beside them.
llvm::Expected<TokenizerBytes>
compileTokenizerFolder(llvm::StringRef folder, uint32_t modelVocabSize = 0,
                       std::string *remark = nullptr);

} // namespace sinter

#endif // SINTER_COMPILER_TOKENIZER_TOKENIZERCOMPILER_H
