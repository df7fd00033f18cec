//===- TextMethods.cpp - Methods of texts -------------------------------===//
//
// Those of Python's, on characters, not bytes.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Interpreter.h"
#include "runtime/text/jinja/StringMethods.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

/// str.isdigit, isalpha, ...: every character is of the kind, and there is one.
static bool allAre(Value text, uint32_t method) {
  bool any = false, cased = false;
  for (size_t at = 0; at < text.size;) {
    Char c = charAt(text, at);
    CharClass kind = charClass(c.code);
    bool alpha = isLetter(kind), number = kind == CharClass::Digit;
    bool lower = kind == CharClass::Lower, upper = kind == CharClass::Upper;
    cased |= lower || upper;
    if (method == kIsDigit   ? !number
        : method == kIsAlpha ? !alpha
        : method == kIsAlnum ? !alpha && !isNumber(kind)
        : method == kIsSpace ? !isSpace(c.code)
        : method == kIsLower ? upper || kind == CharClass::Title
                             : lower || kind == CharClass::Title)
      return false;
    any = true;
    at += c.size;
  }
  return method == kIsLower || method == kIsUpper ? cased : any;
}

Value Interpreter::stringMethod(Value self, uint32_t method,
                                const Value *given) {
  machine.step(self.size / 256);
  if (machine.failed())
    return Value();
  switch (method) {
  case kLower:
    return changeCase(self, LetterCase::Lower);
  case kUpper:
    return changeCase(self, LetterCase::Upper);
  case kCapitalize:
    return changeCase(self, LetterCase::Capitalized);
  case kTitle:
    return changeCase(self, LetterCase::Title);
  case kStrip:
  case kLstrip:
  case kRstrip:
    return strip(self, given[0], method != kRstrip, method != kLstrip);
  case kSplit:
  case kRsplit:
    return split(self, given[0], wholeOr(given[1], -1), method == kRsplit);
  case kSplitLines:
    return splitLines(self, truthOr(given[0], false));
  case kJoin:
    return joinStrings(self, given[0]);
  case kZfill:
  case kLjust:
  case kRjust:
    return pad(self, method, given);
  case kIsDigit:
  case kIsAlpha:
  case kIsAlnum:
  case kIsSpace:
  case kIsLower:
  case kIsUpper:
    return Value::boolean(allAre(self, method));
  case kStartsWith:
  case kEndsWith:
    return Value::boolean(hasAffix(self, given[0], method == kEndsWith));
  default:
    break;
  }
  // The rest look for a text.
  Value part = given[0];
  if (!part.isString())
    return typeError("a text is needed, not '", part);
  switch (method) {
  case kReplace:
    if (!given[1].isString())
      return typeError("a text is needed, not '", given[1]);
    return replace(self, part, given[1], wholeOr(given[2], -1));
  case kPartition:
  case kRpartition:
    return partition(self, part, method == kRpartition);
  case kRemovePrefix:
    return hasAffix(self, part, false) ? self.slice(part.size, self.size)
                                       : self;
  case kRemoveSuffix:
    return hasAffix(self, part, true) ? self.slice(0, self.size - part.size)
                                      : self;
  default:
    return findMethod(self, method, part);
  }
}

/// find, rfind, index, count
Value Interpreter::findMethod(Value self, uint32_t method, Value part) {
  if (method == kCount) {
    if (part.size == 0)
      return Value::whole(int64_t(countChars(self.text, self.size)) + 1);
    int64_t count = 0;
    for (size_t at = 0; machine.step(); ++count) {
      at = findText(self, part, at);
      if (at == self.size)
        break;
      at += part.size;
    }
    return Value::whole(count);
  }
  bool backwards = method == kRfind;
  size_t at = backwards ? findTextBackwards(self, part, self.size)
                        : findText(self, part, 0);
  bool found = at < self.size;
  if (part.size == 0) {
    found = true;
    at = backwards ? self.size : 0;
  }
  if (!found && method == kIndex)
    return fail("a text does not contain what was looked for");
  return Value::whole(found ? int64_t(countChars(self.text, at)) : -1);
}

