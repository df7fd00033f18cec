//===- Unigram.cpp - The most probable segmentation of one word
//-------------===//
//
// Viterbi over the bytes of the word: the pieces that begin at a position are
// found by narrowing the sorted index byte by byte. O(n * longest piece). As
// Hugging Face `tokenizers` (models/unigram) and SentencePiece's optimised
// encoder do it.
//
//===------------------------------------------------------------------------===//

#include "runtime/text/Tokenizer.h"
#include "runtime/text/Unicode.h"

namespace sinter {
namespace text {

using namespace tokfmt;

namespace {

double scoreOf(const TokenizerTables &tables, uint32_t id) {
  double score;
  memcpy(&score, tables.scores + 8 * size_t(id), 8);
  return score;
}

} // namespace

Status Encoder::encodeUnigram(Bytes word) {
  if (word.size >= kNone || !arrivals.resize(word.size + 1))
    return Status::OutOfMemory;
  for (size_t i = 0; i <= word.size; ++i)
    arrivals[i] = {0, kNone, kNone};
  auto text = [&](uint32_t i) { return tables.indexPiece(i); };
  bool single = tables.flags & kSinglePrecision;
  auto reach = [&](size_t begin, size_t end, double score, uint32_t id) {
    Arrival &arrival = arrivals[end];
    if (arrival.begin == kNone || score > arrival.score)
      arrival = {single ? double(float(score)) : score, uint32_t(begin), id};
  };
  for (size_t begin = 0; begin < word.size;) {
    double score = arrivals[begin].score;
    uint32_t charSize = decodeUtf8(word.data + begin, word.size - begin).size;
    bool whole = false; // is the first character a piece by itself?
    uint8_t b = word.data[begin];
    PrefixRange<decltype(text)> range = {text, tables.firstOf[b],
                                         tables.firstOf[b + 1], 1};
    for (size_t end = begin + 1; range.first < range.last; ++end) {
      if (range.exact()) {
        uint32_t id = tables.indexId(range.first);
        reach(begin, end, score + scoreOf(tables, id), id);
        whole |= end - begin == charSize;
      }
      if (end == word.size || !range.advance(word.data[end]))
        break;
    }
    if (!whole)
      reach(begin, begin + charSize, score + tables.unknownScore, kNone);
    begin += charSize;
  }
  return emitBestPath(word);
}

/// Walks the best path backwards and turns it around in `out`.
Status Encoder::emitBestPath(Bytes word) {
  size_t start = out.size();
  bool unknownLast = false;
  for (size_t end = word.size; end > 0; end = arrivals[end].begin) {
    const Arrival &arrival = arrivals[end];
    if (arrival.begin == kNone)
      break; // cannot be: every character boundary is reached
    bool unknown = arrival.id == kNone;
    bool fallback = unknown && (tables.flags & kByteFallback);
    for (size_t i = arrival.begin; fallback && i < end; ++i)
      fallback = tables.byteId(word.data[i]) != kNone;
    if (fallback) {
      for (size_t i = end; i > arrival.begin; --i)
        if (!out.push(tables.byteId(word.data[i - 1])))
          return Status::OutOfMemory;
    } else if (!unknown) {
      if (!out.push(arrival.id))
        return Status::OutOfMemory;
    } else if (tables.unknownId != kNone &&
               !(unknownLast && (tables.flags & kFuseUnknown))) {
      if (!out.push(tables.unknownId))
        return Status::OutOfMemory;
    }
    unknownLast = unknown && !fallback;
  }
  for (size_t a = start, b = out.size(); a + 1 < b; ++a) {
    --b;
    uint32_t id = out[a];
    out[a] = out[b];
    out[b] = id;
  }
  return Status::Ok;
}

} // namespace text
} // namespace sinter
