//===- Unicode.cpp - UTF-8, character classes, canonical composition
//--------===//
//
// Binary searches over the generated tables. Algorithms: Unicode 14.0 chapter 3
// (UTF-8, table 3-7; canonical decomposition, Hangul 3.12).
//
//===------------------------------------------------------------------------===//

#include "runtime/text/Unicode.h"

namespace sinter {
namespace text {

#include "runtime/text/generate/UnicodeTables.inc"

namespace {

template <typename T, size_t N> constexpr size_t countOf(const T (&)[N]) {
  return N;
}

constexpr uint32_t kHangulBase = 0xAC00, kHangulL = 0x1100, kHangulV = 0x1161,
                   kHangulT = 0x11A7;
constexpr uint32_t kHangulLCount = 19, kHangulVCount = 21, kHangulTCount = 28;
constexpr uint32_t kHangulCount = kHangulLCount * kHangulVCount * kHangulTCount;
constexpr uint32_t kCjkSupplementBase = 0x2F800;

/// The last entry whose code point is <= code. The first entry is for 0.
uint32_t findRange(const uint32_t *ranges, size_t count, uint32_t code) {
  uint32_t key = code << 8 | 0xFF;
  size_t low = 0, high = count;
  while (high - low > 1) {
    size_t middle = (low + high) / 2;
    if (ranges[middle] <= key)
      low = middle;
    else
      high = middle;
  }
  return ranges[low];
}

/// The row of a decomposition table (three values a row) for `code`, or null.
template <typename T>
const T *findRow(const T *rows, size_t count, uint32_t code) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    uint32_t at = rows[3 * middle];
    if (at == code)
      return rows + 3 * middle;
    if (at < code)
      low = middle + 1;
    else
      high = middle;
  }
  return nullptr;
}

/// The composite of (first, second), by way of the sorted row numbers.
template <typename T>
uint32_t findPair(const T *rows, const uint16_t *order, size_t count,
                  uint32_t first, uint32_t second) {
  uint64_t key = uint64_t(first) << 32 | second;
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    const T *row = rows + 3 * size_t(order[middle]);
    uint64_t at = uint64_t(row[1]) << 32 | row[2];
    if (at == key)
      return row[0];
    if (at < key)
      low = middle + 1;
    else
      high = middle;
  }
  return 0;
}

bool isContinuation(uint8_t b) { return (b & 0xC0) == 0x80; }

} // namespace

Char decodeUtf8(const uint8_t *text, size_t size) {
  if (size == 0)
    return {0, 0};
  uint8_t b = text[0];
  if (b < 0x80)
    return {b, 1};
  Char invalid = {kInvalidByte + b, 1};
  if (b < 0xC2 || b > 0xF4)
    return invalid;
  uint32_t length = b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
  if (size < length || !isContinuation(text[1]))
    return invalid;
  if (length == 2)
    return {(b & 0x1Fu) << 6 | (text[1] & 0x3Fu), 2};
  if (!isContinuation(text[2]))
    return invalid;
  uint32_t code = (text[1] & 0x3Fu) << 6 | (text[2] & 0x3Fu);
  if (length == 3) {
    code |= (b & 0xFu) << 12;
    bool surrogate = code >= 0xD800 && code < 0xE000;
    return code < 0x800 || surrogate ? invalid : Char{code, 3};
  }
  if (!isContinuation(text[3]))
    return invalid;
  code = (b & 7u) << 18 | code << 6 | (text[3] & 0x3Fu);
  return code < 0x10000 || code > 0x10FFFF ? invalid : Char{code, 4};
}

uint32_t encodeUtf8(uint32_t code, uint8_t *out) {
  if (code >= kInvalidByte) {
    out[0] = uint8_t(code & 0xFF);
    return 1;
  }
  if (code < 0x80) {
    out[0] = uint8_t(code);
    return 1;
  }
  uint32_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (uint32_t i = length - 1; i > 0; --i) {
    out[i] = uint8_t(0x80 | (code & 0x3F));
    code >>= 6;
  }
  out[0] = uint8_t((0xF00u >> length & 0xF0u) | code);
  return length;
}

CharClass charClass(uint32_t code) {
  if (code > 0x10FFFF)
    return CharClass::Other;
  uint32_t value = findRange(kClassRanges, countOf(kClassRanges), code) & 0xFF;
  if (value >= 16)
    return ((code ^ value) & 1) == 0 ? CharClass::Upper : CharClass::Lower;
  return CharClass(value);
}

bool isWordChar(uint32_t code) {
  CharClass c = charClass(code);
  if (isLetter(c) || c == CharClass::Mark || c == CharClass::Digit ||
      c == CharClass::LetterNumber || c == CharClass::Connector)
    return true;
  // Joiners and the circled or squared letters that count as alphabetic.
  return code == 0x200C || code == 0x200D ||
         (code >= 0x24B6 && code <= 0x24E9) ||
         (code >= 0x1F130 && code <= 0x1F149) ||
         (code >= 0x1F150 && code <= 0x1F169) ||
         (code >= 0x1F170 && code <= 0x1F189);
}

bool isPunctuation(uint32_t code) {
  if (code < 0x80)
    return (code > 0x20 && code < '0') || (code > '9' && code < 'A') ||
           (code > 'Z' && code < 'a') || (code > 'z' && code < 0x7F);
  CharClass c = charClass(code);
  return c == CharClass::Punctuation || c == CharClass::Connector;
}

uint8_t combiningClass(uint32_t code) {
  if (code < 0x300 || code > 0x10FFFF)
    return 0;
  return uint8_t(findRange(kCombiningRanges, countOf(kCombiningRanges), code));
}

bool decompose(uint32_t code, uint32_t &first, uint32_t &second) {
  if (code < 0xC0)
    return false;
  if (code - kHangulBase < kHangulCount) {
    uint32_t syllable = code - kHangulBase;
    uint32_t trailing = syllable % kHangulTCount;
    uint32_t block = syllable / kHangulTCount;
    first = trailing ? code - trailing : kHangulL + block / kHangulVCount;
    second = trailing ? kHangulT + trailing : kHangulV + block % kHangulVCount;
    return true;
  }
  if (code - kCjkSupplementBase < countOf(kCjkSupplement)) {
    first = kCjkSupplement[code - kCjkSupplementBase];
    second = 0;
    return true;
  }
  if (code < 0x10000) {
    if (const uint16_t *row =
            findRow(kDecompositions, countOf(kDecompositions) / 3, code)) {
      first = row[1];
      second = row[2];
      return true;
    }
  }
  const uint32_t *row =
      findRow(kWideDecompositions, countOf(kWideDecompositions) / 3, code);
  if (!row)
    return false;
  first = row[1];
  second = row[2];
  return true;
}

uint32_t compose(uint32_t first, uint32_t second) {
  if (first - kHangulL < kHangulLCount && second - kHangulV < kHangulVCount)
    return kHangulBase +
           ((first - kHangulL) * kHangulVCount + (second - kHangulV)) *
               kHangulTCount;
  if (first - kHangulBase < kHangulCount &&
      (first - kHangulBase) % kHangulTCount == 0 && second > kHangulT &&
      second < kHangulT + kHangulTCount)
    return first + (second - kHangulT);
  if (uint32_t code = findPair(kDecompositions, kCompositions,
                               countOf(kCompositions), first, second))
    return code;
  return findPair(kWideDecompositions, kWideCompositions,
                  countOf(kWideCompositions), first, second);
}

} // namespace text
} // namespace sinter
