//===- Unicode.h - UTF-8, character classes, canonical composition -*- C++
//-*-==//
//
// Strict UTF-8 (no surrogates, no overlong forms). A byte that starts no valid
// sequence is a character of its own, kInvalidByte + byte, of class Other: all
// later stages thus see every byte of any input exactly once. Tables:
// generated, see generate/unicode_tables.py.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_UNICODE_H
#define SINTER_RUNTIME_TEXT_UNICODE_H

#include <stddef.h>
#include <stdint.h>

namespace sinter {
namespace text {

/// A code point and the bytes it took; size is 0 only at the end of the text.
struct Char {
  uint32_t code;
  uint32_t size;
};

constexpr uint32_t kInvalidByte = 0x800000;

/// The character at `text`; `size` is what is left.
Char decodeUtf8(const uint8_t *text, size_t size);

/// Writes `code` (or the single byte kInvalidByte + b) to `out`, which has room
/// for four bytes; returns how many it wrote.
uint32_t encodeUtf8(uint32_t code, uint8_t *out);

enum class CharClass : uint8_t {
  Other,
  Upper,
  Lower,
  Title,
  Letter,
  Mark,
  Digit,
  LetterNumber,
  OtherNumber,
  Punctuation,
  Connector,
  Space
};

CharClass charClass(uint32_t code);

inline bool isLetter(CharClass c) {
  return c >= CharClass::Upper && c <= CharClass::Letter;
}
inline bool isNumber(CharClass c) {
  return c >= CharClass::Digit && c <= CharClass::OtherNumber;
}

/// What a regular expression's \w matches.
bool isWordChar(uint32_t code);

/// General category P*, or ASCII punctuation of category S.
bool isPunctuation(uint32_t code);

/// Canonical combining class; 0 for starters.
uint8_t combiningClass(uint32_t code);

/// One level of canonical decomposition: false when there is none; `second` is
/// 0 for a singleton. Hangul syllables included.
bool decompose(uint32_t code, uint32_t &first, uint32_t &second);

/// The primary composite of two characters, or 0.
uint32_t compose(uint32_t first, uint32_t second);

/// GPT-2's printable alphabet: the character that stands for a byte.
inline uint32_t byteToPrintable(uint8_t b) {
  if (b <= 0x20)
    return 0x100u + b;
  if (b >= 0x7F && b <= 0xA0)
    return 0x121u + (b - 0x7Fu);
  return b == 0xAD ? 0x143u : b;
}

} // namespace text
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_UNICODE_H
