//===- TokenizerMetadata.cpp - The tokenizer inside a GGUF file
//-------------===//
//
// See TokenizerMetadata.h.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/gguf/TokenizerMetadata.h"

using namespace sinter;

#define KEY(name) "tokenizer.ggml." name

static llvm::Error readText(const GgufMetadata &metadata, llvm::StringRef key,
                            llvm::StringRef &text) {
  llvm::Expected<std::optional<llvm::StringRef>> value = metadata.string(key);
  if (!value)
    return value.takeError();
  text = value->value_or("");
  return llvm::Error::success();
}

static llvm::Error readFlag(const GgufMetadata &metadata, llvm::StringRef key,
                            std::optional<bool> &flag) {
  llvm::Expected<std::optional<bool>> value = metadata.boolean(key);
  if (!value)
    return value.takeError();
  flag = *value;
  return llvm::Error::success();
}

static llvm::Error readId(const GgufMetadata &metadata, llvm::StringRef key,
                          size_t vocabulary, std::optional<uint32_t> &id) {
  llvm::Expected<std::optional<int64_t>> value = metadata.integer(key);
  if (!value)
    return value.takeError();
  if (!*value || **value == -1 || **value == UINT32_MAX)
    return llvm::Error::success();
  if (**value < 0 || static_cast<uint64_t>(**value) >= vocabulary)
    return metadata.error(key, "is " + llvm::Twine(**value) +
                                   ", outside the vocabulary of " +
                                   llvm::Twine(vocabulary));
  id = static_cast<uint32_t>(**value);
  return llvm::Error::success();
}

static llvm::Error readTables(const GgufMetadata &metadata,
                              GgufTokenizer &tokenizer) {
  llvm::Expected<std::vector<llvm::StringRef>> tokens =
      metadata.strings(KEY("tokens"));
  if (!tokens)
    return tokens.takeError();
  tokenizer.tokens = std::move(*tokens);
  if (tokenizer.tokens.empty())
    return metadata.error(KEY("tokens"), "is missing or empty");
  llvm::Expected<std::vector<float>> scores = metadata.floats(KEY("scores"));
  if (!scores)
    return scores.takeError();
  tokenizer.scores = std::move(*scores);
  llvm::Expected<std::vector<int64_t>> types =
      metadata.integers(KEY("token_type"));
  if (!types)
    return types.takeError();
  size_t count = tokenizer.tokens.size();
  if (!tokenizer.scores.empty() && tokenizer.scores.size() != count)
    return metadata.error(KEY("scores"),
                          "has " + llvm::Twine(tokenizer.scores.size()) +
                              " numbers for " + llvm::Twine(count) + " tokens");
  if (!types->empty() && types->size() != count)
    return metadata.error(KEY("token_type"),
                          "has " + llvm::Twine(types->size()) +
                              " numbers for " + llvm::Twine(count) + " tokens");
  tokenizer.types.reserve(types->size());
  for (int64_t type : *types) {
    if (type < 0 || type > 6)
      return metadata.error(KEY("token_type"),
                            "has the unknown type " + llvm::Twine(type));
    tokenizer.types.push_back(static_cast<int32_t>(type));
  }
  llvm::Expected<std::vector<llvm::StringRef>> merges =
      metadata.strings(KEY("merges"));
  if (!merges)
    return merges.takeError();
  tokenizer.merges = std::move(*merges);
  return llvm::Error::success();
}

llvm::Expected<GgufTokenizer> sinter::readTokenizer(const GgufFile &file) {
  const GgufMetadata &metadata = file.metadata();
  GgufTokenizer tokenizer;
  tokenizer.architecture = file.architecture();
  if (llvm::Error error = readText(metadata, KEY("model"), tokenizer.model))
    return std::move(error);
  if (tokenizer.model.empty())
    return metadata.error(KEY("model"),
                          "is missing: the file has no tokenizer");
  if (llvm::Error error = readText(metadata, KEY("pre"), tokenizer.pre))
    return std::move(error);
  if (llvm::Error error =
          readText(metadata, "tokenizer.chat_template", tokenizer.chatTemplate))
    return std::move(error);
  if (llvm::Error error = readTables(metadata, tokenizer))
    return std::move(error);

  struct {
    llvm::StringLiteral key;
    std::optional<uint32_t> &id;
  } ids[] = {{KEY("bos_token_id"), tokenizer.bosId},
             {KEY("eos_token_id"), tokenizer.eosId},
             {KEY("eot_token_id"), tokenizer.eotId},
             {KEY("eom_token_id"), tokenizer.eomId},
             {KEY("unknown_token_id"), tokenizer.unkId},
             {KEY("padding_token_id"), tokenizer.padId}};
  for (auto &[key, id] : ids)
    if (llvm::Error error = readId(metadata, key, tokenizer.tokens.size(), id))
      return std::move(error);

  struct {
    llvm::StringLiteral key;
    std::optional<bool> &flag;
  } flags[] = {
      {KEY("add_bos_token"), tokenizer.addBos},
      {KEY("add_eos_token"), tokenizer.addEos},
      {KEY("add_space_prefix"), tokenizer.addSpacePrefix},
      {KEY("remove_extra_whitespaces"), tokenizer.removeExtraWhitespaces}};
  for (auto &[key, flag] : flags)
    if (llvm::Error error = readFlag(metadata, key, flag))
      return std::move(error);
  return tokenizer;
}
