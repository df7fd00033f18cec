//===- Filters.cpp - What stands after "|" -------------------------------===//
//
// jinja2/filters.py, and tojson as transformers replaces it: names, parameters,
// numbers and texts. ListFilters.cpp holds what filterList calls.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Interpreter.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

namespace {
/// In the order of kNames and kParameters.
enum FilterNumber : uint32_t {
  kAbs,
  kInt,
  kFloat,
  kRound,
  kCapitalize,
  kEscape,
  kEscapeShort,
  kForceEscape,
  kIndent,
  kLower,
  kReplace,
  kSafe,
  kString,
  kTitle,
  kToJson,
  kTrim,
  kUpper,
  kWordCount,
  kAttr,
  kCount,
  kDefault,
  kDefaultShort,
  kDictSort,
  kFirst,
  kItems,
  kJoin,
  kLast,
  kLength,
  kListFilter,
  kMax,
  kMin,
  kReverse,
  kSort,
  kSum,
  kUnique,
  kMap,
  kReject,
  kRejectAttr,
  kSelect,
  kSelectAttr
};

const char kNames[] =
    "abs\nint\nfloat\nround\ncapitalize\nescape\ne\nforceescape\nindent\nlower"
    "\nreplace\nsafe\nstring\ntitle\ntojson\ntrim\nupper\nwordcount\nattr\n"
    "count\ndefault\nd\ndictsort\nfirst\nitems\njoin\nlast\nlength\nlist\nmax\n"
    "min\nreverse\nsort\nsum\nunique\nmap\nreject\nrejectattr\nselect\n"
    "selectattr\n";

const char *const kParameters[] = {
    "",
    "default base",
    "default",
    "precision method",
    "",
    "",
    "",
    "",
    "width first blank",
    "",
    "old! new! count",
    "",
    "",
    "",
    "ensure_ascii indent separators sort_keys",
    "chars",
    "",
    "",
    "name!",
    "",
    "default_value boolean",
    "default_value boolean",
    "case_sensitive by reverse",
    "",
    "",
    "d attribute",
    "",
    "",
    "",
    "case_sensitive attribute",
    "case_sensitive attribute",
    "",
    "reverse case_sensitive attribute",
    "attribute start",
    "case_sensitive attribute",
};
} // namespace

Value Interpreter::filter(Value name, Value v, Arguments &arguments) {
  int number = indexOfName(kNames, name);
  if (number < 0)
    return fail("there is no filter '", name, "'");
  if (machine.failed())
    return Value();
  uint32_t filter = static_cast<uint32_t>(number);
  if (filter == kMap)
    return map(v, arguments);
  if (filter > kMap)
    return select(v, arguments, filter == kRejectAttr || filter == kSelectAttr,
                  filter >= kSelect);
  Value given[kMaxParameters];
  if (!bind(arguments, kParameters[filter], given))
    return Value();
  return filter <= kRound       ? filterNumber(filter, v, given)
         : filter <= kWordCount ? filterText(filter, v, given)
                                : filterList(filter, v, given);
}

//===- Numbers ------------------------------------------------------------===//

Value Interpreter::filterNumber(uint32_t filter, Value v, const Value *given) {
  switch (filter) {
  case kAbs:
    if (v.is(Kind::Float))
      return Value::floating(v.real < 0 ? -v.real : v.real);
    if (!v.isWhole())
      return typeError("abs takes a number, not '", v);
    return v.integer < 0 ? negate(v) : Value::whole(v.integer);
  case kInt:
    return toWhole(v, given);
  case kFloat:
    return toReal(v, given);
  default:
    return round(v, given);
  }
}

/// Text without the white space around it.
static Value trimmed(Value v) {
  size_t left = spaceAtStart(v.text, v.size);
  return v.slice(left, v.size - spaceAtEnd(v.text + left, v.size - left));
}

