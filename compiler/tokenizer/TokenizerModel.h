//===- TokenizerModel.h - A tokenizer between reading and writing -*- C++
//-*-===//
//
// What the readers (JSON, vocab + merges, SentencePiece, GGUF) fill and the
// writer serialises. The writer sorts, checks ids and orders; readers check
// what only they can name (keys, merge lines, field numbers).
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_TOKENIZER_TOKENIZERMODEL_H
#define SINTER_COMPILER_TOKENIZER_TOKENIZERMODEL_H

#include "compiler/tokenizer/TokenizerCompiler.h"
#include "runtime/text/TokenizerFormat.h"
#include "llvm/ADT/StringMap.h"
#include <array>
#include <string>

namespace sinter {

struct TokenPiece {
  std::string bytes;
  uint8_t attributes = 0; ///< tokfmt::PieceAttribute
  bool indexed = false;   ///< text may match it
  double score = 0;
};

struct TokenMerge {
  uint32_t left, right, rank, result;
};

struct AddedToken {
  std::string text;
  uint32_t id = 0;
  uint32_t flags = 0; ///< tokfmt::AddedFlag
  bool normalized = false;
};

struct ProgramStep {
  uint32_t operation = 0;
  uint32_t argument = 0;
  std::string text, text2;
};

struct TokenizerModel {
  TokenizerModel() { byteIds.fill(tokfmt::kNone); }

  tokfmt::Model kind = tokfmt::kBpeBytes;
  uint32_t flags = 0;
  uint32_t unknownId = tokfmt::kNone, beginId = tokfmt::kNone;
  uint32_t endId = tokfmt::kNone, paddingId = tokfmt::kNone;
  double unknownScore = 0;
  std::vector<TokenPiece> pieces; ///< by id
  std::vector<TokenMerge> merges;
  std::array<uint32_t, 256> byteIds;
  std::vector<AddedToken> added;
  std::vector<ProgramStep> program;
  std::vector<uint32_t> prefix, suffix, endIds;
  std::string charsmap;
  /// Ids must be below; a small file must not ask for a large table.
  uint64_t idLimit = tokfmt::kMaxVocab;
  /// Ids by the text that the source gives them (not the piece's bytes).
  llvm::StringMap<uint32_t> idByText;

  /// Sets idLimit for a vocabulary of `count` tokens: some holes are fine.
  void limitIds(size_t count);
  uint32_t find(llvm::StringRef text) const;

  /// Gives `text` the id; an error if either is taken, or the id is absurd.
  llvm::Error define(llvm::StringRef text, uint64_t id);
  /// Records an added token; defines its id unless the vocabulary has it.
  llvm::Error add(AddedToken token);
  void addEndId(uint32_t id);
};

/// Checks the model and writes tokenizer.bin. Added tokens beyond the model's
/// vocabulary are left out; `remark`, if given, is set to which.
llvm::Expected<TokenizerBytes> writeTokenizer(TokenizerModel &model,
                                              uint32_t modelVocabSize,
                                              std::string *remark);

/// Takes the added tokens with ids from `vocabSize` on out of the model, unless
/// the vocabulary itself goes on there or text begins or ends with one of them.
/// Returns what to tell the user; empty if nothing was taken.
std::string dropAddedBeyond(TokenizerModel &model, uint32_t vocabSize);

/// Turns texts of the vocabulary into the bytes they stand for, finds byte
/// tokens, marks what text may match. After define() of all, before merges that
/// depend on pieces.
llvm::Error finishPieces(TokenizerModel &model);

/// "a b" pairs, in order of rank; the pieces must be defined.
llvm::Error addMerge(TokenizerModel &model, llvm::StringRef left,
                     llvm::StringRef right, uint32_t rank);

/// Every way to put an indexed piece together from two others becomes a merge;
/// higher scores come first, equal scores get equal ranks (SentencePiece BPE).
void addMergesFromScores(TokenizerModel &model);

/// Begin and end of text, added tokens and so on from the files beside the
/// tokenizer. Call before finishPieces.
llvm::Error applySideFiles(TokenizerModel &model,
                           const TokenizerSideFiles &side);

/// The bytes that `text` spells in GPT-2's printable alphabet; false if a
/// character is not of it.
bool printableToBytes(llvm::StringRef text, std::string &bytes);

/// The byte of "<0x0A>" and its like, or -1.
int byteTokenValue(llvm::StringRef text);

/// Bytes of the UTF-8 character at the front of `text`, at least 1.
size_t characterSize(llvm::StringRef text);

constexpr char kMetaspaceMark[] = "\xE2\x96\x81"; // U+2581

} // namespace sinter

#endif // SINTER_COMPILER_TOKENIZER_TOKENIZERMODEL_H
