// See TextParts.h.
#include "compiler/driver/TextParts.h"

#include "compiler/import/HuggingFaceFolder.h"
#include "compiler/import/JsonReader.h"
#include "compiler/import/gguf/GgufFile.h"
#include "compiler/import/gguf/TokenizerMetadata.h"
#include "compiler/support/Error.h"
#include "compiler/tokenizer/TokenizerCompiler.h"

#include "llvm/Support/Casting.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace sinter;

/// A number of generation_config.json inside [low, high]; anything else counts
/// as not given: these are defaults, not the model.
static std::optional<double> number(const json::Object &object, StringRef key,
                                    double low, double high) {
  std::optional<double> value = object.getNumber(key);
  return value && *value >= low && *value <= high ? value : std::nullopt;
}

static ManifestInfo::Sampling samplingOf(const json::Object &generation) {
  ManifestInfo::Sampling sampling;
  // do_sample false means greedy, whatever else the file says.
  if (generation.getBoolean("do_sample") == false)
    return sampling;
  sampling.temperature = number(generation, "temperature", 0, 100);
  sampling.topP = number(generation, "top_p", 1e-6, 1);
  sampling.minP = number(generation, "min_p", 0, 0.999);
  sampling.repeatPenalty = number(generation, "repetition_penalty", 0.01, 100);
  if (auto topK = number(generation, "top_k", 0, 1 << 20))
    sampling.topK = static_cast<int64_t>(*topK);
  return sampling;
}

/// The text of a file of the folder, empty if it is not there.
static std::string readFile(const HuggingFaceFolder &folder, StringRef name) {
  std::string path = folder.filePath(name);
  if (path.empty())
    return "";
  auto buffer = MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

/// chat_template.jinja, or chat_template of tokenizer_config.json: a string, or
/// a list of named templates of which "default" is meant.
static Expected<std::optional<std::string>>
chatTemplate(const HuggingFaceFolder &folder) {
  std::string own = readFile(folder, "chat_template.jinja");
  if (!own.empty())
    return std::optional<std::string>(own);
  std::string text = readFile(folder, "tokenizer_config.json");
  if (text.empty())
    return std::nullopt;
  Expected<json::Value> config =
      parseJson(text, folder.filePath("tokenizer_config.json"));
  if (!config)
    return config.takeError();
  const json::Object *object = config->getAsObject();
  const json::Value *value = object ? object->get("chat_template") : nullptr;
  if (!value)
    return std::nullopt;
  if (std::optional<StringRef> text = value->getAsString())
    return std::optional<std::string>(*text);
  if (const json::Array *list = value->getAsArray())
    for (const json::Value &entry : *list)
      if (const json::Object *named = entry.getAsObject())
        if (named->getString("name") == StringRef("default"))
          if (auto text = named->getString("template"))
            return std::optional<std::string>(*text);
  return std::nullopt;
}

/// The same error, with the file that it is about in front.
static Error inFile(Error error, const Twine &file) {
  int code = exitCode(error);
  std::string text = toString(std::move(error)), name = file.str();
  StringRef rest = text;
  rest.consume_front("tokenizer.json: ");
  if (!rest.starts_with(name))
    text = name + ": " + rest.str();
  return code == kExitUnsupported ? unsupportedError(text) : inputError(text);
}

static Expected<TextParts> readFolder(const HuggingFaceFolder &folder,
                                      const DecoderConfig &config) {
  TextParts parts;
  parts.sampling = samplingOf(folder.generationConfig());
  Expected<std::optional<std::string>> chat = chatTemplate(folder);
  if (!chat)
    return chat.takeError();
  parts.chatTemplate = std::move(*chat);
  std::string found;
  for (StringRef name : {"tokenizer.json", "tokenizer.model", "vocab.json"})
    if (found.empty())
      found = folder.filePath(name);
  if (found.empty())
    return parts;
  auto bytes = compileTokenizerFolder(
      folder.path(), static_cast<uint32_t>(config.vocabSize), &parts.remark);
  if (!bytes)
    return inFile(bytes.takeError(), found);
  parts.tokenizer = std::move(*bytes);
  return parts;
}

static Expected<TextParts> readGguf(const GgufFile &file,
                                    const DecoderConfig &config) {
  TextParts parts;
  if (!file.metadata().find("tokenizer.ggml.model"))
    return parts;
  Expected<GgufTokenizer> metadata = readTokenizer(file);
  if (!metadata)
    return metadata.takeError();
  if (!metadata->chatTemplate.empty())
    parts.chatTemplate = metadata->chatTemplate.str();
  auto bytes = compileGgufTokenizer(
      *metadata, static_cast<uint32_t>(config.vocabSize), &parts.remark);
  if (!bytes)
    return inFile(bytes.takeError(), file.path());
  parts.tokenizer = std::move(*bytes);
  return parts;
}

Expected<TextParts> sinter::readTextParts(const ModelSource &source,
                                          const DecoderConfig &config) {
  if (auto *folder = dyn_cast<HuggingFaceFolder>(&source))
    return readFolder(*folder, config);
  return readGguf(cast<GgufFile>(source), config);
}
