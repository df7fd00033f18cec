//===- JsonPipeline.cpp - Normalizers, pre-tokenizers, decoders of JSON
//-----===//
//
// Turns the components of a tokenizer.json into the steps of our program. What
// is not known exactly is refused by name: a tokenizer that is almost right
// gives a model that is subtly wrong. Meaning of the components: Hugging
// Face `tokenizers`.
//
//===------------------------------------------------------------------------===//

#include "compiler/support/Error.h"
#include "compiler/tokenizer/JsonFields.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Base64.h"

using namespace llvm;
using namespace sinter;
using namespace sinter::tokfmt;

namespace {

/// Reads the components in order and appends to the model's program.
class Pipeline {
public:
  explicit Pipeline(TokenizerModel &model) : model(model) {}

  Error normalizer(const json::Object &object);
  Error preTokenizer(const json::Object &object);
  Error decoder(const json::Object &object);

private:
  using Member = Error (Pipeline::*)(const json::Object &);
  Error sequence(const json::Object &object, StringRef key, Member each);
  Error replace(const json::Object &object);
  Error split(const json::Object &object);
  Error metaspace(const json::Object &object);
  Error byteLevel(const json::Object &object);
  Error behaviour(const json::Object &object, uint32_t &value) const;
  void step(uint32_t operation, uint32_t argument = 0, StringRef text = "",
            StringRef text2 = "") {
    model.program.push_back({operation, argument, text.str(), text2.str()});
  }

