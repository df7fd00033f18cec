//===- LetterCase.cpp - Upper and lower case ----------------------------===//
//
// For the alphabets that have simple pairs (toUpper).
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Interpreter.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

namespace {
/// Characters first..last pair with those `offset` further on; offset 1: each
/// second one, from an upper-case `first`, pairs with the next.
struct CasePairs {
  uint16_t first, last, offset;
};
const CasePairs kCasePairs[] = {
    {0x41, 0x5A, 32},     {0xC0, 0xD6, 32},     {0xD8, 0xDE, 32},
    {0x100, 0x12E, 1},    {0x132, 0x136, 1},    {0x139, 0x147, 1},
    {0x14A, 0x176, 1},    {0x179, 0x17D, 1},    {0x1CD, 0x1DB, 1},
    {0x1DE, 0x1EE, 1},    {0x1F8, 0x21E, 1},    {0x222, 0x232, 1},
    {0x386, 0x386, 38},   {0x388, 0x38A, 37},   {0x38C, 0x38C, 64},
    {0x38E, 0x38F, 63},   {0x391, 0x3A1, 32},   {0x3A3, 0x3AB, 32},
    {0x400, 0x40F, 80},   {0x410, 0x42F, 32},   {0x460, 0x480, 1},
    {0x48A, 0x4BE, 1},    {0x4C1, 0x4CD, 1},    {0x4D0, 0x52E, 1},
    {0x531, 0x556, 48},   {0x1E00, 0x1E94, 1},  {0x1EA0, 0x1EFE, 1},
    {0x2160, 0x216F, 16}, {0x24B6, 0x24CF, 26}, {0xFF21, 0xFF3A, 32},
};

uint32_t otherCase(uint32_t code, bool toUpper) {
  for (const CasePairs &p : kCasePairs) {
    uint32_t from = code - (toUpper ? p.offset : 0u);
    if (from >= p.first && from <= p.last &&
        (p.offset != 1 || (from - p.first) % 2 == 0))
      return toUpper ? from : from + p.offset;
  }
  return code;
}
} // namespace

uint32_t jinja::toUpper(uint32_t code) {
  return code == 0xFF ? 0x178 : code == 0x3C2 ? 0x3A3 : otherCase(code, true);
}

uint32_t jinja::toLower(uint32_t code) {
  return code == 0x178 ? 0xFF : otherCase(code, false);
}

Value Interpreter::changeCase(Value text, LetterCase wanted) {
  size_t begin = machine.open();
  bool afterLetter = false;
  machine.step(text.size / 16);
  for (size_t at = 0; at < text.size && !machine.failed();) {
    Char c = charAt(text, at);
    bool upper = wanted == LetterCase::Upper ||
                 (wanted == LetterCase::Capitalized && at == 0) ||
                 (wanted == LetterCase::Title && !afterLetter);
    uint32_t code = upper ? toUpper(c.code) : toLower(c.code);
    CharClass kind = charClass(c.code);
    afterLetter = kind >= CharClass::Upper && kind <= CharClass::Title;
    Value one = text.slice(at, at + c.size);
    Origin origin = one.detail == kMixed ? Origin(*machine.marksOf(one))
                                         : Origin(one.detail);
    if (upper && c.code == 0xDF)
      machine.append(wanted == LetterCase::Upper ? "SS" : "Ss", 2, origin);
    else if (code == c.code)
      machine.append(one);
    else
      machine.appendChar(code, origin);
    at += c.size;
  }
  return machine.close(begin);
}
