//===- Json.cpp - JSON in and out ----------------------------------------===//
//
// In: RFC 8259, bounded by the machine's depth; a name that comes twice keeps
// its last value, as in Python. Out: Python's json.dumps, whose defaults in
// chat templates are ensure_ascii=False and the separators ", " and ": ".
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Unicode.h"
#include "runtime/text/jinja/Machine.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

namespace {

class JsonReader {
public:
  JsonReader(Machine &machine, const char *json, size_t size, const char *what)
      : machine(machine), at(json), end(json + size), what(what) {}

  Value document() {
    Value v = value();
    skipSpace();
    if (at != end)
      bad();
    return machine.failed() ? Value() : v;
  }

private:
  Value bad() {
    machine.fail(RenderStatus::BadInput, "", Value::string(what),
                 " is not valid JSON");
    return Value();
  }
  void skipSpace() {
    while (at < end &&
           (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
      ++at;
  }
  bool take(char c) {
    skipSpace();
    if (at == end || *at != c)
      return false;
    ++at;
    return true;
  }
  bool word(const char *name) {
    size_t size = strlen(name);
    if (size_t(end - at) < size || memcmp(at, name, size))
      return false;
    at += size;
    return true;
  }

  Value value() {
    Nested nested(machine);
    if (!machine.step())
      return Value();
    skipSpace();
    if (take('{'))
      return object();
    if (take('['))
      return array();
    if (take('"'))
      return string();
    if (word("true"))
      return Value::boolean(true);
    if (word("false"))
      return Value::boolean(false);
    if (word("null"))
      return Value::none();
    return number();
  }

  Value object() {
    Value result = machine.newDict();
    if (machine.failed() || take('}'))
      return result;
    do {
      if (!take('"'))
        return bad();
      Value key = string();
      if (!take(':'))
        return bad();
      machine.set(result.dict, key, value());
    } while (!machine.failed() && take(','));
    return take('}') ? result : bad();
  }

  Value array() {
    Value result = machine.newList(kList);
    if (machine.failed() || take(']'))
      return result;
    do
      machine.push(result.list, value());
    while (!machine.failed() && take(','));
    return take(']') ? result : bad();
  }

  Value number() {
    const char *begin = at;
    bool whole = true;
    while (at < end && ((*at >= '0' && *at <= '9') || *at == '-' ||
                        *at == '+' || *at == '.' || *at == 'e' || *at == 'E')) {
      whole &= (*at >= '0' && *at <= '9') || *at == '-';
      ++at;
    }
    size_t size = size_t(at - begin);
    const char *digits = begin + (size && *begin == '-');
    if (digits == at || *digits < '0' || *digits > '9' || at[-1] == '.' ||
        (*digits == '0' && at - digits > 1 && digits[1] >= '0' &&
         digits[1] <= '9'))
      return bad();
    int64_t n;
    if (whole && parseWhole(begin, size, n))
      return Value::whole(n);
    double x;
    machine.step(8);
    return parseDouble(begin, size, x) ? Value::floating(x) : bad();
  }

  Value string() {
    const char *begin = at;
    for (; at < end && *at != '"' && *at != '\\' && uint8_t(*at) >= 0x20;)
      ++at;
    if (at < end && *at == '"') {
      size_t length = size_t(at++ - begin);
      machine.step(length / 256);
      return Value::string(begin, length, kInput);
    }
    at = begin;
    size_t text = machine.open();
    while (!machine.failed()) {
      begin = at;
      while (at < end && *at != '"' && *at != '\\' && uint8_t(*at) >= 0x20)
        ++at;
      machine.append(begin, size_t(at - begin), kInput);
      if (at == end || uint8_t(*at) < 0x20)
        return bad();
      if (*at++ == '"')
        return machine.close(text);
      if (!escape())
        return bad();
    }
    return Value();
  }

  bool hex(uint32_t &code) {
    if (end - at < 4)
      return false;
    code = 0;
    for (int i = 0; i < 4; ++i, ++at) {
      char c = *at, low = char(c | 0x20);
      if (!(c >= '0' && c <= '9') && !(low >= 'a' && low <= 'f'))
        return false;
      code = code * 16 + uint32_t(c <= '9' ? c - '0' : low - 'a' + 10);
    }
    return true;
  }

  bool escape() {
    if (at == end)
      return false;
    static const char kFrom[] = "\"\\/bfnrt", kTo[] = "\"\\/\b\f\n\r\t";
    char c = *at++;
    if (c != 'u') {
      const char *found = c ? strchr(kFrom, c) : nullptr;
      return found && machine.append(kTo + (found - kFrom), 1, kInput);
    }
    uint32_t code, low;
    if (!hex(code))
      return false;
    const char *after = at;
    if (code >= 0xD800 && code < 0xDC00 && word("\\u") && hex(low) &&
        low >= 0xDC00 && low < 0xE000)
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    else
      at = after;
    if (code >= 0xD800 && code < 0xE000)
      code = 0xFFFD; // half of a pair is no character
    return machine.appendChar(code, kInput);
  }

  Machine &machine;
  const char *at, *end;
  const char *what;
};

void appendEscape(Machine &machine, uint32_t unit) {
  char escape[6] = {'\\', 'u'};
  for (int i = 0; i < 4; ++i)
    escape[2 + i] = "0123456789abcdef"[unit >> (12 - 4 * i) & 15];
  machine.append(escape, 6);
}

void appendString(Machine &machine, Value s, bool ascii) {
  machine.append("\"");
  for (uint32_t at = 0; at < s.size && !machine.failed();) {
    uint32_t run = at;
    while (run < s.size && uint8_t(s.text[run]) >= 0x20 && s.text[run] != '"' &&
           s.text[run] != '\\' && !(ascii && uint8_t(s.text[run]) >= 0x7F))
      ++run;
    machine.append(s.slice(at, run));
    at = run;
    if (at == s.size)
      break;
    static const char kFrom[] = "\"\\\b\f\n\r\t", kTo[] = "\"\\bfnrt";
    Char c =
        decodeUtf8(reinterpret_cast<const uint8_t *>(s.text) + at, s.size - at);
    at += c.size;
    const char *found = c.code && c.code < 0x80
                            ? strchr(kFrom, static_cast<int>(c.code))
                            : nullptr;
    if (found) {
      machine.append("\\");
      machine.append(kTo + (found - kFrom), 1);
    } else if (c.code >= kInvalidByte) {
      appendEscape(machine, 0xFFFD);
    } else if (c.code > 0xFFFF) {
      appendEscape(machine, 0xD800 + ((c.code - 0x10000) >> 10));
      appendEscape(machine, 0xDC00 + (c.code & 0x3FF));
    } else {
      appendEscape(machine, c.code);
    }
  }
  machine.append("\"");
}

void newLine(Machine &machine, const Machine::JsonStyle &style,
             uint32_t level) {
  if (!style.pretty)
    return;
  machine.append("\n");
  for (uint32_t i = 0; i < level && !machine.failed(); ++i)
    machine.append(style.indent);
}

void appendKey(Machine &machine, Value key, const Machine::JsonStyle &style) {
  if (key.isString())
    return appendString(machine, key, style.ascii);
  if (!key.isNumber() && !key.isNone())
    return machine.fail(RenderStatus::Failed, "a key of type ",
                        Value::string(Machine::typeName(key)),
                        " has no form in JSON");
  machine.append("\"");
  machine.appendJson(key, style);
  machine.append("\"");
}

} // namespace

void Machine::appendJson(Value v, const JsonStyle &style, uint32_t level) {
  Nested nested(*this);
  if (!step())
    return;
  uint32_t count = v.isList() ? v.list->size : v.isDict() ? v.dict->size : 0;
  if (v.isString())
    return appendString(*this, v, style.ascii);
  if (v.isNone() || v.is(Kind::Bool)) {
    append(v.isNone() ? "null" : v.integer ? "true" : "false");
  } else if (v.is(Kind::Float) && v.real - v.real != 0) {
    append(v.real != v.real ? "NaN" : v.real < 0 ? "-Infinity" : "Infinity");
  } else if (v.isNumber()) {
    appendRepr(v);
  } else if (v.isDict()) {
    const Pair *pairs = v.dict->pairs;
    if (style.sortKeys)
      pairs = sorted(pairs, count, false);
    append("{");
    for (uint32_t i = 0; i < count && !failed(); ++i) {
      append(i ? style.itemSeparator : Value::string(""));
      newLine(*this, style, level + 1);
      appendKey(*this, pairs[i].key, style);
      append(style.keySeparator);
      appendJson(pairs[i].value, style, level + 1);
    }
    if (count)
      newLine(*this, style, level);
    append("}");
  } else if (v.isList() && !v.isGenerator()) {
    append("[");
    for (uint32_t i = 0; i < count && !failed(); ++i) {
      append(i ? style.itemSeparator : Value::string(""));
      newLine(*this, style, level + 1);
      appendJson(v.list->items[i], style, level + 1);
    }
    if (count)
      newLine(*this, style, level);
    append("]");
  } else {
    fail(RenderStatus::Failed, "a value of type ", Value::string(typeName(v)),
         " has no form in JSON");
  }
}

Value Machine::parseJson(const char *json, size_t size, const char *what) {
  return JsonReader(*this, json, size, what).document();
}