Value Interpreter::joinStrings(Value self, Value given) {
  Value items = iterate(given);
  for (uint32_t i = 0; !machine.failed() && i < items.list->size; ++i)
    if (!items.list->items[i].isString())
      typeError("join takes texts, not '", items.list->items[i]);
  return machine.failed() ? Value() : joinText(items, self, Value());
}

Value Interpreter::pad(Value self, uint32_t method, const Value *given) {
  int64_t missing =
      wholeOr(given[0], 0) - int64_t(countChars(self.text, self.size));
  Value fill = method == kZfill      ? Value::string("0")
               : given[1].isString() ? given[1]
                                     : Value::string(" ");
  if (missing <= 0 || machine.failed())
    return self;
  Value padding = repeat(fill, missing);
  bool sign = method == kZfill && self.size &&
              (self.text[0] == '-' || self.text[0] == '+');
  size_t begin = machine.open();
  machine.append(self.slice(0, sign));
  if (method != kLjust)
    machine.append(padding);
  machine.append(self.slice(sign, self.size));
  if (method == kLjust)
    machine.append(padding);
  return machine.close(begin);
}

bool Interpreter::hasAffix(Value text, Value affix, bool atEnd) {
  if (affix.isList() && affix.detail == kTuple) {
    for (uint32_t i = 0; i < affix.list->size && !machine.failed(); ++i)
      if (hasAffix(text, affix.list->items[i], atEnd))
        return true;
    return false;
  }
  if (!affix.isString()) {
    typeError("a text or a tuple of texts is needed, not '", affix);
    return false;
  }
  return affix.size <= text.size &&
         text.slice(atEnd ? text.size - affix.size : 0,
                    atEnd ? text.size : affix.size)
             .sameText(affix);
}

Value Interpreter::strip(Value text, Value chars, bool left, bool right) {
  size_t begin = 0, end = text.size;
  if (chars.isUndefined() || chars.isNone()) {
    begin = left ? spaceAtStart(text.text, end) : 0;
    end -= right ? spaceAtEnd(text.text + begin, end - begin) : 0;
    return text.slice(begin, end);
  }
  if (!chars.isString())
    return typeError("a text is needed, not '", chars);
  auto has = [&](Value one) {
    return machine.step() && findText(chars, one, 0) < chars.size;
  };
  while (left && begin < end) {
    size_t size = charOffset(text.text + begin, end - begin, 1);
    if (!has(text.slice(begin, begin + size)))
      break;
    begin += size;
  }
  while (right && end > begin) {
    size_t last = end - 1;
    while (last > begin && end - last < 4 && (text.text[last] & 0xC0) == 0x80)
      --last;
    if (charOffset(text.text + last, end - last, 1) != end - last)
      last = end - 1;
    if (!has(text.slice(last, end)))
      break;
    end = last;
  }
  return text.slice(begin, end);
}

Value Interpreter::split(Value text, Value separator, int64_t most,
                         bool fromRight) {
  if (separator.isUndefined() || separator.isNone()) {
    if (fromRight && most >= 0)
      return fail("rsplit with a count needs a separator");
    return splitSpace(text, most);
  }
  if (!separator.isString() || separator.size == 0)
    return fail("a separator is a text that is not empty");
  Value parts = machine.newList(kList);
  size_t begin = 0, end = text.size;
  for (int64_t n = 0; (most < 0 || n < most) && machine.step(); ++n) {
    size_t at = fromRight ? findTextBackwards(text, separator, end)
                          : findText(text, separator, begin);
    if (at == text.size)
      break;
    if (fromRight) {
      machine.push(parts.list, text.slice(at + separator.size, end));
      end = at;
    } else {
      machine.push(parts.list, text.slice(begin, at));
      begin = at + separator.size;
    }
  }
  machine.push(parts.list, text.slice(begin, end));
  if (!fromRight)
    return parts;
  for (uint32_t i = 0, k = parts.list ? parts.list->size : 0; i + 1 < k; ++i) {
    Value swapped = parts.list->items[i];
    parts.list->items[i] = parts.list->items[--k];
    parts.list->items[k] = swapped;
  }
  return parts;
}

