// Json.cpp: the checker (recursive, depth-limited) and the walkers, which trust
// what the checker saw. No locale, no strtod: numbers are read as digits and a
// power of ten, exact for integers, within a few units in the last place
// otherwise.
#include "runtime/core/Json.h"

#include <cstring>

namespace sinter::rt {

namespace {

constexpr int kMaxDepth = 32;

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

int hexDigit(char c) {
  if (isDigit(c))
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

const char *skipSpace(const char *p, const char *limit) {
  while (p < limit && isSpace(*p))
    ++p;
  return p;
}

/// Length of the UTF-8 sequence at p, 0 if it is not one.
size_t utf8Length(const char *text, const char *limit) {
  const auto *p = reinterpret_cast<const uint8_t *>(text);
  auto left = static_cast<size_t>(limit - text);
  if (p[0] < 0x80)
    return 1;
  size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
  if (p[0] < 0xc2 || p[0] > 0xf4 || left < length)
    return 0;
  for (size_t i = 1; i < length; ++i)
    if ((p[i] & 0xc0) != 0x80)
      return 0;
  bool bad = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
             (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f);
  return bad ? 0 : length;
}

/// The four hex digits at p, or -1.
int32_t hex4(const char *p, const char *limit) {
  if (limit - p < 4)
    return -1;
  int32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    int digit = hexDigit(p[i]);
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

class Checker {
public:
  Checker(const char *text, const char *limit) : p_(text), limit_(limit) {}
  const char *what = nullptr;
  const char *position() const { return p_; }

  bool document() {
    p_ = skipSpace(p_, limit_);
    if (!value(0))
      return false;
    p_ = skipSpace(p_, limit_);
    return p_ == limit_ || fail("text after the end of the value");
  }

private:
  bool fail(const char *reason) {
    what = reason;
    return false;
  }
  bool peek(char c) const { return p_ < limit_ && *p_ == c; }

  bool value(int depth) {
    if (depth > kMaxDepth)
      return fail("nested too deeply");
    if (p_ == limit_)
      return fail("the text ends where a value is expected");
    switch (*p_) {
    case '{':
      return container(depth, '}', true);
    case '[':
      return container(depth, ']', false);
    case '"':
      return string();
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    default:
      return number();
    }
  }

  bool container(int depth, char close, bool named) {
    p_ = skipSpace(p_ + 1, limit_);
    if (peek(close)) {
      ++p_;
      return true;
    }
    for (;;) {
      if (named) {
        if (!peek('"'))
          return fail("a member name is expected");
        if (!string())
          return false;
        p_ = skipSpace(p_, limit_);
        if (!peek(':'))
          return fail("':' is expected");
        p_ = skipSpace(p_ + 1, limit_);
      }
      if (!value(depth + 1))
        return false;
      p_ = skipSpace(p_, limit_);
      if (peek(close)) {
        ++p_;
        return true;
      }
      if (!peek(','))
        return fail("',' or the end of the list is expected");
      p_ = skipSpace(p_ + 1, limit_);
    }
  }

  bool string() {
    for (++p_; p_ < limit_ && *p_ != '"';) {
      if (static_cast<uint8_t>(*p_) < 0x20)
        return fail("a control character in a string");
      if (*p_ == '\\') {
        if (!escape())
          return false;
        continue;
      }
      size_t length = utf8Length(p_, limit_);
      if (!length)
        return fail("bytes that are not UTF-8");
      p_ += length;
    }
    if (p_ == limit_)
      return fail("a string without end");
    ++p_;
    return true;
  }

  bool escape() {
    if (limit_ - p_ < 2)
      return fail("a string without end");
    char c = p_[1];
    if (c != 'u') {
      if (!c || !strchr("\"\\/bfnrt", c))
        return fail("an unknown escape");
      p_ += 2;
      return true;
    }
    int32_t unit = hex4(p_ + 2, limit_);
    if (unit < 0)
      return fail("four hex digits are expected");
    p_ += 6;
    if (unit < 0xd800 || unit > 0xdfff)
      return true;
    bool pair =
        unit < 0xdc00 && limit_ - p_ >= 6 && p_[0] == '\\' && p_[1] == 'u';
    int32_t low = pair ? hex4(p_ + 2, limit_) : -1;
    if (low < 0xdc00 || low > 0xdfff)
      return fail("half of a surrogate pair");
    p_ += 6;
    return true;
  }

  bool word(const char *text) {
    size_t length = strlen(text);
    if (static_cast<size_t>(limit_ - p_) < length || memcmp(p_, text, length))
      return fail("an unknown word");
    p_ += length;
    return true;
  }

  bool digits() {
    const char *start = p_;
    while (p_ < limit_ && isDigit(*p_))
      ++p_;
    return p_ != start || fail("a digit is expected");
  }

  bool number() {
    if (peek('-'))
      ++p_;
    if (peek('0'))
      ++p_;
    else if (!digits())
      return false;
    if (peek('.')) {
      ++p_;
      if (!digits())
        return false;
    }
    if (peek('e') || peek('E')) {
      ++p_;
      if (peek('+') || peek('-'))
        ++p_;
      if (!digits())
        return false;
    }
    return true;
  }

  const char *p_;
  const char *limit_;
};

/// The end of the string that begins at p (a quote) in a checked text.
const char *skipString(const char *p) {
  for (++p; *p != '"'; ++p)
    if (*p == '\\')
      ++p;
  return p + 1;
}

/// The end of the value at p in a checked text.
const char *skipValue(const char *p, const char *limit) {
  int depth = 0;
  while (p < limit) {
    char c = *p;
    if (c == '"') {
      p = skipString(p);
    } else if (c == '{' || c == '[') {
      ++depth;
      ++p;
      continue;
    } else if (c == '}' || c == ']') {
      --depth;
      ++p;
    } else if (isSpace(c) || c == ',' || c == ':') {
      ++p;
      continue;
    } else {
      while (p < limit && !isSpace(*p) && !strchr(",]}", *p))
        ++p;
    }
    if (depth == 0)
      return p;
  }
  return p;
}

char *writeUtf8(char *out, uint32_t c) {
  auto put = [&](uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 63));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 63));
    put(0x80 | (c & 63));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 63));
    put(0x80 | (c >> 6 & 63));
    put(0x80 | (c & 63));
  }
  return out;
}

} // namespace

