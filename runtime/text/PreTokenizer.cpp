//===- PreTokenizer.cpp - Cutting normalized text into words
//----------------===//
//
// Each step cuts what the step before left, depth first, so that a word reaches
// the model as soon as it is known. Meaning of steps and behaviours: Hugging
// Face `tokenizers` (pre_tokenizers/, NormalizedString::split).
//
//===------------------------------------------------------------------------===//

#include "runtime/text/Scanner.h"
#include "runtime/text/Tokenizer.h"
#include "runtime/text/Unicode.h"

namespace sinter {
namespace text {

using namespace tokfmt;

namespace {

struct Match {
  size_t begin, end;
};

/// Finds what a step splits at.
class Matcher {
public:
  Matcher(const Step &step, Bytes text, bool bytes)
      : step(step), text(text), bytes(bytes) {}

  /// The first match at or after `from`; false if there is none.
  bool next(size_t from, Match &match) const {
    for (size_t at = from; at < text.size;) {
      size_t length = matchAt(at);
      if (length > 0) {
        match = {at, at + length};
        return true;
      }
      at += charAt(at).size;
    }
    return false;
  }

private:
  Char charAt(size_t at) const {
    return bytes ? Char{byteToPrintable(text.data[at]), 1}
                 : decodeUtf8(text.data + at, text.size - at);
  }
  bool asciiDigit(size_t at) const {
    return at < text.size && text.data[at] >= '0' && text.data[at] <= '9';
  }
  size_t matchAt(size_t at) const {
    Char c = charAt(at);
    switch (step.operation) {
    case kDigits:
      return isNumber(charClass(c.code)) ? c.size : 0;
    case kPunctuation:
      return isPunctuation(c.code) ? c.size : 0;
    case kWhitespaceSplit:
      return charClass(c.code) == CharClass::Space ? c.size : 0;
    case kThreeDigits:
      return asciiDigit(at) && asciiDigit(at + 1) && asciiDigit(at + 2) ? 3 : 0;
    default: { // a text
      size_t size = step.text.size;
      bool same = text.size - at >= size &&
                  memcmp(text.data + at, step.text.data, size) == 0;
      return same ? size : 0;
    }
    }
  }

  const Step &step;
  Bytes text;
  bool bytes;
};

uint32_t behaviourOf(const Step &step) {
  switch (step.operation) {
  case kDigits:
    return step.argument ? kIsolated : kContiguous;
  case kWhitespaceSplit:
    return kRemoved;
  case kMetaspace:
    return kMergedWithNext;
  default:
    return step.argument;
  }
}

/// Turns the alternation of gaps and matches into pieces, one at a time.
class Pieces {
public:
  Pieces(const Matcher &matcher, size_t size, uint32_t behaviour)
      : matcher(matcher), size(size), behaviour(behaviour) {
    more = matcher.next(0, match);
  }

  /// The next piece; false at the end.
  bool next(Match &piece) {
    while (at < size) {
      if (!more || at < match.begin) { // a gap
        piece = {at, more ? match.begin : size};
        if (behaviour == kMergedWithPrevious && more)
          takeMatch(piece);
        at = piece.end;
        return true;
      }
      piece = match;
      takeMatch(piece);
      at = piece.end;
      if (behaviour == kRemoved)
        continue;
      if (behaviour == kContiguous)
        while (more && match.begin == at) {
          takeMatch(piece);
          at = piece.end;
        }
      if (behaviour == kMergedWithNext && (!more || match.begin > at))
        at = piece.end = more ? match.begin : size;
      return true;
    }
    return false;
  }

private:
  /// Lengthens `piece` to the end of the match and looks for the next one.
  void takeMatch(Match &piece) {
    piece.end = match.end;
    more = matcher.next(match.end, match);
  }

  const Matcher &matcher;
  size_t size;
  uint32_t behaviour;
  Match match = {0, 0};
  bool more = false;
  size_t at = 0;
};

} // namespace

Status Encoder::splitScanner(uint32_t step, Bytes piece, uint32_t scanner,
                             bool first, bool bytes) {
  // GPT-2's scanner inside a byte-level step reads text; later steps see bytes.
  bool later = bytes || tables.steps[step].operation == kByteLevel;
  for (size_t at = 0; at < piece.size;) {
    size_t length = scanWord(scanner, piece.data + at, piece.size - at, bytes);
    Status status =
        split(step + 1, {piece.data + at, length}, first && at == 0, later);
    if (status != Status::Ok)
      return status;
    at += length;
  }
  return Status::Ok;
}

Status Encoder::splitMatches(uint32_t step, Bytes piece, bool first,
                             bool bytes) {
  Matcher matcher(tables.steps[step], piece, bytes);
  Pieces pieces(matcher, piece.size, behaviourOf(tables.steps[step]));
  Match part;
  while (pieces.next(part)) {
    Status status =
        split(step + 1, {piece.data + part.begin, part.end - part.begin},
              first && part.begin == 0, bytes);
    if (status != Status::Ok)
      return status;
  }
  return Status::Ok;
}

Status Encoder::splitMetaspace(uint32_t step, Bytes piece, bool first,
                               bool bytes) {
  Bytes mark = tables.steps[step].text;
  uint32_t argument = tables.steps[step].argument;
  uint32_t prepend = argument & kMetaspacePrependMask;
  bool marked =
      piece.data[0] == ' ' || (piece.size >= mark.size &&
                               memcmp(piece.data, mark.data, mark.size) == 0);
  Buffer<uint8_t> &text = stepText[step];
  text.clear();
  bool good = true;
  if (!marked &&
      (prepend == kMetaspaceAlways || (prepend == kMetaspaceFirst && first)))
    good = text.append(mark.data, mark.size);
  for (size_t i = 0; good && i < piece.size; ++i)
    good = piece.data[i] == ' ' ? text.append(mark.data, mark.size)
                                : text.push(piece.data[i]);
  if (!good)
    return Status::OutOfMemory;
  Bytes whole = {text.data(), text.size()};
  return argument & kMetaspaceSplit ? splitMatches(step, whole, first, bytes)
                                    : split(step + 1, whole, first, bytes);
}

Status Encoder::splitByteLevel(uint32_t step, Bytes piece, bool first,
                               bool bytes) {
  uint32_t argument = tables.steps[step].argument;
  if ((argument & kByteLevelPrefixSpace) && piece.data[0] != ' ') {
    Buffer<uint8_t> &text = stepText[step];
    text.clear();
    if (!text.push(' ') || !text.append(piece.data, piece.size))
      return Status::OutOfMemory;
    piece = {text.data(), text.size()};
  }
  return argument & kByteLevelRegex
             ? splitScanner(step, piece, kScannerGpt2, first, bytes)
             : split(step + 1, piece, first, true);
}

Status Encoder::split(uint32_t step, Bytes piece, bool first, bool bytes) {
  if (piece.size == 0)
    return Status::Ok;
  if (step >= tables.stepCount)
    return tables.model == kUnigram ? encodeUnigram(piece) : encodeBpe(piece);
  switch (tables.steps[step].operation) {
  case kSplitScanner:
    return splitScanner(step, piece, tables.steps[step].argument, first, bytes);
  case kByteLevel:
    return splitByteLevel(step, piece, first, bytes);
  case kMetaspace:
    return splitMetaspace(step, piece, first, bytes);
  default:
    return splitMatches(step, piece, first, bytes);
  }
}

} // namespace text
} // namespace sinter