Value Interpreter::toWhole(Value v, const Value *given) {
  Value otherwise = given[0].isUndefined() ? Value::whole(0) : given[0];
  if (wholeOr(given[1], 10) != 10)
    return fail("int reads decimal numbers only");
  if (v.isWhole())
    return Value::whole(v.integer);
  double x = v.real;
  if (v.isUndefined())
    return typeError("", v);
  if (v.isString()) {
    int64_t n;
    Value digits = trimmed(v);
    machine.step(digits.size / 16);
    if (parseWhole(digits.text, digits.size, n))
      return Value::whole(n);
    if (!parseDouble(digits.text, digits.size, x))
      return otherwise;
  } else if (!v.is(Kind::Float)) {
    return otherwise;
  }
  bool fits = x > -9223372036854775808.0 && x < 9223372036854775808.0;
  if (!fits && x - x == 0)
    return fail("a number does not fit into 64 bits");
  return fits ? Value::whole(int64_t(x)) : otherwise;
}

Value Interpreter::toReal(Value v, const Value *given) {
  if (v.isNumber())
    return Value::floating(v.number());
  if (v.isUndefined())
    return typeError("", v);
  double x;
  if (v.isString()) {
    Value digits = trimmed(v);
    machine.step(digits.size / 16);
    if (parseDouble(digits.text, digits.size, x))
      return Value::floating(x);
  }
  return given[0].isUndefined() ? Value::floating(0) : given[0];
}

Value Interpreter::round(Value v, const Value *given) {
  if (!v.isNumber())
    return typeError("round takes a number, not '", v);
  int64_t precision = wholeOr(given[0], 0);
  precision = precision > 400 ? 400 : precision < -400 ? -400 : precision;
  Value common = Value::string("common");
  Value method = given[1].isString() ? given[1] : common;
  if (method.sameText(common)) {
    double rounded = roundDouble(v.number(), int(precision));
    return v.isWhole() && rounded == v.number() ? Value::whole(v.integer)
                                                : Value::floating(rounded);
  }
  bool ceil = method.equals("ceil");
  if ((!ceil && !method.equals("floor")) || precision > 15 || precision < 0)
    return fail("round has no method '", method, "' of this precision");
  double scale = 1;
  for (int64_t i = 0; i < precision; ++i)
    scale *= 10;
  double scaled = v.number() * scale, whole = scaled;
  if (whole > -4503599627370496.0 && whole < 4503599627370496.0) {
    whole = double(int64_t(scaled));
    whole += ceil ? whole < scaled : -double(whole > scaled);
  }
  return Value::floating(whole / scale);
}

//===- Text ---------------------------------------------------------------===//

Value Interpreter::filterText(uint32_t filter, Value v, const Value *given) {
  if (filter == kToJson)
    return json(v, given);
  Value text = machine.toText(v);
  if (machine.failed())
    return Value();
  switch (filter) {
  case kIndent:
    return indent(text, given);
  case kReplace:
    return replace(text, machine.toText(given[0]), machine.toText(given[1]),
                   wholeOr(given[2], -1));
  case kTitle:
    return titleWords(text);
  case kTrim:
    return strip(text, given[0], true, true);
  case kWordCount: {
    Value words = splitSpace(text, -1);
    return machine.failed() ? Value() : Value::whole(words.list->size);
  }
  case kEscape:
  case kEscapeShort:
  case kForceEscape:
    return escapeHtml(text);
  case kLower:
    return changeCase(text, LetterCase::Lower);
  case kUpper:
    return changeCase(text, LetterCase::Upper);
  case kCapitalize:
    return changeCase(text, LetterCase::Capitalized);
  default:
    return text; // string, safe
  }
}

Value Interpreter::indent(Value v, const Value *given) {
  Value width = given[0];
  if (!width.isString())
    width = repeat(Value::string(" "), wholeOr(width, 4));
  bool first = truthOr(given[1], false), blank = truthOr(given[2], false);
  // A last line feed begins a line of its own here.
  size_t begin = machine.open();
  machine.append(v);
  machine.append("\n");
  Value lines = splitLines(machine.close(begin), false);
  if (machine.failed())
    return Value();
  begin = machine.open();
  for (uint32_t i = 0; i < lines.list->size && !machine.failed(); ++i) {
    Value line = lines.list->items[i];
    machine.append(i ? "\n" : "");
    if (i ? blank || line.size : first)
      machine.append(width);
    machine.append(line);
  }
  return machine.close(begin);
}

