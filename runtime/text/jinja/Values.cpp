//===- Values.cpp - Truth, equality, order and text of values ------------===//
//
// As Python's objects of the same kinds; repr() escapes what Python calls not
// printable.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Unicode.h"
#include "runtime/text/jinja/Machine.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

bool Machine::truth(Value v) const {
  switch (v.kind) {
  case Kind::Undefined:
  case Kind::None:
    return false;
  case Kind::Bool:
  case Kind::Integer:
    return v.integer != 0;
  case Kind::Float:
    return v.real != 0;
  case Kind::String:
    return v.size != 0;
  case Kind::List:
    return v.detail == kGenerator || v.list->size != 0;
  case Kind::Dict:
    return v.dict->size != 0;
  default:
    return true;
  }
}

bool Machine::equal(Value a, Value b) {
  Nested nested(*this);
  if (!step())
    return false;
  if (a.isNumber() && b.isNumber())
    return a.isWhole() && b.isWhole() ? a.integer == b.integer
                                      : a.number() == b.number();
  if (a.kind != b.kind)
    return false;
  switch (a.kind) {
  case Kind::Undefined:
  case Kind::None:
    return true;
  case Kind::String:
    return step(a.size == b.size ? a.size / 256 : 0) && a.sameText(b);
  case Kind::List:
    if (a.list == b.list)
      return true;
    if (a.detail != b.detail || a.detail == kGenerator ||
        a.list->size != b.list->size)
      return false;
    for (uint32_t i = 0; i < a.list->size; ++i)
      if (!equal(a.list->items[i], b.list->items[i]))
        return false;
    return true;
  case Kind::Dict:
    if (a.dict == b.dict)
      return true;
    if (a.dict->size != b.dict->size)
      return false;
    for (uint32_t i = 0; i < a.dict->size; ++i) {
      const Value *other = find(b.dict, a.dict->pairs[i].key);
      if (!other || !equal(a.dict->pairs[i].value, *other))
        return false;
    }
    return true;
  case Kind::Function:
    return a.detail == b.detail;
  default:
    return a.self == b.self; // the same object
  }
}

int Machine::compare(Value a, Value b) {
  Nested nested(*this);
  if (!step())
    return 0;
  if (a.isNumber() && b.isNumber()) {
    if (a.isWhole() && b.isWhole())
      return (a.integer > b.integer) - (a.integer < b.integer);
    return (a.number() > b.number()) - (a.number() < b.number());
  }
  if (a.isString() && b.isString()) {
    // The order of UTF-8 is that of code points.
    uint32_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.text, b.text, common) : 0;
    step(common / 256);
    return order ? order : (a.size > b.size) - (a.size < b.size);
  }
  if (a.isList() && b.isList() && a.detail == b.detail &&
      a.detail != kGenerator) {
    for (uint32_t i = 0; i < a.list->size && i < b.list->size; ++i)
      if (!equal(a.list->items[i], b.list->items[i]))
        return compare(a.list->items[i], b.list->items[i]);
    return (a.list->size > b.list->size) - (a.list->size < b.list->size);
  }
  if (a.isUndefined() || b.isUndefined())
    fail(RenderStatus::Failed, "'", a.isUndefined() ? a : b, "' is undefined");
  fail(RenderStatus::Failed, "values of type ", Value::string(typeName(a)),
       " cannot be ordered against that");
  return 0;
}

const Pair *Machine::sorted(const Pair *pairs, uint32_t count, bool reverse) {
  size_t bytes = sizeof(Pair) * size_t(count);
  auto *from = static_cast<Pair *>(allocate(bytes));
  auto *to = static_cast<Pair *>(allocate(bytes));
  if (!from || !to)
    return nullptr;
  for (uint32_t i = 0; i < count; ++i)
    from[i] = pairs[i];
  // Merge sort, from runs of one.
  for (uint32_t run = 1; run < count && !failed(); run *= 2) {
    for (uint32_t begin = 0; begin < count; begin += 2 * run) {
      uint32_t middle = begin + run < count ? begin + run : count;
      uint32_t end = middle + run < count ? middle + run : count;
      uint32_t left = begin, right = middle;
      for (uint32_t i = begin; i < end; ++i) {
        bool takeRight = left == middle;
        if (!takeRight && right < end) {
          // As Python compares lists of keys: what is equal needs no order.
          Value a = from[right].key, &b = from[left].key;
          int order = equal(a, b) ? 0 : compare(a, b);
          takeRight = reverse ? order > 0 : order < 0;
        }
        to[i] = takeRight ? from[right++] : from[left++];
      }
    }
    Pair *sortedHere = to;
    to = from;
    from = sortedHere;
  }
  return failed() ? nullptr : from;
}

