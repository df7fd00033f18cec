//===- TokenizerTables.h - A verified tokenizer.bin, as pointers --*- C++
//-*-===//
//
// What Tokenizer::load leaves behind: pointers into the caller's bytes, every
// offset, id and order already checked. Values are read with memcpy, so that
// the file may lie at any address. Format: docs/formats/tokenizer.md.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_TOKENIZERTABLES_H
#define SINTER_RUNTIME_TEXT_TOKENIZERTABLES_H

#include "runtime/text/TokenizerFormat.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace sinter {
namespace text {

/// Bytes somebody else owns.
struct Bytes {
  const uint8_t *data = nullptr;
  size_t size = 0;
};

/// The i-th u32 of an array in the file.
inline uint32_t load32(const uint8_t *array, size_t i) {
  uint32_t value;
  memcpy(&value, array + 4 * i, 4);
  return value;
}

inline uint64_t load64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, 8);
  return value;
}

/// Byte order of two byte strings: negative, zero or positive.
inline int compareBytes(Bytes a, Bytes b) {
  size_t common = a.size < b.size ? a.size : b.size;
  int order = common ? memcmp(a.data, b.data, common) : 0;
  return order ? order : (a.size > b.size) - (a.size < b.size);
}

/// Added tokens sorted by text, and which bytes they begin with.
struct AddedTable {
  const uint8_t *entries = nullptr;
  uint32_t count = 0;
  uint32_t firstBytes[8] = {};

  bool startsWith(uint8_t b) const { return firstBytes[b / 32] >> b % 32 & 1; }
  uint32_t id(uint32_t i) const { return load32(entries, 4 * size_t(i)); }
  uint32_t flags(uint32_t i) const {
    return load32(entries, 4 * size_t(i) + 1);
  }
};

/// One step of the program.
struct Step {
  uint32_t operation = 0;
  uint32_t argument = 0;
  Bytes text, text2;
};

struct TokenizerTables {
  uint32_t model = 0;
  uint32_t vocab = 0;
  uint32_t flags = 0;
  uint32_t unknownId = tokfmt::kNone;
  uint32_t beginId = tokfmt::kNone;
  uint32_t endId = tokfmt::kNone;
  uint32_t paddingId = tokfmt::kNone;
  uint32_t maxPiece = 0;
  double unknownScore = 0;

  const uint8_t *pieceOffsets = nullptr;
  const uint8_t *pieceBytes = nullptr;
  const uint8_t *attributes = nullptr;
  const uint8_t *index = nullptr;
  uint32_t indexCount = 0;
  /// Entries of the index whose piece begins with byte b: firstOf[b]..[b + 1].
  uint32_t firstOf[257] = {};
  /// Piece of each ASCII character by itself, or none.
  uint32_t asciiIds[128] = {};
  const uint8_t *mergeStarts = nullptr;
  const uint8_t *merges = nullptr;
  const uint8_t *byteIds = nullptr;
  const uint8_t *scores = nullptr;
  Bytes text;
  AddedTable raw, normalized;
  Step steps[tokfmt::kMaxSteps];
  uint32_t normalizerCount = 0;
  uint32_t stepCount = 0;
  const uint8_t *templateIds = nullptr;
  uint32_t prefixCount = 0, suffixCount = 0, endCount = 0;
  Bytes charsmapTrie, charsmapText;

  Bytes piece(uint32_t id) const {
    uint32_t begin = load32(pieceOffsets, id);
    return {pieceBytes + begin, load32(pieceOffsets, id + size_t(1)) - begin};
  }
  uint32_t indexId(uint32_t i) const { return load32(index, i); }
  Bytes indexPiece(uint32_t i) const { return piece(indexId(i)); }
  Bytes addedText(const AddedTable &table, uint32_t i) const {
    return {text.data + load32(table.entries, 4 * size_t(i) + 2),
            load32(table.entries, 4 * size_t(i) + 3)};
  }
  uint32_t byteId(uint8_t b) const {
    return byteIds ? load32(byteIds, b) : tokfmt::kNone;
  }

  /// The piece with exactly these bytes that text may match, or none.
  uint32_t find(const uint8_t *bytes, size_t size) const;
};

/// Narrows a run of sorted strings byte by byte: after k calls of advance(),
/// the strings first..last - 1 are those that begin with the k bytes seen.
/// `Text(i)` gives the i-th string.
template <typename Text> struct PrefixRange {
  const Text &text;
  uint32_t first, last;
  size_t depth;

  /// True while some string goes on with `b`.
  bool advance(uint8_t b) {
    first = bound(b);
    last = b == 255 ? last : bound(unsigned(b) + 1);
    ++depth;
    return first < last;
  }
  /// The strings are distinct and sorted: an exact one comes first.
  bool exact() const { return first < last && text(first).size == depth; }

private:
  /// First string whose byte at `depth` is >= b (a shorter one counts as less).
  uint32_t bound(unsigned b) const {
    uint32_t low = first, high = last;
    while (low < high) {
      uint32_t middle = low + (high - low) / 2;
      Bytes at = text(middle);
      if (at.size <= depth || at.data[depth] < b)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }
};

} // namespace text
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_TOKENIZERTABLES_H
