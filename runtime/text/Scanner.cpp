//===- Scanner.cpp - Word splitters for known regular expressions
//-----------===//
//
// The six expressions differ in a few points (Rules), and share the order of
// their alternatives: contraction, letters, digits, other characters, line
// ends, white space. Comments quote the alternative that a function matches;
// each decides with bounded look-back what the backtracking engine would find.
//
//===------------------------------------------------------------------------===//

#include "runtime/text/Scanner.h"
#include "runtime/text/TokenizerFormat.h"
#include "runtime/text/Unicode.h"

namespace sinter {
namespace text {

namespace {

enum Contractions : uint8_t {
  kNoContraction,
  kLowerFirst,
  kAnyCaseFirst,
  kAnyCaseAfter
};

struct Rules {
  Contractions contractions;
  bool spacePrefixOnly; // " ?\p{L}+", else "[^\r\n\p{L}\p{N}]?\p{L}+"
  bool caseSplit;       // letters as upper* lower+ (o200k)
  uint8_t digits;   // longest run of digits; 0: any, after an optional space
  bool lineEndTail; // other characters take [\r\n]* after them
  bool slashTail;   // ... [\r\n/]*
  bool lineEnds;    // "\s*[\r\n]+"
};

const Rules kRules[] = {
    {kLowerFirst, true, false, 0, false, false, false},  // GPT-2
    {kAnyCaseFirst, false, false, 3, true, false, true}, // Llama 3
    {kAnyCaseFirst, false, false, 1, true, false, true}, // Qwen 2
    {kAnyCaseFirst, false, false, 3, true, false, true}, // cl100k
    {kAnyCaseAfter, false, true, 3, true, true, true},   // o200k
    {kNoContraction, false, true, 1, true, true, true},  // Tekken
};

bool isLineEnd(uint32_t code) { return code == '\r' || code == '\n'; }

/// A piece of text and the ways to look at its characters.
class Text {
public:
  Text(const uint8_t *text, size_t size, bool bytes)
      : text(text), size(size), bytes(bytes) {}

  bool atEnd(size_t at) const { return at >= size; }
  Char charAt(size_t at) const {
    if (at >= size)
      return {0, 0};
    return bytes ? Char{byteToPrintable(text[at]), 1}
                 : decodeUtf8(text + at, size - at);
  }
  CharClass classAt(size_t at, uint32_t &length) const {
    Char c = charAt(at);
    length = c.size;
    return charClass(c.code);
  }

  /// End of the run of characters that `wanted` accepts, at most `limit` of
  /// them when that is not 0.
  template <typename Wanted>
  size_t run(size_t at, uint32_t limit, Wanted wanted) const {
    for (uint32_t n = 0; !atEnd(at) && (limit == 0 || n < limit); ++n) {
      uint32_t length;
      if (!wanted(classAt(at, length)))
        break;
      at += length;
    }
    return at;
  }

  /// 's 't 're 've 'm 'll 'd at `at`: bytes matched, or 0. Without regard to
  /// case, U+017F counts as an s.
  size_t contraction(size_t at, bool anyCase) const {
    if (charAt(at).code != '\'' || atEnd(at))
      return 0;
    Char first = charAt(at + 1);
    if (anyCase && first.code == 0x17F)
      return 1 + first.size;
    uint32_t a = fold(first.code, anyCase);
    if (a == 's' || a == 't' || a == 'm' || a == 'd')
      return 2;
    uint32_t b = fold(charAt(at + 2).code, anyCase);
    bool two = (a == 'r' && b == 'e') || (a == 'v' && b == 'e') ||
               (a == 'l' && b == 'l');
    return two ? 3 : 0;
  }

private:
  static uint32_t fold(uint32_t code, bool anyCase) {
    return anyCase && code >= 'A' && code <= 'Z' ? code + 32 : code;
  }

