// sinter tokenize MODEL|BUNDLE and sinter detokenize MODEL|BUNDLE
#include "compiler/cli/Session.h"
#include "compiler/driver/TextParts.h"
#include "compiler/support/Error.h"
#include "runtime/text/Tokenizer.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <memory>

using namespace sinter;
using namespace sinter::cli;

namespace {
struct Arguments {
  std::string source;
  TextFlags text;
  std::string tokens;
  bool noSpecial = false;
};
} // namespace

/// tokenizer.bin of a bundle, or made from a model on the spot.
static llvm::Expected<std::vector<uint8_t>>
tokenizerBytes(const std::string &path) {
  llvm::SmallString<128> manifest(path), file(path);
  llvm::sys::path::append(manifest, "manifest.json");
  llvm::sys::path::append(file, "tokenizer.bin");
  if (llvm::sys::fs::exists(manifest)) {
    auto buffer = llvm::MemoryBuffer::getFile(file);
    if (!buffer)
      return inputError("the bundle " + path + " has no tokenizer");
    llvm::StringRef bytes = (*buffer)->getBuffer();
    return std::vector<uint8_t>(bytes.bytes_begin(), bytes.bytes_end());
  }
  auto source = openModel(path);
  if (!source)
    return source.takeError();
  auto config = readConfig(**source);
  if (!config)
    return config.takeError();
  auto parts = readTextParts(**source, *config);
  if (!parts)
    return parts.takeError();
  if (parts->tokenizer.empty())
    return inputError("the model " + path + " brings no tokenizer");
  return std::move(parts->tokenizer);
}

/// Loads `bytes` into `tokenizer`, which keeps pointers into them.
static llvm::Error load(text::Tokenizer &tokenizer,
                        const std::vector<uint8_t> &bytes) {
  if (tokenizer.load(bytes.data(), bytes.size()) == text::Status::Ok)
    return llvm::Error::success();
  return inputError(llvm::Twine("the tokenizer is damaged: ") +
                    tokenizer.why());
}

static llvm::Expected<std::vector<uint32_t>>
encode(const Arguments &arguments) {
  auto prompt = promptText(arguments.text);
  if (!prompt)
    return prompt.takeError();
  std::string text;
  if (*prompt) {
    text = **prompt;
  } else {
    auto piped = readText("-");
    if (!piped)
      return piped.takeError();
    text = *piped;
  }
  auto bytes = tokenizerBytes(arguments.source);
  if (!bytes)
    return bytes.takeError();
  text::Tokenizer tokenizer;
  if (llvm::Error error = load(tokenizer, *bytes))
    return std::move(error);
  text::Encoder encoder(tokenizer);
  unsigned flags = text::kParseSpecial;
  if (!arguments.noSpecial)
    flags |= text::kAddSpecial;
  if (encoder.encode(text.data(), text.size(), flags) != text::Status::Ok)
    return resourceError("no memory to tokenize the text");
  return std::vector<uint32_t>(encoder.ids(), encoder.ids() + encoder.count());
}

static int runTokenize(const Arguments &arguments) {
  auto ids = encode(arguments);
  if (!ids)
    return reportError(ids.takeError());
  llvm::json::Array array;
  for (uint32_t id : *ids)
    array.push_back(id);
  llvm::outs() << llvm::formatv("{0}\n", llvm::json::Value(std::move(array)));
  return kExitOk;
}

static llvm::Expected<std::string> decode(const Arguments &arguments) {
  auto ids = parseTokens(arguments.tokens);
  if (!ids)
    return ids.takeError();
  auto bytes = tokenizerBytes(arguments.source);
  if (!bytes)
    return bytes.takeError();
  text::Tokenizer tokenizer;
  if (llvm::Error error = load(tokenizer, *bytes))
    return std::move(error);
  text::Detokenizer detokenizer(tokenizer);
  detokenizer.reset(/*continuation=*/false, arguments.noSpecial);
  std::vector<uint8_t> piece(tokenizer.maxStepBytes());
  std::string text;
  size_t written = 0;
  for (int32_t id : *ids) {
    if (static_cast<uint32_t>(id) >= tokenizer.vocabSize())
      return inputError("token " + llvm::Twine(id) + " is none of the " +
                        llvm::Twine(tokenizer.vocabSize()) +
                        " of the tokenizer");
    if (detokenizer.push(static_cast<uint32_t>(id), piece.data(), piece.size(),
                         written) != text::Status::Ok)
      return inputError("token " + llvm::Twine(id) + " cannot be decoded");
    text.append(piece.begin(), piece.begin() + static_cast<ptrdiff_t>(written));
  }
  if (detokenizer.finish(piece.data(), piece.size(), written) ==
      text::Status::Ok)
    text.append(piece.begin(), piece.begin() + static_cast<ptrdiff_t>(written));
  return text;
}

static int runDetokenize(const Arguments &arguments, const Globals &globals) {
  auto text = decode(arguments);
  if (!text)
    return reportError(text.takeError());
  if (globals.json)
    llvm::outs() << llvm::formatv(
        "{0}\n", llvm::json::Value(llvm::json::fixUTF8(*text)));
  else
    llvm::outs() << *text << "\n";
  return kExitOk;
}

Runner cli::addTokenizeCommand(CLI::App &app, const Globals &) {
  app.description("Text to a JSON array of token ids");
  auto arguments = std::make_shared<Arguments>();
  app.add_option("SOURCE", arguments->source, "Model or bundle")->required();
  addTextFlags(app, arguments->text);
  app.add_flag("--no-special", arguments->noSpecial,
               "Add no begin or end tokens");
  return [arguments] { return runTokenize(*arguments); };
}

Runner cli::addDetokenizeCommand(CLI::App &app, const Globals &globals) {
  app.description("Token ids to text");
  auto arguments = std::make_shared<Arguments>();
  app.add_option("SOURCE", arguments->source, "Model or bundle")->required();
  app.add_option("--tokens", arguments->tokens, "Token ids: 1,2,3")->required();
  app.add_flag("--no-special", arguments->noSpecial,
               "Leave special tokens out of the text");
  return [arguments, &globals] { return runDetokenize(*arguments, globals); };
}
