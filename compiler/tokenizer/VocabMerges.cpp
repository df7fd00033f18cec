//===- VocabMerges.cpp - vocab.json + merges.txt -> tokenizer.bin
//-----------===//
//
// The older form of byte-level BPE tokenizers: a map of texts to ids, and one
// merge a line. How text is split is not in these files; the tokenizer's class
// in tokenizer_config.json says it.
//
//===------------------------------------------------------------------------===//

#include "compiler/support/Error.h"
#include "compiler/tokenizer/JsonFields.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;
using namespace sinter;
using namespace sinter::tokfmt;

static Error readVocab(TokenizerModel &model, const json::Object &vocab) {
  model.limitIds(vocab.size());
  std::vector<std::pair<int64_t, StringRef>> tokens;
  for (const auto &[key, value] : vocab) {
    std::optional<int64_t> id = value.getAsInteger();
    if (!id || *id < 0)
      return inputError("vocab.json: the id of '" + StringRef(key) +
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

static Error readMerges(TokenizerModel &model, StringRef text) {
  uint32_t rank = 0, number = 0;
  while (!text.empty()) {
    StringRef line;
    std::tie(line, text) = text.split('\n');
    ++number;
    line.consume_back("\r");
    if (line.empty() || (number == 1 && line.starts_with("#version")))
      continue;
    auto [left, right] = line.split(' ');
    if (!line.contains(' ') || right.contains(' '))
      return inputError("merges.txt: line " + Twine(number) +
                        " is not two tokens with a space between");
    if (Error error = addMerge(model, left, right, rank++))
      return error;
  }
  return Error::success();
}

/// Splitting by class; GPT-2's where no class is given, since these files are
/// its format.
static Error chooseSplit(TokenizerModel &model, StringRef name) {
  (void)name.consume_back("Fast");
  uint32_t scanner =
      StringSwitch<uint32_t>(name)
          .Cases("", "GPT2Tokenizer", "CodeGenTokenizer", kScannerGpt2)
          .Case("Qwen2Tokenizer", kScannerQwen2)
          .Default(0);
  if (!scanner)
    return unsupportedError("a tokenizer of class '" + name +
                            "' without tokenizer.json is not supported");
  if (scanner == kScannerQwen2) {
    model.program.push_back({kNfc, 0, "", ""});
    model.program.push_back({kSplitScanner, scanner, "", ""});
    model.program.push_back({kByteLevel, 0, "", ""});
  } else {
    model.program.push_back({kByteLevel, kByteLevelRegex, "", ""});
  }
  return Error::success();
}

Expected<TokenizerBytes>
sinter::compileVocabAndMerges(StringRef vocabJson, StringRef merges,
                              const TokenizerSideFiles &side) {
  Expected<json::Object> vocab = readJsonObject(vocabJson, "vocab.json");
  if (!vocab)
    return vocab.takeError();
  std::string name;
  bool prefixSpace = false;
  if (!side.tokenizerConfig.empty()) {
    Expected<json::Object> config =
        readJsonObject(side.tokenizerConfig, "tokenizer_config.json");
    if (!config)
      return config.takeError();
    name = config->getString("tokenizer_class").value_or("").str();
    prefixSpace = config->getBoolean("add_prefix_space").value_or(false);
  }
  TokenizerModel model;
  model.kind = kBpeBytes;
  Error error = chooseSplit(model, name);
  if (!error && prefixSpace)
    model.program.back().argument |= kByteLevelPrefixSpace;
  if (!error)
    error = readVocab(model, *vocab);
  // Both families have this token, and no list of added tokens in these files.
  uint32_t end = model.find("<|endoftext|>");
  if (!error && end != kNone)
    error = model.add({"<|endoftext|>", end, kAddedSpecial, false});
  if (!error)
    error = applySideFiles(model, side);
  if (!error && model.endId == kNone && end != kNone) {
    model.endId = end;
    model.addEndId(end);
  }
  if (!error)
    error = finishPieces(model);
  if (!error)
    error = readMerges(model, merges);
  if (error)
    return std::move(error);
  return writeTokenizer(model, side.modelVocabSize, side.remark);
}
