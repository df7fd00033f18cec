//===- JsonReader.cpp - Strict JSON, pulled token by token
//------------------===//
//
// See JsonReader.h. Source: RFC 8259.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/JsonReader.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include <charconv>
#include <cmath>

using namespace sinter;

JsonReader::JsonReader(llvm::StringRef text, llvm::StringRef path,
                       uint64_t base, unsigned maxDepth)
    : text(text), path(path.str()), base(base), maxDepth(maxDepth) {
  size_t badByte = 0;
  if (!llvm::json::isUTF8(text, &badByte))
    fail(base + badByte, "JSON is not valid UTF-8");
}

bool JsonReader::fail(uint64_t offset, const llvm::Twine &what) {
  if (message.empty())
    message = (path + ": byte " + llvm::Twine(offset) + ": " + what).str();
  return false;
}

llvm::Error JsonReader::takeError() {
  return failed() ? inputError(message) : llvm::Error::success();
}

void JsonReader::skipSpace() {
  while (position < text.size() &&
         (text[position] == ' ' || text[position] == '\n' ||
          text[position] == '\r' || text[position] == '\t'))
    ++position;
}

JsonReader::Kind JsonReader::peek() {
  skipSpace();
  if (failed() || position == text.size())
    return Kind::Invalid;
  switch (text[position]) {
  case '{':
    return Kind::Object;
  case '[':
    return Kind::Array;
  case '"':
    return Kind::String;
  case 't':
    return Kind::True;
  case 'f':
    return Kind::False;
  case 'n':
    return Kind::Null;
  default:
    return text[position] == '-' || llvm::isDigit(text[position])
               ? Kind::Number
               : Kind::Invalid;
  }
}

bool JsonReader::expect(char c, const char *what) {
  skipSpace();
  if (failed())
    return false;
  if (position == text.size())
    return fail(llvm::Twine("JSON ends where ") + what + " should be");
  if (text[position] != c)
    return fail(llvm::Twine("JSON: expected ") + what);
  ++position;
  return true;
}

bool JsonReader::enter() {
  if (++depth > maxDepth)
    return fail("JSON is nested deeper than " + llvm::Twine(maxDepth) +
                " levels");
  first = true;
  return true;
}

bool JsonReader::beginObject() {
  return expect('{', "an object ('{')") && enter();
}

bool JsonReader::beginArray() {
  return expect('[', "an array ('[')") && enter();
}

bool JsonReader::nextKey(std::string &key) {
  skipSpace();
  if (failed())
    return false;
  if (position < text.size() && text[position] == '}') {
    ++position;
    --depth;
    first = false;
    return false;
  }
  if (!first && !expect(',', "',' or '}'"))
    return false;
  first = false;
  skipSpace();
  if (position == text.size() || text[position] != '"')
    return fail("JSON: expected a key in quotes");
  return readString(key) && expect(':', "':' after a key");
}

bool JsonReader::nextElement() {
  skipSpace();
  if (failed())
    return false;
  if (position < text.size() && text[position] == ']') {
    ++position;
    --depth;
    first = false;
    return false;
  }
  if (!first && !expect(',', "',' or ']'"))
    return false;
  first = false;
  return true;
}

bool JsonReader::readHex4(unsigned &value) {
  value = 0;
  if (text.size() - position < 4)
    return fail("JSON: \\u needs four hexadecimal digits");
  for (unsigned i = 0; i < 4; ++i, ++position) {
    unsigned digit = llvm::hexDigitValue(text[position]);
    if (digit > 15)
      return fail("JSON: \\u needs four hexadecimal digits");
    value = value * 16 + digit;
  }
  return true;
}