  const uint8_t *text;
  size_t size;
  bool bytes;
};

bool isUpperish(CharClass c) {
  return c == CharClass::Upper || c == CharClass::Title ||
         c == CharClass::Letter || c == CharClass::Mark;
}
bool isLowerish(CharClass c) {
  return c == CharClass::Lower || c == CharClass::Letter ||
         c == CharClass::Mark;
}
bool isOther(CharClass c) {
  return c != CharClass::Space && !isLetter(c) && !isNumber(c);
}

/// "[upper]*[lower]+" at `at`, or `at`. `upperEnd`: end of the run of upper.
size_t lowerWord(const Text &text, size_t at, size_t &upperEnd) {
  size_t common = at; // end of the last character that is in both sets
  size_t p = at;
  while (!text.atEnd(p)) {
    uint32_t length;
    CharClass c = text.classAt(p, length);
    if (!isUpperish(c))
      break;
    p += length;
    if (isLowerish(c))
      common = p;
  }
  upperEnd = p;
  size_t end = text.run(p, 0, isLowerish);
  return end > p ? end : common;
}

/// The two letter alternatives of o200k: "[^\r\n\p{L}\p{N}]?[upper]*[lower]+"
/// and "[^\r\n\p{L}\p{N}]?[upper]+[lower]*".
size_t caseLetters(const Text &text, bool prefix, uint32_t prefixSize) {
  size_t upperAfter = 0, upperHere;
  size_t start = prefix ? prefixSize : 0;
  size_t end = lowerWord(text, start, upperAfter);
  if (end > start)
    return end;
  if (prefix) {
    // The prefix may be a mark, which also counts as a letter here.
    end = lowerWord(text, 0, upperHere);
    if (end > 0)
      return end;
  }
  return upperAfter > start ? upperAfter : 0;
}

/// Letters with what may stand before them; 0 if there are none.
size_t matchLetters(const Text &text, const Rules &rules, Char first,
                    CharClass c) {
  bool prefix = rules.spacePrefixOnly
                    ? first.code == ' '
                    : !isLetter(c) && !isNumber(c) && !isLineEnd(first.code);
  if (rules.caseSplit) {
    if (!prefix && !isLetter(c))
      return 0;
    size_t end = caseLetters(text, prefix, first.size);
    if (end > 0 && rules.contractions == kAnyCaseAfter)
      end += text.contraction(end, true);
    return end;
  }
  if (!prefix && !isLetter(c))
    return 0;
  size_t start = prefix ? first.size : 0;
  size_t end = text.run(start, 0, isLetter);
  return end > start ? end : 0;
}

/// White space, from `\s*[\r\n]+|\s+(?!\S)|\s+`.
size_t matchSpace(const Text &text, const Rules &rules) {
  size_t p = 0, lastStart = 0, lineEnd = 0;
  while (!text.atEnd(p)) {
    Char c = text.charAt(p);
    if (charClass(c.code) != CharClass::Space)
      break;
    lastStart = p;
    p += c.size;
    if (isLineEnd(c.code))
      lineEnd = p;
  }
  if (rules.lineEnds && lineEnd > 0)
    return lineEnd;
  // Before a visible character its own space stays behind, if there are others.
  return text.atEnd(p) || lastStart == 0 ? p : lastStart;
}

} // namespace

size_t scanWord(uint32_t scanner, const uint8_t *data, size_t size,
                bool bytes) {
  const Rules &rules = kRules[scanner - tokfmt::kScannerGpt2];
  Text text(data, size, bytes);
  if (size == 0)
    return 0;
  if (rules.contractions == kLowerFirst || rules.contractions == kAnyCaseFirst)
    if (size_t end = text.contraction(0, rules.contractions == kAnyCaseFirst))
      return end;
  Char first = text.charAt(0);
  CharClass c = charClass(first.code);
  if (size_t end = matchLetters(text, rules, first, c))
    return end;

  size_t start = first.code == ' ' ? first.size : 0;
  // " ?\p{N}+" or "\p{N}{1,3}"
  if (rules.digits == 0 || isNumber(c)) {
    size_t from = rules.digits == 0 ? start : 0;
    size_t end = text.run(from, rules.digits, isNumber);
    if (end > from)
      return end;
  }
  // " ?[^\s\p{L}\p{N}]+" and its tail
  size_t end = text.run(start, 0, isOther);
  if (end > start) {
    while (rules.lineEndTail && !text.atEnd(end)) {
      uint32_t code = text.charAt(end).code;
      if (!isLineEnd(code) && !(rules.slashTail && code == '/'))
        break;
      ++end;
    }
    return end;
  }
  return matchSpace(text, rules);
}

} // namespace text
} // namespace sinter
