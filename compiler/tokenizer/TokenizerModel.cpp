//===- TokenizerModel.cpp - Ids, pieces and merges while they are gathered
//--===//
//
// Shared by all readers: who has which id, what bytes a piece stands for, which
// pieces text may match, which merges there are. Special tokens are never
// matched by text through the vocabulary, only as added tokens: text that a
// user typed must not turn into them.
//
//===------------------------------------------------------------------------===//

#include "compiler/tokenizer/TokenizerModel.h"
#include "compiler/support/Error.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include <algorithm>

using namespace llvm;
using namespace sinter;
using namespace sinter::tokfmt;

uint32_t TokenizerModel::find(StringRef text) const {
  auto at = idByText.find(text);
  return at == idByText.end() ? kNone : at->second;
}

void TokenizerModel::limitIds(size_t count) {
  idLimit = std::min<uint64_t>(kMaxVocab, 65536 + 4 * uint64_t(count));
}

/// `text` for a message: quoted, unprintable bytes escaped, not too long.
static std::string quoted(StringRef text) {
  std::string result;
  raw_string_ostream os(result);
  os << '\'';
  printEscapedString(text.take_front(80), os);
  os << (text.size() > 80 ? "...'" : "'");
  return result;
}

Error TokenizerModel::define(StringRef text, uint64_t id) {
  if (id >= idLimit)
    return inputError("token " + quoted(text) + " has the id " + Twine(id) +
                      "; ids must be below " + Twine(idLimit));
  if (id >= pieces.size())
    pieces.resize(id + 1);
  TokenPiece &piece = pieces[id];
  if (piece.attributes & kPieceDefined)
    return inputError("the id " + Twine(id) + " is given twice: to " +
                      quoted(piece.bytes) + " and to " + quoted(text));
  auto [at, fresh] = idByText.try_emplace(text, uint32_t(id));
  if (!fresh)
    return inputError("token " + quoted(text) + " is given twice: ids " +
                      Twine(at->second) + " and " + Twine(id));
  piece.bytes = text.str();
  piece.attributes = kPieceDefined;
  return Error::success();
}

Error TokenizerModel::add(AddedToken token) {
  if (token.text.empty())
    return inputError("added token " + Twine(token.id) + " has no text");
  uint32_t known = find(token.text);
  if (known == kNone) {
    if (Error error = define(token.text, token.id))
      return error;
  } else if (known != token.id) {
    return inputError("added token " + quoted(token.text) + " has the id " +
                      Twine(token.id) + ", but the vocabulary gives it " +
                      Twine(known));
  }
  for (AddedToken &other : added)
    if (other.id == token.id) {
      other = std::move(token);
      return Error::success();
    }
  added.push_back(std::move(token));
  return Error::success();
}

void TokenizerModel::addEndId(uint32_t id) {
  if (!is_contained(endIds, id))
    endIds.push_back(id);
}

/// Character of GPT-2's printable alphabet -> byte, or -1.
static int printableToByte(uint32_t code) {
  if (code >= 0x100 && code <= 0x120)
    return int(code - 0x100);
  if (code >= 0x121 && code <= 0x142)
    return int(code - 0x121 + 0x7F);
  if (code == 0x143)
    return 0xAD;
  bool itself = (code >= 0x21 && code <= 0x7E) ||
                (code >= 0xA1 && code <= 0xFF && code != 0xAD);
  return itself ? int(code) : -1;
}

bool sinter::printableToBytes(StringRef text, std::string &bytes) {
  bytes.clear();
  const UTF8 *at = text.bytes_begin(), *end = text.bytes_end();
  while (at != end) {
    UTF32 code;
    if (convertUTF8Sequence(&at, end, &code, strictConversion) != conversionOK)
      return false;
    int byte = printableToByte(code);
    if (byte < 0)
      return false;
    bytes.push_back(char(byte));
  }
  return true;
}

int sinter::byteTokenValue(StringRef text) {
  unsigned value;
  if (text.size() != 6 || !text.consume_front("<0x") ||
      !text.consume_back(">") || text.getAsInteger(16, value) ||
      text.upper() != text)
    return -1;
  return int(value);
}

size_t sinter::characterSize(StringRef text) {
  unsigned size = getNumBytesForUTF8(UTF8(text.front()));
  const UTF8 *begin = text.bytes_begin();
  return size <= text.size() && isLegalUTF8Sequence(begin, begin + size) ? size
                                                                         : 1;
}

