//===- Methods.cpp - Methods of texts, lists, dicts and loops ------------===//
//
// Those of Python's that change nothing. Case is changed for the alphabets
// that have simple pairs (toUpper); everything else works on any text.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Unicode.h"
#include "runtime/text/jinja/Interpreter.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

namespace {
/// In the order of kStringMethods and kParameters.
enum StringMethod : uint32_t {
  kLower,
  kUpper,
  kCapitalize,
  kTitle,
  kStrip,
  kLstrip,
  kRstrip,
  kSplit,
  kRsplit,
  kSplitLines,
  kStartsWith,
  kEndsWith,
  kReplace,
  kFind,
  kRfind,
  kIndex,
  kCount,
  kJoin,
  kRemovePrefix,
  kRemoveSuffix,
  kPartition,
  kRpartition,
  kZfill,
  kLjust,
  kRjust,
  kIsDigit,
  kIsAlpha,
  kIsAlnum,
  kIsSpace,
  kIsLower,
  kIsUpper
};
const char kStringMethods[] =
    "lower\nupper\ncapitalize\ntitle\nstrip\nlstrip\nrstrip\nsplit\nrsplit\n"
    "splitlines\nstartswith\nendswith\nreplace\nfind\nrfind\nindex\ncount\n"
    "join\nremoveprefix\nremovesuffix\npartition\nrpartition\nzfill\nljust\n"
    "rjust\nisdigit\nisalpha\nisalnum\nisspace\nislower\nisupper\n";
const char *const kParameters[] = {"",
                                   "",
                                   "",
                                   "",
                                   "chars",
                                   "chars",
                                   "chars",
                                   "sep maxsplit",
                                   "sep maxsplit",
                                   "keepends",
                                   "prefix!",
                                   "suffix!",
                                   "old! new! count",
                                   "sub!",
                                   "sub!",
                                   "sub!",
                                   "sub!",
                                   "iterable!",
                                   "prefix!",
                                   "suffix!",
                                   "sep!",
                                   "sep!",
                                   "width!",
                                   "width! fillchar",
                                   "width! fillchar",
                                   "",
                                   "",
                                   "",
                                   "",
                                   "",
                                   ""};

enum DictMethod : uint32_t { kGet, kItems, kKeys, kValues, kDictCopy };
const char kDictMethods[] = "get\nitems\nkeys\nvalues\ncopy\n";
/// They would change it: the sandbox hides them.
const char kHiddenMethods[] = "clear\npop\npopitem\nsetdefault\nupdate\n";
const char kListMethods[] = "index\ncount\ncopy\n";
const char kLoopMethods[] = "cycle\nchanged\n";

Char charAt(Value text, size_t at) {
  return decodeUtf8(reinterpret_cast<const uint8_t *>(text.text) + at,
                    text.size - at);
}
} // namespace

Value Interpreter::methodOf(Value object, Value name) {
  const char *table = object.isString() ? kStringMethods
                      : object.isDict() ? kDictMethods
                      : object.isList() && !object.isGenerator() ? kListMethods
                      : object.is(Kind::Loop)                    ? kLoopMethods
                                                                 : "";
  int method = indexOfName(table, name);
  if (method < 0)
    return Value::undefined(name);
  Value v = Value::of(Kind::Method);
  v.detail = static_cast<uint8_t>(method);
  Value *self = machine.make<Value>();
  if (!self)
    return Value();
  *self = object;
  v.self = self;
  return v;
}

bool Interpreter::isHidden(Value name) {
  return indexOfName(kHiddenMethods, name) >= 0;
}

Value Interpreter::callMethod(Value self, uint32_t method,
                              Arguments &arguments) {
  Value given[kMaxParameters];
  if (self.isString()) {
    if (!bind(arguments, kParameters[method], given))
      return Value();
    return stringMethod(self, method, given);
  }
  if (self.is(Kind::Loop))
    return loopMethod(self.loop, method, arguments);
  if (self.isList()) {
    if (!bind(arguments, method == 2 ? "" : "value!", given))
      return Value();
    if (method == 2)
      return self;
    int64_t count = 0;
    for (uint32_t i = 0; i < self.list->size && !machine.failed(); ++i) {
      if (!machine.equal(self.list->items[i], given[0]))
        continue;
      if (method == 0)
        return Value::whole(i);
      ++count;
    }
    return method ? Value::whole(count) : fail("an item is not in the list");
  }
  if (!bind(arguments, method == kGet ? "key! default" : "", given))
    return Value();
  if (method == kDictCopy)
    return self;
  if (method == kGet) {
    const Value *found = machine.find(self.dict, given[0]);
    return found ? *found : given[1].isUndefined() ? Value::none() : given[1];
  }
  Value result = machine.newList(kList);
  for (uint32_t i = 0; i < self.dict->size && machine.step(); ++i) {
    const Pair &pair = self.dict->pairs[i];
    Value one = method == kKeys ? pair.key : pair.value;
    if (method == kItems) {
      one = machine.newList(kTuple);
      machine.push(one.list, pair.key);
      machine.push(one.list, pair.value);
    }
    machine.push(result.list, one);
  }
  return result;
}

Value Interpreter::loopMethod(Loop *loop, uint32_t method,
                              const Arguments &arguments) {
  const List &items = arguments.positional;
  if (arguments.named.size || (method == 0 && items.size == 0))
    return fail("loop.cycle and loop.changed take values");
  if (method == 0)
    return items.items[loop->index % items.size];
  Value seen = machine.newList(kTuple);
  for (uint32_t i = 0; i < items.size; ++i)
    machine.push(seen.list, items.items[i]);
  if (machine.failed())
    return Value();
  bool changed = !loop->checked || !machine.equal(loop->lastChecked, seen);
  loop->checked = true;
  loop->lastChecked = seen;
  return Value::boolean(changed);
}

