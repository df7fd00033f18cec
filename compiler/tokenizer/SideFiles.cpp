//===- SideFiles.cpp - What the files beside a tokenizer say
//----------------===//
//
// tokenizer_config.json and special_tokens_map.json name tokens by text,
// generation_config.json and config.json by id. Ids there that the vocabulary
// does not have are left alone: they are defaults more often than claims.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/JsonReader.h"
#include "compiler/support/Error.h"
#include "compiler/tokenizer/JsonFields.h"
#include "compiler/tokenizer/TokenizerModel.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;
using namespace sinter;
using namespace sinter::tokfmt;

/// The text of "bos_token" and its like: a string, or an object with "content".
static StringRef tokenText(const json::Object &object, StringRef key) {
  if (std::optional<StringRef> text = object.getString(key))
    return *text;
  if (const json::Object *token = object.getObject(key))
    return token->getString("content").value_or("");
  return "";
}

/// Fills ids that are not known yet from the names in `object`.
static void applyNames(TokenizerModel &model, const json::Object &object) {
  struct {
    const char *key;
    uint32_t &id;
  } names[] = {{"bos_token", model.beginId},
               {"eos_token", model.endId},
               {"unk_token", model.unknownId},
               {"pad_token", model.paddingId}};
  for (auto &[key, id] : names) {
    // Which token stands for unknown text is the model's business.
    StringRef text = tokenText(object, key);
    if (id == kNone && !text.empty() && StringRef(key) != "unk_token")
      id = model.find(text);
  }
  if (model.endId != kNone)
    model.addEndId(model.endId);
}

/// "eos_token_id" (a number or a list) and "bos_token_id".
static bool applyIds(TokenizerModel &model, const json::Object &object) {
  auto known = [&](std::optional<int64_t> id) {
    return id && *id >= 0 && size_t(*id) < model.pieces.size();
  };
  std::optional<int64_t> begin = object.getInteger("bos_token_id");
  if (known(begin) && model.beginId == kNone)
    model.beginId = uint32_t(*begin);
  SmallVector<std::optional<int64_t>> ends = {
      object.getInteger("eos_token_id")};
  if (const json::Array *list = object.getArray("eos_token_id"))
    for (const json::Value &value : *list)
      ends.push_back(value.getAsInteger());
  bool any = false;
  for (std::optional<int64_t> end : ends)
    if (known(end)) {
      any = true;
      if (model.endId == kNone)
        model.endId = uint32_t(*end);
      model.addEndId(uint32_t(*end));
    }
  return any;
}

Expected<AddedToken> sinter::readAddedToken(const json::Object &object,
                                            uint64_t id) {
  std::optional<StringRef> content = object.getString("content");
  if (!content || id >= kMaxVocab)
    return inputError(
        "added token " + Twine(id) +
        (content ? ": the id is out of range" : ": it has no \"content\""));
  AddedToken token;
  token.text = content->str();
  token.id = uint32_t(id);
  struct {
    const char *key;
    uint32_t flag;
  } flags[] = {{"lstrip", kAddedLstrip},
               {"rstrip", kAddedRstrip},
               {"single_word", kAddedSingleWord},
               {"special", kAddedSpecial}};
  for (const auto &[key, flag] : flags)
    if (object.getBoolean(key).value_or(false))
      token.flags |= flag;
  bool special = token.flags & kAddedSpecial;
  token.normalized = object.getBoolean("normalized").value_or(!special);
  return token;
}

/// tokenizer_config.json's "added_tokens_decoder": id -> token. The tokenizer's
/// own list goes first.
static Error applyAddedTokens(TokenizerModel &model,
                              const json::Object &config) {
  const json::Object *tokens = config.getObject("added_tokens_decoder");
  if (!tokens)
    return Error::success();
  // In the order of ids: an object's own order is not defined.
  std::vector<std::pair<uint64_t, const json::Object *>> sorted;
  for (const auto &[key, value] : *tokens) {
    uint64_t id;
    const json::Object *object = value.getAsObject();
    if (StringRef(key).getAsInteger(10, id) || !object)
      return inputError("tokenizer_config.json: bad entry '" + StringRef(key) +
                        "' in added_tokens_decoder");
    sorted.emplace_back(id, object);
  }
  llvm::sort(sorted, [](auto &a, auto &b) { return a.first < b.first; });
  for (const auto &[id, object] : sorted) {
    Expected<AddedToken> token = readAddedToken(*object, id);
    if (!token)
      return token.takeError();
    uint32_t wanted = token->id;
    if (token->text.empty() ||
        llvm::any_of(model.added,
                     [&](const AddedToken &a) { return a.id == wanted; }))
      continue;
    if (Error error = model.add(std::move(*token)))
      return error;
  }
  return Error::success();
}

/// These classes build their template from add_bos_token and add_eos_token,
/// whatever tokenizer.json says.
static void applyTemplateFlags(TokenizerModel &model,
                               const json::Object &config) {
  bool builds =
      StringSwitch<bool>(config.getString("tokenizer_class").value_or(""))
          .Cases("LlamaTokenizer", "LlamaTokenizerFast", "GemmaTokenizer",
                 "GemmaTokenizerFast", true)
          .Cases("CodeLlamaTokenizer", "CodeLlamaTokenizerFast", true)
          .Default(false);
  if (!builds)
    return;
  if (std::optional<bool> add = config.getBoolean("add_bos_token")) {
    model.prefix.clear();
    if (*add && model.beginId != kNone)
      model.prefix.push_back(model.beginId);
  }
  if (std::optional<bool> add = config.getBoolean("add_eos_token")) {
    model.suffix.clear();
    if (*add && model.endId != kNone)
      model.suffix.push_back(model.endId);
  }
}

Error sinter::applySideFiles(TokenizerModel &model,
                             const TokenizerSideFiles &side) {
  struct {
    StringRef text;
    const char *name;
  } files[] = {{side.tokenizerConfig, "tokenizer_config.json"},
               {side.specialTokensMap, "special_tokens_map.json"},
               {side.generationConfig, "generation_config.json"},
               {side.modelConfig, "config.json"}};
  bool ended = false;
  for (auto &[text, name] : files) {
    if (text.empty())
      continue;
    Expected<json::Object> object = readJsonObject(text, name);
    if (!object)
      return object.takeError();
    if (name == files[0].name) {
      if (Error error = applyAddedTokens(model, *object))
        return error;
      applyNames(model, *object);
      applyTemplateFlags(model, *object);
    } else if (name == files[1].name) {
      applyNames(model, *object);
    } else if (!ended) {
      ended = applyIds(model, *object);
    }
  }
  if (model.beginId == kNone && !model.prefix.empty())
    model.beginId = model.prefix.front();
  return Error::success();
}