  TokenizerModel &model;
  bool bytes = false; // a byte-level step came before
};

bool flag(const json::Object &object, StringRef key, bool otherwise) {
  return object.getBoolean(key).value_or(otherwise);
}

/// The component as text, for a message.
std::string shown(const json::Object &object) {
  std::string text;
  raw_string_ostream(text) << json::Value(json::Object(object));
  return text.size() > 400 ? text.substr(0, 400) + "..." : text;
}

Error unknown(StringRef what, const json::Object &object) {
  return unsupportedError("the tokenizer's " + what +
                          " is not supported: " + shown(object));
}

Error Pipeline::sequence(const json::Object &object, StringRef key,
                         Member each) {
  const json::Array *list = object.getArray(key);
  if (!list)
    return inputError("tokenizer.json: a Sequence without \"" + key + "\"");
  for (const json::Value &value : *list) {
    const json::Object *part = value.getAsObject();
    if (!part)
      return inputError("tokenizer.json: \"" + key +
                        "\" holds something that is not an object");
    if (Error error = (this->*each)(*part))
      return error;
  }
  return Error::success();
}

Error Pipeline::replace(const json::Object &object) {
  const json::Object *pattern = object.getObject("pattern");
  StringRef content = object.getString("content").value_or("");
  if (pattern) {
    std::optional<StringRef> text = pattern->getString("String");
    if (text && !text->empty()) {
      step(kReplace, 0, *text, content);
      return Error::success();
    }
    if (pattern->getString("Regex").value_or("") == " {2,}") {
      step(kCollapseSpaces, 0, "", content);
      return Error::success();
    }
  }
  return unknown("normalizer", object);
}

Error Pipeline::normalizer(const json::Object &object) {
  StringRef type = typeOf(object);
  if (type == "Sequence")
    return sequence(object, "normalizers", &Pipeline::normalizer);
  if (type == "NFC") {
    step(kNfc);
  } else if (type == "Prepend") {
    step(kPrepend, 0, object.getString("prepend").value_or(""));
  } else if (type == "Replace") {
    return replace(object);
  } else if (type == "Strip") {
    step(kStrip, (flag(object, "strip_left", true) ? kStripLeft : 0) |
                     (flag(object, "strip_right", true) ? kStripRight : 0));
  } else if (type == "Precompiled") {
    std::vector<char> map;
    StringRef text = object.getString("precompiled_charsmap").value_or("");
    if (!model.charsmap.empty())
      return unknown("normalizer", object);
    if (Error error = decodeBase64(text, map)) {
      consumeError(std::move(error));
      return inputError("tokenizer.json: precompiled_charsmap is not base64");
    }
    model.charsmap.assign(map.begin(), map.end());
    if (!model.charsmap.empty())
      step(kApplyCharsmap);
  } else {
    return unknown("normalizer", object);
  }
  return Error::success();
}

Error Pipeline::behaviour(const json::Object &object, uint32_t &value) const {
  StringRef name = object.getString("behavior").value_or("Isolated");
  value = StringSwitch<uint32_t>(name)
              .Case("Isolated", kIsolated)
              .Case("Removed", kRemoved)
              .Case("MergedWithPrevious", kMergedWithPrevious)
              .Case("MergedWithNext", kMergedWithNext)
              .Case("Contiguous", kContiguous)
              .Default(kNone);
  return value == kNone ? unknown("split behavior", object) : Error::success();
}

/// The scanner that means exactly this regular expression, or 0.
uint32_t scannerFor(StringRef pattern) {
#define SPLIT_PATTERN(SCANNER, TEXT)                                           \
  if (pattern == TEXT)                                                         \
    return SCANNER;
#include "compiler/tokenizer/SplitPatterns.def"
  return 0;
}

Error Pipeline::split(const json::Object &object) {
  const json::Object *pattern = object.getObject("pattern");
  uint32_t how;
  if (Error error = behaviour(object, how))
    return error;
  bool invert = flag(object, "invert", false);
  std::optional<StringRef> text, regex;
  if (pattern) {
    text = pattern->getString("String");
    regex = pattern->getString("Regex");
  }
  if (text && !text->empty() && !invert) {
    std::string wanted = text->str();
    if (bytes && !printableToBytes(*text, wanted))
      return unknown("pre-tokenizer", object);
    step(kSplitText, how, wanted);
    return Error::success();
  }
  if (!regex)
    return unknown("pre-tokenizer", object);
  if (*regex == "[0-9][0-9][0-9]" && !invert) {
    step(kThreeDigits, how);
    return Error::success();
  }
  uint32_t scanner = scannerFor(*regex);
  if (!scanner)
    return unsupportedError("the tokenizer splits text by a regular expression "
                            "that is not supported: " +
                            *regex);
  // These expressions cover all text: keeping only the matches, or isolating
  // them, is the same.
  if (!(how == kIsolated && !invert) && !(how == kRemoved && invert))
    return unknown("pre-tokenizer", object);
  step(kSplitScanner, scanner);
  return Error::success();
}

Error Pipeline::metaspace(const json::Object &object) {
  StringRef mark = object.getString("replacement").value_or(kMetaspaceMark);
  StringRef scheme = object.getString("prepend_scheme").value_or("always");
  // Older files have a flag instead.
  if (!flag(object, "add_prefix_space", true))
    scheme = "never";
  uint32_t prepend = StringSwitch<uint32_t>(scheme)
                         .Case("never", 0)
                         .Case("first", kMetaspaceFirst)
                         .Case("always", kMetaspaceAlways)
                         .Default(kNone);
  if (bytes || prepend == kNone || mark != kMetaspaceMark)
    return unknown("pre-tokenizer", object);
  step(kMetaspace,
       prepend | (flag(object, "split", true) ? kMetaspaceSplit : 0), mark);
  return Error::success();
}

Error Pipeline::byteLevel(const json::Object &object) {
  if (bytes || model.kind == kUnigram)
    return unknown("pre-tokenizer", object);
  bytes = true;
  model.kind = kBpeBytes;
  step(kByteLevel,
       (flag(object, "add_prefix_space", true) ? kByteLevelPrefixSpace : 0) |
           (flag(object, "use_regex", true) ? kByteLevelRegex : 0));
  return Error::success();
}

Error Pipeline::preTokenizer(const json::Object &object) {
  StringRef type = typeOf(object);
  if (type == "Sequence")
    return sequence(object, "pretokenizers", &Pipeline::preTokenizer);
  if (type == "ByteLevel")
    return byteLevel(object);
  if (type == "Split")
    return split(object);
  if (type == "Metaspace")
    return metaspace(object);
  if (type == "Digits") {
    step(kDigits, flag(object, "individual_digits", false));
  } else if (type == "Punctuation") {
    uint32_t how;
    if (Error error = behaviour(object, how))
      return error;
    step(kPunctuation, how);
  } else if (type == "WhitespaceSplit") {
    step(kWhitespaceSplit);
  } else {
    return unknown("pre-tokenizer", object);
  }
  return Error::success();
}

Error Pipeline::decoder(const json::Object &object) {
  StringRef type = typeOf(object);
  if (type == "Sequence")
    return sequence(object, "decoders", &Pipeline::decoder);
  bool chars = model.kind != kBpeBytes;
  const json::Object *pattern = object.getObject("pattern");
  if (type == "ByteLevel" && !chars)
    return Error::success();
  if (type == "Fuse")
    return Error::success();
  if (type == "ByteFallback" && chars) {
    model.flags |= kDecodeReplacePerByte;
    return Error::success();
  }
  if (type == "Replace" && chars && pattern &&
      pattern->getString("String").value_or("") == kMetaspaceMark &&
      object.getString("content").value_or("") == " ") {
    model.flags |= kDecodeMetaspace;
    return Error::success();
  }
  if (type == "Strip" && object.getString("content").value_or("") == " " &&
      object.getInteger("start").value_or(-1) == 1 &&
      object.getInteger("stop").value_or(-1) == 0) {
    model.flags |= kDecodeStripFirstSpace;
    return Error::success();
  }
  if (type == "Metaspace" && chars &&
      object.getString("replacement").value_or(kMetaspaceMark) ==
          kMetaspaceMark) {
    model.flags |= kDecodeMetaspace;
    bool never = object.getString("prepend_scheme").value_or("") == "never" ||
                 !flag(object, "add_prefix_space", true);
    if (!never)
      model.flags |= kDecodeStripFirstSpace;
    return Error::success();
  }
  return unknown("decoder", object);
}

/// An id of the template: TemplateProcessing's special_tokens, by name.
Error templateIds(const json::Object &processor, StringRef name,
                  const TokenizerModel &model, std::vector<uint32_t> &ids) {
  const json::Object *tokens = processor.getObject("special_tokens");
  const json::Object *token = tokens ? tokens->getObject(name) : nullptr;
  const json::Array *list = token ? token->getArray("ids") : nullptr;
  if (!list)
    return inputError("tokenizer.json: the template names the token '" + name +
                      "' without defining it");
  for (const json::Value &value : *list) {
    std::optional<int64_t> id = value.getAsInteger();
    if (!id || *id < 0 || size_t(*id) >= model.pieces.size())
      return inputError("tokenizer.json: the template's token '" + name +
                        "' has an id that is not in the vocabulary");
    ids.push_back(uint32_t(*id));
  }
  return Error::success();
}

Error templateProcessing(const json::Object &processor, TokenizerModel &model) {
  const json::Array *single = processor.getArray("single");
  if (!single)
    return inputError("tokenizer.json: a template without \"single\"");
  std::vector<uint32_t> *ids = &model.prefix;
  bool seen = false;
  for (const json::Value &value : *single) {
    const json::Object *part = value.getAsObject();
    const json::Object *special =
        part ? part->getObject("SpecialToken") : nullptr;
    const json::Object *sequence = part ? part->getObject("Sequence") : nullptr;
    if (special) {
      StringRef name = special->getString("id").value_or("");
      if (Error error = templateIds(processor, name, model, *ids))
        return error;
    } else if (sequence && !seen &&
               sequence->getString("id").value_or("") == "A") {
      seen = true;
      ids = &model.suffix;
    } else {
      return unknown("post-processor", processor);
    }
  }
  return seen ? Error::success() : unknown("post-processor", processor);
}

/// BertProcessing and RobertaProcessing: [text, id] for begin and end.
Error pairProcessing(const json::Object &processor, TokenizerModel &model) {
  struct {
    const char *key;
    std::vector<uint32_t> &ids;
  } ends[] = {{"cls", model.prefix}, {"sep", model.suffix}};
  for (auto &[key, ids] : ends) {
    const json::Array *pair = processor.getArray(key);
    std::optional<int64_t> id;
    if (pair && pair->size() == 2)
      id = (*pair)[1].getAsInteger();
    if (!id || *id < 0 || size_t(*id) >= model.pieces.size())
      return inputError(Twine("tokenizer.json: \"") + key +
                        "\" of the post-processor is not [text, id]");
    ids.push_back(uint32_t(*id));
  }
  return Error::success();
}

Error inPost(const json::Object &processor, TokenizerModel &model) {
  StringRef type = typeOf(processor);
  if (type == "ByteLevel")
    return Error::success();
  if (type == "Sequence") {
    const json::Array *list = processor.getArray("processors");
    if (!list)
      return inputError("tokenizer.json: a Sequence without \"processors\"");
    for (const json::Value &value : *list) {
      const json::Object *part = value.getAsObject();
      if (!part)
        return inputError("tokenizer.json: \"processors\" holds something that "
                          "is not an object");
      if (Error error = inPost(*part, model))
        return error;
    }
    return Error::success();
  }
  if (!model.prefix.empty() || !model.suffix.empty())
    return unknown("post-processor", processor);
  if (type == "TemplateProcessing")
    return templateProcessing(processor, model);
  if (type == "BertProcessing" || type == "RobertaProcessing")
    return pairProcessing(processor, model);
  return unknown("post-processor", processor);
}

/// The component under `key`, or null for an absent one.
Expected<const json::Object *> component(const json::Object &tokenizer,
                                         StringRef key) {
  const json::Value *value = tokenizer.get(key);
  if (!value || value->kind() == json::Value::Null)
    return nullptr;
  if (const json::Object *object = value->getAsObject())
    return object;
  return inputError("tokenizer.json: \"" + key + "\" is not an object");
}

} // namespace

Error sinter::readPipeline(TokenizerModel &model,
                           const json::Object &tokenizer) {
  Pipeline pipeline(model);
  Expected<const json::Object *> normalizer =
      component(tokenizer, "normalizer");
  if (!normalizer)
    return normalizer.takeError();
  if (*normalizer)
    if (Error error = pipeline.normalizer(**normalizer))
      return error;
  Expected<const json::Object *> splitter =
      component(tokenizer, "pre_tokenizer");
  if (!splitter)
    return splitter.takeError();
  if (*splitter)
    if (Error error = pipeline.preTokenizer(**splitter))
      return error;
  Expected<const json::Object *> decoder = component(tokenizer, "decoder");
  if (!decoder)
    return decoder.takeError();
  if (!*decoder)
    return unsupportedError("the tokenizer has no decoder: its tokens would be "
                            "joined by spaces");
  return pipeline.decoder(**decoder);
}

Error sinter::readPostProcessor(TokenizerModel &model,
                                const json::Object &tokenizer) {
  Expected<const json::Object *> processor =
      component(tokenizer, "post_processor");
  if (!processor)
    return processor.takeError();
  return *processor ? inPost(**processor, model) : Error::success();
}