Error sinter::finishPieces(TokenizerModel &model) {
  for (const AddedToken &token : model.added) {
    TokenPiece &piece = model.pieces[token.id];
    piece.attributes |= kPieceAdded;
    if (token.flags & kAddedSpecial)
      piece.attributes |= kPieceSpecial;
  }
  bool byteTokens = model.kind != kBpeBytes && (model.flags & kByteFallback);
  for (uint32_t id = 0; id < model.pieces.size(); ++id) {
    TokenPiece &piece = model.pieces[id];
    std::string text = piece.bytes;
    bool matches = !text.empty() && !(piece.attributes & kPieceSpecial);
    if (model.kind == kBpeBytes) {
      std::string bytes;
      bool spelled = printableToBytes(text, bytes);
      if (spelled)
        piece.bytes = bytes;
      bool onlyAdded = (piece.attributes & kPieceAdded) && !piece.indexed;
      piece.indexed = matches && spelled && !onlyAdded;
      if (piece.indexed && bytes.size() == 1)
        model.byteIds[uint8_t(bytes[0])] = id;
      continue;
    }
    int byte = byteTokens ? byteTokenValue(text) : -1;
    if (byte >= 0) {
      piece.bytes.assign(1, char(byte));
      piece.attributes |= kPieceByte;
      piece.indexed = false;
      model.byteIds[size_t(byte)] = id;
      continue;
    }
    piece.indexed &= matches;
  }
  return Error::success();
}

Error sinter::addMerge(TokenizerModel &model, StringRef left, StringRef right,
                       uint32_t rank) {
  if (left.empty() || right.empty())
    return inputError("merge " + Twine(rank) + " ('" + left + " " + right +
                      "') has an empty side: it would make one of its own "
                      "parts, a cycle");
  std::string whole = (left + right).str();
  uint32_t ids[3] = {model.find(left), model.find(right), model.find(whole)};
  StringRef texts[3] = {left, right, whole};
  for (int i = 0; i < 3; ++i)
    if (ids[i] == kNone)
      return inputError("merge " + Twine(rank) + " needs the token " +
                        quoted(texts[i]) + ", which the vocabulary lacks");
  if (!(model.pieces[ids[2]].attributes & kPieceSpecial))
    model.merges.push_back({ids[0], ids[1], rank, ids[2]});
  return Error::success();
}

void sinter::addMergesFromScores(TokenizerModel &model) {
  std::vector<double> scores;
  for (const TokenPiece &piece : model.pieces)
    if (piece.indexed)
      scores.push_back(piece.score);
  std::sort(scores.begin(), scores.end(), std::greater<double>());
  scores.erase(std::unique(scores.begin(), scores.end()), scores.end());

  for (uint32_t id = 0; id < model.pieces.size(); ++id) {
    const TokenPiece &piece = model.pieces[id];
    if (!piece.indexed)
      continue;
    uint32_t rank =
        uint32_t(std::lower_bound(scores.begin(), scores.end(), piece.score,
                                  std::greater<double>()) -
                 scores.begin());
    StringRef text = piece.bytes;
    for (size_t cut = characterSize(text); cut < text.size();
         cut += characterSize(text.substr(cut))) {
      uint32_t left = model.find(text.take_front(cut));
      uint32_t right = model.find(text.drop_front(cut));
      if (left != kNone && right != kNone && model.pieces[left].indexed &&
          model.pieces[right].indexed)
        model.merges.push_back({left, right, rank, id});
    }
  }
}

/// Whether every piece from `first` on is an added token (or a hole), no merge
/// makes one, and no text begins or ends with one.
static bool canDropFrom(const TokenizerModel &model, uint32_t first) {
  for (size_t id = first; id < model.pieces.size(); ++id)
    if ((model.pieces[id].attributes & kPieceDefined) &&
        !(model.pieces[id].attributes & kPieceAdded))
      return false;
  return none_of(model.merges,
                 [&](const TokenMerge &merge) {
                   return std::max({merge.left, merge.right, merge.result}) >=
                          first;
                 }) &&
         none_of(model.prefix, [&](uint32_t id) { return id >= first; }) &&
         none_of(model.suffix, [&](uint32_t id) { return id >= first; });
}

std::string sinter::dropAddedBeyond(TokenizerModel &model, uint32_t vocabSize) {
  if (vocabSize == 0 || model.pieces.size() <= vocabSize ||
      !canDropFrom(model, vocabSize))
    return "";
  std::string names;
  size_t count = 0;
  for (const AddedToken &token : model.added)
    if (token.id >= vocabSize && ++count <= 4)
      names += (count > 1 ? ", " : "") + quoted(token.text);
  erase_if(model.added,
           [&](const AddedToken &token) { return token.id >= vocabSize; });
  erase_if(model.endIds, [&](uint32_t id) { return id >= vocabSize; });
  for (uint32_t *id :
       {&model.unknownId, &model.beginId, &model.endId, &model.paddingId})
    if (*id != kNone && *id >= vocabSize)
      *id = kNone;
  model.pieces.resize(vocabSize);
  return ("the tokenizer has " + Twine(count) + " added token" +
          (count == 1 ? "" : "s") + " (" + names + (count > 4 ? ", ..." : "") +
          ") beyond the model's vocabulary of " + Twine(vocabSize) +
          "; they are left out, their names are plain text")
      .str();
}
