//===- JsonFields.h - Reading fields of tokenizer JSON files ------*- C++
//-*-===//
//
// Small helpers over llvm::json for the tokenizer's readers: a field of the
// wrong type is an InputError that names the field; an absent or null one is
// the default.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_TOKENIZER_JSONFIELDS_H
#define SINTER_COMPILER_TOKENIZER_JSONFIELDS_H

#include "compiler/tokenizer/TokenizerModel.h"
#include "llvm/Support/JSON.h"

namespace sinter {

/// A whole file that must be an object: strict JSON, bounded depth.
llvm::Expected<llvm::json::Object> readJsonObject(llvm::StringRef text,
                                                  llvm::StringRef name);

/// One entry of added_tokens or added_tokens_decoder.
llvm::Expected<AddedToken> readAddedToken(const llvm::json::Object &object,
                                          uint64_t id);

/// tokenizer.json's normalizer, pre_tokenizer, post_processor and decoder into
/// the model's program, template and flags. The model's kind must be set,
/// unless it is BPE: then a byte-level step decides it.
llvm::Error readPipeline(TokenizerModel &model,
                         const llvm::json::Object &tokenizer);

/// The added tokens and the template need the vocabulary: called after it.
llvm::Error readPostProcessor(TokenizerModel &model,
                              const llvm::json::Object &tokenizer);

/// "type" of a component, or "".
inline llvm::StringRef typeOf(const llvm::json::Object &object) {
  return object.getString("type").value_or("");
}

} // namespace sinter

#endif // SINTER_COMPILER_TOKENIZER_JSONFIELDS_H