JsonValue JsonValue::at(const char *begin, const char *limit) {
  JsonValue value;
  if (begin >= limit || *begin == ']' || *begin == '}')
    return value;
  value.begin_ = begin;
  value.end_ = skipValue(begin, limit);
  value.limit_ = limit;
  switch (*begin) {
  case '{':
    value.kind_ = Kind::Object;
    break;
  case '[':
    value.kind_ = Kind::Array;
    break;
  case '"':
    value.kind_ = Kind::String;
    break;
  case 't':
  case 'f':
    value.kind_ = Kind::Bool;
    break;
  case 'n':
    value.kind_ = Kind::Null;
    break;
  default:
    value.kind_ = Kind::Number;
  }
  return value;
}

JsonValue JsonValue::first() const {
  if (kind_ != Kind::Array)
    return {};
  return at(skipSpace(begin_ + 1, end_), end_);
}

JsonValue JsonValue::next() const {
  const char *p = skipSpace(end_, limit_);
  if (p >= limit_ || *p != ',')
    return {};
  return at(skipSpace(p + 1, limit_), limit_);
}

JsonValue JsonValue::member(const char *name) const {
  JsonValue found;
  if (kind_ != Kind::Object)
    return found;
  size_t length = strlen(name);
  const char *p = skipSpace(begin_ + 1, end_);
  while (p < end_ && *p == '"') {
    const char *key = p + 1;
    p = skipString(p);
    bool match = static_cast<size_t>(p - 1 - key) == length &&
                 !memcmp(key, name, length);
    p = skipSpace(skipSpace(p, end_) + 1, end_);
    JsonValue value = at(p, end_);
    if (match) {
      if (!found.isMissing())
        found.kind_ = Kind::Duplicate;
      else
        found = value;
    }
    p = skipSpace(value.end_, end_);
    if (p < end_ && *p == ',')
      p = skipSpace(p + 1, end_);
  }
  return found;
}

bool JsonValue::asUnsigned(uint64_t &value) const {
  if (kind_ != Kind::Number)
    return false;
  uint64_t result = 0;
  for (const char *p = begin_; p < end_; ++p)
    if (!isDigit(*p) || __builtin_mul_overflow(result, 10u, &result) ||
        __builtin_add_overflow(result, static_cast<uint64_t>(*p - '0'),
                               &result))
      return false;
  value = result;
  return true;
}

bool JsonValue::asNumber(double &value) const {
  if (kind_ != Kind::Number)
    return false;
  const char *p = begin_;
  bool negative = *p == '-';
  p += negative;
  double mantissa = 0;
  int exponent = 0;
  for (; p < end_ && isDigit(*p); ++p)
    mantissa = mantissa * 10 + (*p - '0');
  if (p < end_ && *p == '.')
    for (++p; p < end_ && isDigit(*p); ++p) {
      if (exponent < -30)
        continue; // beyond a double's digits
      mantissa = mantissa * 10 + (*p - '0');
      --exponent;
    }
  if (p < end_) {
    ++p;
    bool down = *p == '-';
    p += *p == '-' || *p == '+';
    int written = 0;
    for (; p < end_; ++p)
      written = written < 1000 ? written * 10 + (*p - '0') : written;
    exponent += down ? -written : written;
  }
  double power = 1;
  for (int i = exponent < 0 ? -exponent : exponent; i > 0 && power < 1e300; --i)
    power *= 10;
  value = exponent < 0 ? mantissa / power : mantissa * power;
  if (negative)
    value = -value;
  return true;
}

bool JsonValue::asString(char *out, size_t &length) const {
  if (kind_ != Kind::String)
    return false;
  char *start = out;
  for (const char *p = begin_ + 1; *p != '"';) {
    if (*p != '\\') {
      *out++ = *p++;
      continue;
    }
    char c = p[1];
    p += 2;
    if (c != 'u') {
      constexpr char names[] = "bfnrt", meanings[] = "\b\f\n\r\t";
      const char *found = strchr(names, c);
      *out++ = found ? meanings[found - names] : c;
      continue;
    }
    auto unit = static_cast<uint32_t>(hex4(p, p + 4));
    p += 4;
    if (unit >= 0xd800 && unit <= 0xdfff) {
      auto low = static_cast<uint32_t>(hex4(p + 2, p + 6));
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
      p += 6;
    }
    if (!unit)
      return false;
    out = writeUtf8(out, unit);
  }
  *out = 0;
  length = static_cast<size_t>(out - start);
  return true;
}

bool jsonCheck(const char *text, size_t bytes, JsonValue &root, size_t &offset,
               const char *&what) {
  Checker checker(text, text + bytes);
  if (!checker.document()) {
    offset = static_cast<size_t>(checker.position() - text);
    what = checker.what;
    return false;
  }
  root = JsonValue::at(skipSpace(text, text + bytes), text + bytes);
  return true;
}

} // namespace sinter::rt