const char *Machine::typeName(Value v) {
  switch (v.kind) {
  case Kind::Undefined:
    return "undefined";
  case Kind::None:
    return "none";
  case Kind::Bool:
    return "bool";
  case Kind::Integer:
    return "int";
  case Kind::Float:
    return "float";
  case Kind::String:
    return "str";
  case Kind::List:
    return v.detail == kList    ? "list"
           : v.detail == kTuple ? "tuple"
                                : "generator";
  case Kind::Dict:
    return "dict";
  case Kind::Namespace:
    return "namespace";
  case Kind::Loop:
    return "loop";
  case Kind::Macro:
    return "macro";
  default:
    return "function";
  }
}

/// Whether str.isprintable, as far as this matters: control and format
/// characters, spaces other than U+0020, private use, not a character.
static bool isPrintable(uint32_t c) {
  if (c < 0x7F)
    return c >= 0x20;
  if (c <= 0xA0 || c == 0xAD || c == 0x1680 || c == 0x3000 || c == 0xFEFF)
    return false;
  return !((c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F) ||
           (c >= 0x205F && c <= 0x206F) || (c >= 0xD800 && c <= 0xF8FF) ||
           (c >= 0xFFF0 && c <= 0xFFFB) || (c & 0xFFFE) == 0xFFFE ||
           c >= 0xE0000);
}

static void appendHex(Machine &machine, uint32_t code) {
  const char *digits = "0123456789abcdef";
  char escape[10] = {'\\', code > 0xFFFF ? 'U' : code > 0xFF ? 'u' : 'x'};
  size_t size = 2;
  for (int shift = code > 0xFFFF ? 28
                   : code > 0xFF ? 12
                                 : 4;
       shift >= 0; shift -= 4)
    escape[size++] = digits[code >> shift & 15];
  machine.append(escape, size);
}

static void appendQuoted(Machine &machine, Value s) {
  bool apostrophe = memchr(s.text, '\'', s.size);
  char quote = apostrophe && !memchr(s.text, '"', s.size) ? '"' : '\'';
  machine.append(&quote, 1);
  for (uint32_t at = 0; at < s.size && !machine.failed();) {
    Char c =
        decodeUtf8(reinterpret_cast<const uint8_t *>(s.text) + at, s.size - at);
    const char *named = "\nn\rr\tt\\\\";
    const char *escape = nullptr;
    for (; *named && !escape; named += 2)
      if (c.code == uint8_t(*named))
        escape = named + 1;
    if (escape || c.code == uint8_t(quote)) {
      machine.append("\\", 1);
      machine.append(escape ? escape : &quote, 1);
    } else if (c.code < kInvalidByte && !isPrintable(c.code)) {
      appendHex(machine, c.code);
    } else {
      machine.append(s.slice(at, at + c.size));
    }
    at += c.size;
  }
  machine.append(&quote, 1);
}

void Machine::appendText(Value v) {
  switch (v.kind) {
  case Kind::String:
    append(v);
    break;
  case Kind::Undefined:
    break;
  default:
    appendRepr(v);
  }
}

void Machine::appendRepr(Value v) {
  Nested nested(*this);
  if (!step())
    return;
  switch (v.kind) {
  case Kind::None:
    append("None");
    break;
  case Kind::Bool:
    append(v.integer ? "True" : "False");
    break;
  case Kind::Integer:
    appendWhole(v.integer);
    break;
  case Kind::Float: {
    char digits[32];
    append(digits, printDouble(v.real, digits));
    break;
  }
  case Kind::String:
    appendQuoted(*this, v);
    break;
  case Kind::List:
    append(v.detail == kList ? "[" : "(");
    for (uint32_t i = 0; i < v.list->size && !failed(); ++i) {
      append(i ? ", " : "");
      appendRepr(v.list->items[i]);
    }
    append(v.detail == kList ? "]" : v.list->size == 1 ? ",)" : ")");
    break;
  case Kind::Dict:
    append("{");
    for (uint32_t i = 0; i < v.dict->size && !failed(); ++i) {
      append(i ? ", " : "");
      appendRepr(v.dict->pairs[i].key);
      append(": ");
      appendRepr(v.dict->pairs[i].value);
    }
    append("}");
    break;
  default:
    append(v.isUndefined() ? "Undefined" : "<");
    if (!v.isUndefined()) {
      append(typeName(v));
      append(">");
    }
  }
}

Value Machine::toText(Value v) {
  if (v.isString())
    return v;
  size_t begin = open();
  appendText(v);
  return close(begin);
}