bool JsonReader::readEscape(std::string &value) {
  if (position == text.size())
    return fail("JSON ends inside a string");
  uint64_t start = offset() - 1;
  char c = text[position++];
  static const llvm::StringLiteral kFrom("\"\\/bfnrt");
  static const llvm::StringLiteral kTo("\"\\/\b\f\n\r\t");
  size_t simple = kFrom.find(c);
  if (simple != llvm::StringRef::npos) {
    value += kTo[simple];
    return true;
  }
  if (c != 'u')
    return fail(start, "JSON: unknown escape in a string");
  unsigned code = 0, low = 0;
  if (!readHex4(code))
    return false;
  if (code >= 0xD800 && code < 0xE000) {
    bool isHigh = code < 0xDC00;
    if (!isHigh || !text.substr(position).starts_with("\\u"))
      return fail(start, "JSON: lone surrogate in a string");
    position += 2;
    if (!readHex4(low))
      return false;
    if (low < 0xDC00 || low >= 0xE000)
      return fail(start, "JSON: lone surrogate in a string");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  char buffer[UNI_MAX_UTF8_BYTES_PER_CODE_POINT];
  char *end = buffer;
  llvm::ConvertCodePointToUTF8(code, end);
  value.append(buffer, end);
  return true;
}

bool JsonReader::readString(std::string &value) {
  value.clear();
  if (!expect('"', "a string"))
    return false;
  while (true) {
    size_t run = position;
    while (run < text.size() && text[run] != '"' && text[run] != '\\' &&
           static_cast<unsigned char>(text[run]) >= 0x20)
      ++run;
    value.append(text.data() + position, run - position);
    position = run;
    if (position == text.size())
      return fail("JSON ends inside a string");
    char c = text[position];
    if (static_cast<unsigned char>(c) < 0x20)
      return fail("JSON: control character in a string");
    ++position;
    if (c == '"')
      return true;
    if (!readEscape(value))
      return false;
  }
}

bool JsonReader::readNumber(llvm::StringRef &number) {
  skipSpace();
  if (failed())
    return false;
  size_t start = position, at = position;
  auto digits = [&] {
    size_t from = at;
    while (at < text.size() && llvm::isDigit(text[at]))
      ++at;
    return at > from;
  };
  auto take = [&](llvm::StringRef any) {
    bool hit = at < text.size() && any.contains(text[at]);
    at += hit;
    return hit;
  };
  take("-");
  bool ok = take("0") || digits();
  if (ok && take("."))
    ok = digits();
  if (ok && take("eE")) {
    take("+-");
    ok = digits();
  }
  if (!ok || (at < text.size() && llvm::isAlnum(text[at])))
    return fail("JSON: malformed number");
  number = text.slice(start, at);
  position = at;
  return true;
}

bool JsonReader::readUnsigned(uint64_t &value) {
  skipSpace();
  uint64_t start = offset();
  llvm::StringRef number;
  if (!readNumber(number))
    return false;
  if (number.find_first_not_of("0123456789") != llvm::StringRef::npos)
    return fail(start, "expected a non-negative integer, found " + number);
  if (number.getAsInteger(10, value))
    return fail(start,
                "integer does not fit 64 bits: " + number.take_front(40));
  return true;
}

bool JsonReader::readLiteral(Kind kind) {
  skipSpace();
  if (failed())
    return false;
  llvm::StringRef word = kind == Kind::True    ? "true"
                         : kind == Kind::False ? "false"
                                               : "null";
  llvm::StringRef rest = text.substr(position);
  if (!rest.starts_with(word) ||
      (rest.size() > word.size() && llvm::isAlnum(rest[word.size()])))
    return fail("JSON: expected a value");
  position += word.size();
  return true;
}

bool JsonReader::skipValue() {
  std::string scratch;
  unsigned outside = depth;
  // A stack of what is open, one bit per level, replaces recursion.
  std::vector<bool> isObject;
  do {
    if (depth > outside) {
      bool more = isObject.back() ? nextKey(scratch) : nextElement();
      if (failed())
        return false;
      if (!more) {
        isObject.pop_back();
        continue;
      }
    }
    llvm::StringRef number;
    Kind kind = peek();
    switch (kind) {
    case Kind::Object:
      isObject.push_back(true);
      beginObject();
      break;
    case Kind::Array:
      isObject.push_back(false);
      beginArray();
      break;
    case Kind::String:
      readString(scratch);
      break;
    case Kind::Number:
      readNumber(number);
      break;
    case Kind::True:
    case Kind::False:
    case Kind::Null:
      readLiteral(kind);
      break;
    case Kind::Invalid:
      return fail("JSON: expected a value");
    }
  } while (!failed() && depth > outside);
  return !failed();
}

bool JsonReader::atEnd() {
  skipSpace();
  if (failed())
    return false;
  if (position != text.size())
    return fail("JSON: something follows the end of the value");
  return true;
}

static bool numberToValue(JsonReader &reader, llvm::json::Value &value) {
  uint64_t start = reader.offset();
  llvm::StringRef number;
  if (!reader.readNumber(number))
    return false;
  int64_t whole = 0;
  uint64_t large = 0;
  if (!number.getAsInteger(10, whole)) {
    value = whole;
    return true;
  }
  if (!number.getAsInteger(10, large)) {
    value = large;
    return true;
  }
  double real = 0;
  std::from_chars_result result =
      std::from_chars(number.begin(), number.end(), real);
  if (result.ec != std::errc() || !std::isfinite(real))
    return reader.fail(start,
                       "JSON: number out of range: " + number.take_front(40));
  value = real;
  return true;
}

/// Recursion is bounded by the reader's depth limit.
static bool readTree(JsonReader &reader, llvm::json::Value &value) {
  std::string scratch;
  JsonReader::Kind kind = reader.peek();
  switch (kind) {
  case JsonReader::Kind::Object: {
    llvm::json::Object object;
    reader.beginObject();
    while (!reader.failed() && reader.nextKey(scratch)) {
      uint64_t where = reader.offset();
      llvm::json::Value member = nullptr;
      auto [entry, isNew] = object.try_emplace(scratch, nullptr);
      if (!isNew)
        return reader.fail(where, "JSON: key '" + scratch + "' occurs twice");
      if (!readTree(reader, member))
        return false;
      object[scratch] = std::move(member);
    }
    value = std::move(object);
    return !reader.failed();
  }
  case JsonReader::Kind::Array: {
    llvm::json::Array array;
    reader.beginArray();
    while (!reader.failed() && reader.nextElement()) {
      llvm::json::Value element = nullptr;
      if (!readTree(reader, element))
        return false;
      array.push_back(std::move(element));
    }
    value = std::move(array);
    return !reader.failed();
  }
  case JsonReader::Kind::String:
    if (!reader.readString(scratch))
      return false;
    value = scratch;
    return true;
  case JsonReader::Kind::Number:
    return numberToValue(reader, value);
  case JsonReader::Kind::True:
  case JsonReader::Kind::False:
    value = kind == JsonReader::Kind::True;
    return reader.readLiteral(kind);
  case JsonReader::Kind::Null:
    value = nullptr;
    return reader.readLiteral(kind);
  case JsonReader::Kind::Invalid:
    break;
  }
  return reader.fail("JSON: expected a value");
}

llvm::Expected<llvm::json::Value> sinter::parseJson(llvm::StringRef text,
                                                    llvm::StringRef path,
                                                    unsigned maxDepth) {
  JsonReader reader(text, path, 0, maxDepth);
  llvm::json::Value value = nullptr;
  if (readTree(reader, value) && reader.atEnd())
    return std::move(value);
  return reader.takeError();
}
