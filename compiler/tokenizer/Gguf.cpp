//===- Gguf.cpp - tokenizer.ggml.* metadata -> tokenizer.bin
//----------------===//
//
// Model "llama" is SentencePiece BPE by scores, "gpt2" byte-level BPE by
// merges, whose splitting is named by tokenizer.ggml.pre. Defaults of absent
// keys are those of llama.cpp, which defines this metadata. Files from before
// `pre` split as the architecture's own checkpoints do, where there is only one
// way; else a missing or generic `pre` is refused, because its meaning was
// never fixed.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/gguf/TokenizerMetadata.h"
#include "compiler/support/Error.h"
#include "compiler/tokenizer/TokenizerModel.h"
#include "llvm/ADT/StringSwitch.h"
#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace sinter;
using namespace sinter::tokfmt;

namespace {

enum TokenType {
  kNormal = 1,
  kUnknown,
  kControl,
  kUserDefined,
  kUnused,
  kByte
};

/// How text is split for one value of tokenizer.ggml.pre.
enum Split {
  kUnknownSplit,
  kGpt2,
  kGpt2Nfc,
  kDigitsGpt2,
  kDigitsGpt2Nfc,
  kLlama3,         // with ignore_merges and begin of text
  kLlama3Splitter, // only the splitting
  kQwen2,
  kQwen2Nfc,
  kO200k,
  kTekken,
  kFalcon,
};

Split splitFor(StringRef pre) {
  return StringSwitch<Split>(pre)
      .Cases("gpt-2", "phi-2", "gigachat", kGpt2)
      .Cases("mpt", "olmo", kGpt2Nfc)
      .Cases("smollm", "starcoder", "refact", "codeshell", kDigitsGpt2)
      .Case("command-r", kDigitsGpt2Nfc)
      .Cases("llama-bpe", "llama3", "llama-v3", "falcon3", kLlama3)
      .Cases("dbrx", "smaug-bpe", kLlama3Splitter)
      .Case("qwen2", kQwen2Nfc)
      .Cases("stablelm2", "deepseek-r1-qwen", kQwen2)
      .Cases("gpt-4o", "llama4", kO200k)
      .Case("tekken", kTekken)
      .Case("falcon", kFalcon)
      .Default(kUnknownSplit);
}

/// For files from before tokenizer.ggml.pre. StableLM's first generation has
/// GPT-NeoX's vocabulary, the second its own.
Split splitOfArchitecture(const GgufTokenizer &gguf) {
  return StringSwitch<Split>(gguf.architecture)
      .Case("falcon", kFalcon)
      .Cases("phi2", "gpt2", kGpt2)
      .Case("gptneox", kGpt2Nfc)
      .Case("stablelm", gguf.tokens.size() < 60000 ? kGpt2Nfc : kQwen2)
      .Case("qwen2", kQwen2Nfc)
      .Default(kUnknownSplit);
}

void addProgram(TokenizerModel &model, Split split) {
  auto step = [&](uint32_t operation, uint32_t argument = 0) {
    model.program.push_back({operation, argument, "", ""});
  };
  if (split == kGpt2Nfc || split == kDigitsGpt2Nfc || split == kQwen2Nfc)
    step(kNfc);
  uint32_t scanner = 0;
  switch (split) {
  case kDigitsGpt2:
  case kDigitsGpt2Nfc:
    step(kDigits, 1);
    break;
  case kFalcon:
    step(kPunctuation, kContiguous);
    break;
  case kLlama3:
  case kLlama3Splitter:
    scanner = kScannerLlama3;
    break;
  case kQwen2:
  case kQwen2Nfc:
    scanner = kScannerQwen2;
    break;
  case kO200k:
    scanner = kScannerO200k;
    break;
  case kTekken:
    scanner = kScannerTekken;
    break;
  default:
    break;
  }
  if (scanner)
    step(kSplitScanner, scanner);
  step(kByteLevel, scanner ? 0 : kByteLevelRegex);
  if (split == kFalcon) {
    step(kDigits, 0);
    step(kThreeDigits, kIsolated);
  }
  if (split == kLlama3 || split == kTekken)
    model.flags |= kIgnoreMerges;
}

/// Ids and texts, types as added tokens.
Error readTokens(TokenizerModel &model, const GgufTokenizer &gguf) {
  size_t count = gguf.tokens.size();
  if ((!gguf.scores.empty() && gguf.scores.size() != count) ||
      (!gguf.types.empty() && gguf.types.size() != count))
    return inputError("tokenizer.ggml: " + Twine(count) + " tokens, but " +
                      Twine(gguf.scores.size()) + " scores and " +
                      Twine(gguf.types.size()) + " types");
  for (uint32_t id = 0; id < count; ++id) {
    int32_t type = gguf.types.empty() ? int32_t(kNormal) : gguf.types[id];
    float score = gguf.scores.empty() ? 0 : gguf.scores[id];
    if (type < kNormal || type > kByte || !std::isfinite(score))
      return inputError("tokenizer.ggml: token " + Twine(id) +
                        " has the unknown type " + Twine(type) +
                        " or a score that is not finite");
    if (Error error = model.define(gguf.tokens[id], id))
      return error;
    TokenPiece &piece = model.pieces[id];
    piece.score = double(score);
    bool special = type == kControl || type == kUnknown;
    piece.indexed = !special && type != kUserDefined;
    if (piece.bytes.empty() || (!special && type != kUserDefined))
      continue;
    uint32_t flags = special ? kAddedSpecial : 0;
    if (Error error = model.add({piece.bytes, id, flags, false}))
      return error;
  }
  return Error::success();
}

void setIds(TokenizerModel &model, const GgufTokenizer &gguf) {
  std::pair<std::optional<uint32_t>, uint32_t &> ids[] = {
      {gguf.bosId, model.beginId},
      {gguf.eosId, model.endId},
      {gguf.unkId, model.unknownId},
      {gguf.padId, model.paddingId}};
  for (auto &[id, target] : ids)
    if (id)
      target = *id;
  for (std::optional<uint32_t> id : {gguf.eosId, gguf.eotId, gguf.eomId})
    if (id)
      model.addEndId(*id);
}

void setTemplate(TokenizerModel &model, const GgufTokenizer &gguf,
                 bool addBegin) {
  if (gguf.addBos.value_or(addBegin) && model.beginId != kNone)
    model.prefix.push_back(model.beginId);
  if (gguf.addEos.value_or(false) && model.endId != kNone)
    model.suffix.push_back(model.endId);
}

/// Model "llama".
Error readScored(TokenizerModel &model, const GgufTokenizer &gguf) {
  model.kind = kBpeChars;
  model.flags =
      kFuseUnknown | kByteFallback | kDecodeMetaspace | kDecodeReplacePerByte;
  if (gguf.scores.empty())
    return inputError("tokenizer.ggml.scores is missing; a tokenizer of model "
                      "'llama' needs it");
  // Where the file is silent: the ids of the first Llama.
  uint32_t count = uint32_t(gguf.tokens.size());
  if (!gguf.unkId && count > 0)
    model.unknownId = 0;
  if (!gguf.bosId && count > 1)
    model.beginId = 1;
  if (!gguf.eosId && count > 2) {
    model.endId = 2;
    model.addEndId(2);
  }
  if (gguf.removeExtraWhitespaces.value_or(false)) {
    model.program.push_back({kStrip, kStripLeft | kStripRight, "", ""});
    model.program.push_back({kCollapseSpaces, 0, "", " "});
  }
  if (gguf.addSpacePrefix.value_or(true)) {
    model.program.push_back({kPrepend, 0, kMetaspaceMark, ""});
    model.flags |= kDecodeStripFirstSpace;
  }
  model.program.push_back({kReplace, 0, " ", kMetaspaceMark});
  setTemplate(model, gguf, true);
  if (Error error = finishPieces(model))
    return error;
  addMergesFromScores(model);
  return Error::success();
}

/// Model "gpt2".
Error readMerged(TokenizerModel &model, const GgufTokenizer &gguf,
                 std::string *remark) {
  Split split =
      gguf.pre.empty() ? splitOfArchitecture(gguf) : splitFor(gguf.pre);
  if (gguf.pre.empty() && remark)
    *remark = ("the file does not say how its tokenizer splits text "
               "(tokenizer.ggml.pre is missing); it is taken to be that of " +
               gguf.architecture)
                  .str();
  if (split == kUnknownSplit)
    return unsupportedError(
        gguf.pre.empty()
            ? Twine("the file does not say how its tokenizer splits text "
                    "(tokenizer.ggml.pre is missing); convert the model again "
                    "with a newer converter")
            : "the tokenizer's way of splitting text, tokenizer.ggml.pre '" +
                  gguf.pre + "', is not supported");
  model.kind = kBpeBytes;
  addProgram(model, split);
  setTemplate(model, gguf, split == kLlama3 || split == kTekken);
  if (Error error = finishPieces(model))
    return error;
  if (gguf.merges.empty())
    return inputError("tokenizer.ggml.merges is missing; a tokenizer of model "
                      "'gpt2' needs it");
  uint32_t rank = 0;
  for (StringRef line : gguf.merges) {
    // A token may begin with a space: the first one that can divide does.
    size_t space = line.find(' ', 1);
    if (space == StringRef::npos)
      return inputError("tokenizer.ggml.merges: merge " + Twine(rank) +
                        " is not two tokens with a space between");
    if (Error error = addMerge(model, line.take_front(space),
                               line.drop_front(space + 1), rank++))
      return error;
  }
  return Error::success();
}

} // namespace

Expected<TokenizerBytes> sinter::compileGgufTokenizer(const GgufTokenizer &gguf,
                                                      uint32_t modelVocabSize,
                                                      std::string *remark) {
  TokenizerModel model;
  bool scored = gguf.model == "llama";
  if (!scored && gguf.model != "gpt2")
    return unsupportedError("the tokenizer model '" + gguf.model +
                            "' (tokenizer.ggml.model) is not supported; "
                            "'llama' and 'gpt2' are");
  if (Error error = readTokens(model, gguf))
    return std::move(error);
  setIds(model, gguf);
  std::string dropped;
  if (Error error =
          scored ? readScored(model, gguf) : readMerged(model, gguf, remark))
    return std::move(error);
  auto bytes = writeTokenizer(model, modelVocabSize, &dropped);
  if (remark && !dropped.empty())
    *remark += (remark->empty() ? "" : "; ") + dropped;
  return bytes;
}
