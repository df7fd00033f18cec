//===- JsonTokenizer.cpp - tokenizer.json -> tokenizer.bin
//------------------===//
//
// Reads model (BPE or Unigram), vocabulary, merges and added tokens; the
// pipeline around them is JsonPipeline.cpp. Schema: Hugging Face `tokenizers`,
// version 1.0 (merges as "a b" strings, or, newer, as pairs).
//
//===------------------------------------------------------------------------===//

#include "compiler/import/JsonReader.h"
#include "compiler/support/Error.h"
#include "compiler/tokenizer/JsonFields.h"
#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace sinter;
using namespace sinter::tokfmt;

Expected<json::Object> sinter::readJsonObject(StringRef text, StringRef name) {
  Expected<json::Value> value = parseJson(text, name);
  if (!value)
    return value.takeError();
  json::Object *object = value->getAsObject();
  if (!object)
    return inputError(name + ": the file is not a JSON object");
  return std::move(*object);
}

namespace {

bool truthy(const json::Object &object, StringRef key) {
  return object.getBoolean(key).value_or(false);
}

/// model.vocab of BPE: text -> id.
Error readBpeVocab(TokenizerModel &model, const json::Object &object) {
  const json::Object *vocab = object.getObject("vocab");
  if (!vocab)
    return inputError("tokenizer.json: model.vocab is not an object");
  model.limitIds(vocab->size());
  // By id, so that the first of several errors is always the same one.
  std::vector<std::pair<int64_t, StringRef>> tokens;
  for (const auto &[key, value] : *vocab) {
    std::optional<int64_t> id = value.getAsInteger();
    if (!id || *id < 0)
      return inputError("tokenizer.json: the id of '" + StringRef(key) +
                        "' is not a number that can be an id");
    tokens.emplace_back(*id, key);
  }
  llvm::sort(tokens);
  for (const auto &[id, text] : tokens) {
    if (Error error = model.define(text, uint64_t(id)))
      return error;
    model.pieces[size_t(id)].indexed = true;
  }
  return Error::success();
}

/// model.vocab of Unigram: [text, score] by id.
Error readUnigramVocab(TokenizerModel &model, const json::Object &object) {
  const json::Array *vocab = object.getArray("vocab");
  if (!vocab)
    return inputError("tokenizer.json: model.vocab is not a list");
  model.limitIds(vocab->size());
  double lowest = 0;
  for (size_t id = 0; id < vocab->size(); ++id) {
    const json::Array *pair = (*vocab)[id].getAsArray();
    std::optional<StringRef> text;
    std::optional<double> score;
    if (pair && pair->size() == 2) {
      text = (*pair)[0].getAsString();
      score = (*pair)[1].getAsNumber();
    }
    if (!text || !score || !std::isfinite(*score))
      return inputError("tokenizer.json: entry " + Twine(id) +
                        " of model.vocab is not [text, score]");
    if (Error error = model.define(*text, id))
      return error;
    model.pieces[id].indexed = true;
    model.pieces[id].score = *score;
    lowest = std::min(lowest, *score);
  }
  model.unknownScore = lowest - 10.0;
  return Error::success();
}

Error readMerges(TokenizerModel &model, const json::Object &object) {
  const json::Array *merges = object.getArray("merges");
  if (!merges)
    return inputError("tokenizer.json: model.merges is not a list");
  uint32_t rank = 0;
  for (const json::Value &value : *merges) {
    StringRef left, right;
    if (std::optional<StringRef> line = value.getAsString()) {
      if (line->starts_with("#version"))
        continue;
      std::tie(left, right) = line->split(' ');
      if (right.contains(' ') || !line->contains(' '))
        return inputError("tokenizer.json: merge " + Twine(rank) + " ('" +
                          *line + "') is not two tokens with a space between");
    } else {
      const json::Array *pair = value.getAsArray();
      std::optional<StringRef> texts[2];
      for (int i = 0; i < 2 && pair && pair->size() == 2; ++i)
        texts[i] = (*pair)[size_t(i)].getAsString();
      if (!texts[0] || !texts[1])
        return inputError("tokenizer.json: merge " + Twine(rank) +
                          " is not a pair of tokens");
      left = *texts[0];
      right = *texts[1];
    }
    if (Error error = addMerge(model, left, right, rank++))
      return error;
  }
  return Error::success();
}

Error readAddedTokens(TokenizerModel &model, const json::Object &tokenizer) {
  const json::Value *value = tokenizer.get("added_tokens");
  if (!value || value->kind() == json::Value::Null)
    return Error::success();
  const json::Array *list = value->getAsArray();
  if (!list)
    return inputError("tokenizer.json: added_tokens is not a list");
  for (const json::Value &entry : *list) {
    const json::Object *object = entry.getAsObject();
    std::optional<int64_t> id;
    if (object)
      id = object->getInteger("id");
    if (!id || *id < 0)
      return inputError("tokenizer.json: an entry of added_tokens has no id");
    Expected<AddedToken> token = readAddedToken(*object, uint64_t(*id));
    if (!token)
      return token.takeError();
    if (Error error = model.add(std::move(*token)))
      return error;
  }
  return Error::success();
}

/// BPE's own settings; what we do not do is refused.
Error readBpeSettings(TokenizerModel &model, const json::Object &object) {
  for (StringRef key : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (!object.getString(key).value_or("").empty())
      return unsupportedError("the tokenizer's BPE model uses " + key +
                              ", which is not supported");
  if (object.getNumber("dropout").value_or(0) != 0)
    return unsupportedError("the tokenizer's BPE model uses dropout, which "
                            "makes its result random");
  if (truthy(object, "ignore_merges"))
    model.flags |= kIgnoreMerges;
  if (truthy(object, "fuse_unk"))
    model.flags |= kFuseUnknown;
  if (truthy(object, "byte_fallback"))
    model.flags |= kByteFallback;
  return Error::success();
}

Error readUnknownToken(TokenizerModel &model, const json::Object &object) {
  if (model.kind == kUnigram) {
    model.flags |= kFuseUnknown;
    if (truthy(object, "byte_fallback"))
      model.flags |= kByteFallback;
    std::optional<int64_t> id = object.getInteger("unk_id");
    if (!id)
      return Error::success();
    if (*id < 0 || size_t(*id) >= model.pieces.size())
      return inputError("tokenizer.json: model.unk_id " + Twine(*id) +
                        " is not in the vocabulary of " +
                        Twine(model.pieces.size()));
    model.unknownId = uint32_t(*id);
    return Error::success();
  }
  std::optional<StringRef> text = object.getString("unk_token");
  if (!text)
    return Error::success();
  model.unknownId = model.find(*text);
  if (model.unknownId == kNone)
    return inputError("tokenizer.json: model.unk_token '" + *text +
                      "' is not in the vocabulary");
  return Error::success();
}

/// "BPE", "Unigram" or what else model.type says; old files leave it out.
StringRef modelType(const json::Object &object) {
  StringRef type = typeOf(object);
  if (!type.empty())
    return type;
  if (object.getArray("merges"))
    return "BPE";
  return object.getArray("vocab") ? "Unigram" : "";
}

} // namespace

Expected<TokenizerBytes>
sinter::compileTokenizerJson(StringRef text, const TokenizerSideFiles &side) {
  Expected<json::Object> tokenizer = readJsonObject(text, "tokenizer.json");
  if (!tokenizer)
    return tokenizer.takeError();
  const json::Object *object = tokenizer->getObject("model");
  if (!object)
    return inputError("tokenizer.json: \"model\" is missing or not an object");
  StringRef type = modelType(*object);
  bool unigram = type == "Unigram";
  if (type != "BPE" && !unigram)
    return unsupportedError("the tokenizer's model type '" + type +
                            "' is not supported; BPE and Unigram are");

  TokenizerModel model;
  model.kind = unigram ? kUnigram : kBpeChars;
  if (!unigram)
    if (Error error = readBpeSettings(model, *object))
      return std::move(error);
  Error error =
      unigram ? readUnigramVocab(model, *object) : readBpeVocab(model, *object);
  if (!error)
    error = readUnknownToken(model, *object);
  if (!error)
    error = readPipeline(model, *tokenizer);
  if (!error)
    error = readAddedTokens(model, *tokenizer);
  if (!error)
    error = readPostProcessor(model, *tokenizer);
  if (!error)
    error = applySideFiles(model, side);
  if (!error)
    error = finishPieces(model);
  if (!error && !unigram)
    error = readMerges(model, *object);
  if (error)
    return std::move(error);
  return writeTokenizer(model, side.modelVocabSize, side.remark);
}