/// Jinja's title: words begin after white space and - ( { [ <.
Value Interpreter::titleWords(Value text) {
  size_t begin = machine.open();
  bool start = true;
  for (uint32_t at = 0; at < text.size && !machine.failed();) {
    Char c = charAt(text, at);
    Value one = text.slice(at, at + c.size);
    machine.append(
        changeCase(one, start ? LetterCase::Upper : LetterCase::Lower));
    start = isSpace(c.code) ||
            (c.code < 0x80 && c.code && strchr("-({[<", int(c.code)));
    at += c.size;
    machine.step();
  }
  return machine.close(begin);
}

Value Interpreter::escapeHtml(Value text) {
  size_t begin = machine.open();
  for (uint32_t at = 0; at < text.size && !machine.failed();) {
    uint32_t run = at;
    while (run < text.size && !strchr("&<>'\"", text.text[run]))
      ++run;
    // strchr also finds the zero byte.
    if (run < text.size && !text.text[run])
      ++run;
    machine.append(text.slice(at, run));
    at = run;
    if (at == text.size || !strchr("&<>'\"", text.text[at]) || !text.text[at])
      continue;
    char c = text.text[at++];
    machine.append(c == '&'    ? "&amp;"
                   : c == '<'  ? "&lt;"
                   : c == '>'  ? "&gt;"
                   : c == '\'' ? "&#39;"
                               : "&#34;");
  }
  return machine.close(begin);
}

Value Interpreter::json(Value v, const Value *given) {
  Machine::JsonStyle style;
  style.ascii = truthOr(given[0], false);
  style.sortKeys = truthOr(given[3], false);
  style.pretty = !given[1].isUndefined() && !given[1].isNone();
  if (style.pretty)
    style.indent = given[1].isString()
                       ? given[1]
                       : repeat(Value::string(" "), wholeOr(given[1], 0));
  style.itemSeparator = Value::string(style.pretty ? "," : ", ");
  style.keySeparator = Value::string(": ");
  if (!given[2].isUndefined() && !given[2].isNone()) {
    Value pair = iterate(given[2]);
    if (machine.failed() || pair.list->size != 2 ||
        !pair.list->items[0].isString() || !pair.list->items[1].isString())
      return fail("the separators of tojson are two texts");
    style.itemSeparator = pair.list->items[0];
    style.keySeparator = pair.list->items[1];
  }
  size_t begin = machine.open();
  machine.appendJson(v, style);
  return machine.close(begin);
}

//===- Lists and whatever there is ----------------------------------------===//

Value Interpreter::filterList(uint32_t filter, Value v, const Value *given) {
  switch (filter) {
  case kAttr: {
    Value name = machine.toText(given[0]);
    return v.isDict() ? methodOf(v, name) : attribute(v, name);
  }
  case kCount:
  case kLength:
    return length(v);
  case kDefault:
  case kDefaultShort:
    if (!v.isUndefined() && (!truthOr(given[1], false) || machine.truth(v)))
      return v;
    return given[0].isUndefined() ? Value::string("") : given[0];
  case kDictSort:
    return sortDict(v, truthOr(given[0], false), given[1],
                    truthOr(given[2], false));
  case kItems: {
    if (v.isUndefined())
      return iterate(v);
    if (!v.isDict())
      return typeError("items takes a dict, not '", v);
    Arguments none;
    Value pairs = callMethod(v, 1, none); // see methodOf
    pairs.detail = kGenerator;
    return pairs;
  }
  case kJoin:
    return joinText(v, given[0], given[1]);
  case kMax:
  case kMin:
    return extreme(v, filter == kMax, truthOr(given[0], false), given[1]);
  case kReverse:
    return reverse(v);
  case kSort:
    return sort(v, truthOr(given[0], false), truthOr(given[1], false),
                given[2]);
  case kSum:
    return sum(v, given[0], given[1]);
  case kUnique:
    return unique(v, truthOr(given[0], false), given[1]);
  default:
    break;
  }
  if (filter == kFirst && v.isGenerator() && v.list->taken < v.list->size)
    return v.list->items[v.list->taken++];
  if (filter == kLast && v.isGenerator())
    return typeError("last takes a sequence, not '", v);
  Value items = iterate(v);
  if (machine.failed())
    return Value();
  const List *list = items.list;
  if (filter == kListFilter) {
    Value copy = items;
    copy.detail = kList;
    return copy;
  }
  if (list->size == 0)
    return Value::undefined(Value::string("item"));
  return list->items[filter == kFirst ? 0 : list->size - 1];
}
