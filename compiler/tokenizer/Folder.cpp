//===- Folder.cpp - Finds the tokenizer of a model folder
//-------------------===//
//
// tokenizer.json is the newest and most exact form and goes first; then the
// SentencePiece model; then vocab.json with merges.txt.
//
//===------------------------------------------------------------------------===//

#include "compiler/support/MappedFile.h"
#include "compiler/tokenizer/TokenizerCompiler.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace sinter;

/// A tokenizer is tens of megabytes at most; what is larger is something else.
constexpr uint64_t kMaxFileBytes = 256u << 20;

namespace {

/// Maps files of one folder; absent ones give an empty text.
class Folder {
public:
  explicit Folder(StringRef path) : path(path) {}

  std::string file(StringRef name) const {
    SmallString<128> full(path);
    sys::path::append(full, name);
    return std::string(full);
  }
  bool has(StringRef name) const { return sys::fs::exists(file(name)); }
  Error read(StringRef name, StringRef &text) {
    if (!has(name))
      return Error::success();
    Expected<std::unique_ptr<MappedFile>> mapped = MappedFile::open(file(name));
    if (!mapped)
      return mapped.takeError();
    if ((*mapped)->size() > kMaxFileBytes)
      return inputError(file(name) + ": " + Twine((*mapped)->size()) +
                        " bytes are too many for a tokenizer file");
    text = (*mapped)->text();
    if (Error error = checkNotLfsPointer(text, (*mapped)->path()))
      return error;
    files.push_back(std::move(*mapped));
    return Error::success();
  }

private:
  std::string path;
  std::vector<std::unique_ptr<MappedFile>> files;
};

} // namespace

Expected<TokenizerBytes> sinter::compileTokenizerFolder(StringRef path,
                                                        uint32_t modelVocabSize,
                                                        std::string *remark) {
  Folder folder(path);
  TokenizerSideFiles side;
  side.modelVocabSize = modelVocabSize;
  side.remark = remark;
  StringRef json, model, vocab, merges;
  std::pair<const char *, StringRef *> wanted[] = {
      {"tokenizer_config.json", &side.tokenizerConfig},
      {"special_tokens_map.json", &side.specialTokensMap},
      {"generation_config.json", &side.generationConfig},
      {"config.json", &side.modelConfig},
      {"tokenizer.json", &json},
      {"tokenizer.model", &model},
      {"vocab.json", &vocab},
      {"merges.txt", &merges}};
  for (auto &[name, text] : wanted)
    if (Error error = folder.read(name, *text))
      return std::move(error);
  if (folder.has("tokenizer.json"))
    return compileTokenizerJson(json, side);
  if (folder.has("tokenizer.model"))
    return compileSentencePiece(model, side);
  if (folder.has("vocab.json") && folder.has("merges.txt"))
    return compileVocabAndMerges(vocab, merges, side);
  return inputError(path +
                    ": the folder has no tokenizer.json, no tokenizer.model "
                    "and no vocab.json with merges.txt");
}