//===- Texts --------------------------------------------------------------===//

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
  case kUpper:
  case kCapitalize:
  case kTitle:
    return changeCase(self, method);
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

//===- Case ---------------------------------------------------------------===//

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

Value Interpreter::changeCase(Value text, uint32_t method) {
  size_t begin = machine.open();
  bool afterLetter = false;
  machine.step(text.size / 16);
  for (size_t at = 0; at < text.size && !machine.failed();) {
    Char c = charAt(text, at);
    bool upper = method == kUpper || (method == kCapitalize && at == 0) ||
                 (method == kTitle && !afterLetter);
    uint32_t code = upper ? toUpper(c.code) : toLower(c.code);
    CharClass kind = charClass(c.code);
    afterLetter = kind >= CharClass::Upper && kind <= CharClass::Title;
    Value one = text.slice(at, at + c.size);
    Origin origin = one.detail == kMixed ? Origin(*machine.marksOf(one))
                                         : Origin(one.detail);
    if (upper && c.code == 0xDF)
      machine.append(method == kUpper ? "SS" : "Ss", 2, origin);
    else if (code == c.code)
      machine.append(one);
    else
      machine.appendChar(code, origin);
    at += c.size;
  }
  return machine.close(begin);
}

//===- Dates --------------------------------------------------------------===//

namespace {
struct Date {
  int64_t year;
  int month, day, weekday, yearday; // month and day from 1, weekday 0: Sunday
};

/// Days since 1970-01-01 to a date of the proleptic Gregorian calendar.
Date dateOf(int64_t days) {
  // Howard Hinnant, "chrono-compatible low-level date algorithms": years begin
  // in March, 400 of them are one era.
  int64_t z = days + 719468;
  int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  int64_t ofEra = z - era * 146097;
  int64_t year = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146096) / 365;
  int64_t ofYear = ofEra - (365 * year + year / 4 - year / 100);
  int64_t month = (5 * ofYear + 2) / 153;
  Date date;
  date.day = int(ofYear - (153 * month + 2) / 5 + 1);
  date.month = int(month < 10 ? month + 3 : month - 9);
  date.year = year + era * 400 + (date.month <= 2);
  date.weekday = int(((days + 4) % 7 + 7) % 7);
  bool leap = date.year % 4 == 0 && (date.year % 100 || date.year % 400 == 0);
  date.yearday = int(date.month > 2 ? ofYear + 60 + leap : ofYear - 305);
  return date;
}

void appendNumber(Machine &machine, int64_t number, int width, char fill) {
  char digits[8];
  int size = 0;
  for (; number > 0 && size < 8; number /= 10)
    digits[size++] = char('0' + number % 10);
  if (size == 0)
    digits[size++] = '0';
  for (int i = size; i < width; ++i)
    machine.append(&fill, 1);
  while (size > 0)
    machine.append(&digits[--size], 1);
}

/// The index-th of names that are divided by spaces; its first three letters
/// if `isShort`.
void appendName(Machine &machine, const char *names, int index, bool isShort) {
  for (; index > 0; --index)
    names = strchr(names, ' ') + 1;
  const char *end = strchr(names, ' ');
  size_t size = end ? size_t(end - names) : strlen(names);
  machine.append(names, isShort ? 3 : size);
}
} // namespace

Value Interpreter::dateText(Value format) {
  static const char kMonths[] =
      "January February March April May June July August September October "
      "November December";
  static const char kDays[] =
      "Sunday Monday Tuesday Wednesday Thursday Friday Saturday";
  if (!format.isString())
    return typeError("strftime_now takes a text, not '", format);
  int64_t days = now / 86400 - (now % 86400 < 0);
  int64_t second = now - days * 86400;
  int hour = int(second / 3600), half = hour % 12 ? hour % 12 : 12;
  Date date = dateOf(days);
  size_t begin = machine.open();
  for (uint32_t at = 0; at < format.size && machine.step(); ++at) {
    if (format.text[at] != '%' || at + 1 == format.size) {
      machine.append(format.slice(at, at + 1));
      continue;
    }
    char c = format.text[++at];
    bool bare = c == '-' && at + 1 < format.size; // glibc: without padding
    if (bare)
      c = format.text[++at];
    int width = bare ? 1 : 2;
    switch (c) {
    case 'Y':
      appendNumber(machine, date.year, 1, '0');
      break;
    case 'y':
      appendNumber(machine, date.year % 100, width, '0');
      break;
    case 'm':
      appendNumber(machine, date.month, width, '0');
      break;
    case 'd':
      appendNumber(machine, date.day, width, '0');
      break;
    case 'e':
      appendNumber(machine, date.day, width, ' ');
      break;
    case 'j':
      appendNumber(machine, date.yearday, bare ? 1 : 3, '0');
      break;
    case 'H':
      appendNumber(machine, hour, width, '0');
      break;
    case 'I':
      appendNumber(machine, half, width, '0');
      break;
    case 'M':
      appendNumber(machine, second / 60 % 60, width, '0');
      break;
    case 'S':
      appendNumber(machine, second % 60, width, '0');
      break;
    case 'p':
      machine.append(hour < 12 ? "AM" : "PM");
      break;
    case 'B':
    case 'b':
      appendName(machine, kMonths, date.month - 1, c == 'b');
      break;
    case 'A':
    case 'a':
      appendName(machine, kDays, date.weekday, c == 'a');
      break;
    case '%':
      machine.append("%");
      break;
    default:
      return fail("strftime_now does not know '%",
                  Value::string(&c, 1, kTemplate), "'");
    }
  }
  return machine.close(begin);
}