Value Interpreter::splitSpace(Value text, int64_t most) {
  Value parts = machine.newList(kList);
  for (size_t at = 0; machine.step();) {
    at += spaceAtStart(text.text + at, text.size - at);
    if (at == text.size)
      break;
    size_t end = at;
    if (most >= 0 && int64_t(parts.list->size) == most) {
      end = text.size;
    } else {
      while (end < text.size && !isSpace(charAt(text, end).code))
        end += charAt(text, end).size;
    }
    machine.push(parts.list, text.slice(at, end));
    at = end;
  }
  return parts;
}

/// What str.splitlines takes for the end of a line.
static bool isLineEnd(uint32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 ||
         c == 0x2028 || c == 0x2029;
}

Value Interpreter::splitLines(Value text, bool keepEnds) {
  Value parts = machine.newList(kList);
  for (size_t at = 0; at < text.size && machine.step();) {
    size_t end = at;
    while (end < text.size && !isLineEnd(charAt(text, end).code))
      end += charAt(text, end).size;
    size_t after = end;
    if (end < text.size) {
      after += charAt(text, end).size;
      if (text.text[end] == '\r' && after < text.size &&
          text.text[after] == '\n')
        ++after;
    }
    machine.push(parts.list, text.slice(at, keepEnds ? after : end));
    at = after;
  }
  return parts;
}

Value Interpreter::partition(Value text, Value separator, bool fromRight) {
  if (separator.size == 0)
    return fail("a separator is a text that is not empty");
  size_t at = fromRight ? findTextBackwards(text, separator, text.size)
                        : findText(text, separator, 0);
  bool found = at < text.size;
  Value empty = Value::string(""), parts = machine.newList(kTuple);
  Value before = found ? text.slice(0, at) : fromRight ? empty : text;
  Value after = found       ? text.slice(at + separator.size, text.size)
                : fromRight ? text
                            : empty;
  machine.push(parts.list, before);
  machine.push(parts.list, found ? separator : empty);
  machine.push(parts.list, after);
  return parts;
}

Value Interpreter::replace(Value text, Value from, Value to, int64_t most) {
  if (machine.failed() || most == 0)
    return text;
  size_t begin = machine.open(), at = 0;
  for (int64_t n = 0; (most < 0 || n < most) && machine.step(); ++n) {
    size_t found = from.size ? findText(text, from, at) : at;
    if (from.size ? found == text.size : n > 0 && at == text.size)
      break;
    if (from.size == 0) { // before each character and at the end
      machine.append(to);
      found = at + charOffset(text.text + at, text.size - at, 1);
      machine.append(text.slice(at, found));
      if (at == text.size)
        break;
      at = found;
      if (at == text.size && (most < 0 || n + 1 < most))
        machine.append(to);
      continue;
    }
    machine.append(text.slice(at, found));
    machine.append(to);
    at = found + from.size;
  }
  machine.append(text.slice(at, text.size));
  return machine.close(begin);
}

size_t Interpreter::findText(Value text, Value part, size_t from) {
  size_t work = 0, at = from;
  while (part.size && part.size <= text.size - at) {
    auto *first = static_cast<const char *>(
        memchr(text.text + at, part.text[0], text.size - at - part.size + 1));
    if (!first)
      break;
    at = size_t(first - text.text);
    size_t same = 1;
    while (same < part.size && first[same] == part.text[same])
      ++same;
    // Only long repeats of the same beginning make this more than linear.
    work += same;
    if (work >= 256) {
      if (!machine.step(work / 256))
        break;
      work %= 256;
    }
    if (same == part.size) {
      machine.step((at - from) / 256);
      return at;
    }
    ++at;
  }
  machine.step((text.size - from) / 256);
  return text.size;
}

size_t Interpreter::findTextBackwards(Value text, Value part, size_t end) {
  for (size_t at = end; part.size && at >= part.size; --at) {
    if (at % 256 == 0 && !machine.step(1 + part.size / 4))
      break;
    size_t begin = at - part.size;
    if (text.text[begin] == part.text[0] &&
        !memcmp(text.text + begin, part.text, part.size))
      return begin;
  }
  return text.size;
}
