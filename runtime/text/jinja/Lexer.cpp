//===- Lexer.cpp - See Lexer.h -------------------------------------------===//
//
// After jinja2/lexer.py: what its regular expressions match, in their order.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Lexer.h"
#include "runtime/text/Unicode.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (c & 0x80);
}
bool isHexDigit(char c) {
  return isDigit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

class Lexer {
public:
  Lexer(Machine &machine, const char *source, size_t size,
        Buffer<Token> &tokens)
      : machine(machine), source(source), size(size), tokens(tokens) {}

  void run() {
    machine.line = 1;
    while (at < size && !machine.failed()) {
      machine.step();
      size_t open = findTag(at);
      char sort = open < size ? source[open + 1] : 0;
      if (sort == '#') {
        data(at, open, open + 2);
        comment(open);
      } else if (sort && isRaw(open)) {
        raw(open);
      } else if (sort) {
        tag(open, sort == '{');
      } else {
        data(at, size, size);
        at = size;
      }
    }
    push(TokenKind::End, size, size);
  }

private:
  void fail(const char *why) { machine.fail(RenderStatus::BadTemplate, why); }

  void push(TokenKind kind, size_t begin, size_t end) {
    if (!tokens.push({kind, machine.line, source + begin,
                      static_cast<uint32_t>(end - begin)}))
      machine.fail(RenderStatus::OutOfMemory, "no memory left");
  }

  void countLines(size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i)
      machine.line += source[i] == '\n';
  }

  /// The next "{{", "{%" or "{#"; size if there is none.
  size_t findTag(size_t from) const {
    while (from + 1 < size) {
      auto *found = static_cast<const char *>(
          memchr(source + from, '{', size - 1 - from));
      if (!found)
        break;
      if (found[1] == '{' || found[1] == '%' || found[1] == '#')
        return size_t(found - source);
      from = size_t(found - source) + 1;
    }
    return size;
  }

  /// The text before a tag; source[sign] may be the tag's "-" or "+".
  void data(size_t begin, size_t end, size_t sign) {
    size_t kept = end;
    char mark = sign < size ? source[sign] : 0;
    if (mark == '-') {
      kept = end - spaceAtEnd(source + begin, end - begin);
    } else if (mark != '+' && end < size && source[end + 1] != '{') {
      size_t lineBegin = end;
      while (lineBegin > begin && source[lineBegin - 1] != '\n')
        --lineBegin;
      if ((lineBegin > begin || lineStarting) &&
          spaceAtStart(source + lineBegin, end - lineBegin) == end - lineBegin)
        kept = lineBegin;
    }
    if (kept > begin)
      push(TokenKind::Data, begin, kept);
    countLines(begin, end);
  }

  /// After the closing "}" of a tag, before which stood `mark`.
  void closeTag(char mark, bool isBlock) {
    size_t begin = at;
    if (mark == '-')
      at += spaceAtStart(source + at, size - at);
    else if (isBlock && mark != '+' && at < size && source[at] == '\n')
      ++at;
    lineStarting = at > begin && source[at - 1] == '\n';
    countLines(begin, at);
  }

  bool hasSign(size_t i) const {
    return i < size && (source[i] == '-' || source[i] == '+');
  }

  void comment(size_t open) {
    size_t begin = open + 2 + hasSign(open + 2), i = begin;
    while (i + 1 < size && !(source[i] == '#' && source[i + 1] == '}'))
      ++i;
    if (i + 1 >= size)
      return fail("a comment without an end");
    countLines(open, i);
    at = i + 2;
    bool sign = i > begin && hasSign(i - 1);
    closeTag(sign ? source[i - 1] : ' ', true);
  }

  /// The end of `{%- word -%}` beginning at `open`, or 0 if this is no such
  /// tag. `plus`: "+" is allowed before the end.
  size_t wordTag(size_t open, const char *word, bool plus) const {
    size_t i = open + 2, length = strlen(word);
    i += hasSign(i);
    i += spaceAtStart(source + i, size - i);
    if (size - i < length || memcmp(source + i, word, length))
      return 0;
    i += length;
    i += spaceAtStart(source + i, size - i);
    i += hasSign(i) && (source[i] == '-' || plus);
    return size - i >= 2 && source[i] == '%' && source[i + 1] == '}' ? i + 2
                                                                     : 0;
  }
  bool isRaw(size_t open) const {
    return source[open + 1] == '%' && wordTag(open, "raw", false);
  }

  void raw(size_t open) {
    data(at, open, open + 2);
    size_t begin = wordTag(open, "raw", false);
    countLines(open, begin);
    if (source[begin - 3] == '-')
      begin += spaceAtStart(source + begin, size - begin);
    lineStarting = source[begin - 1] == '\n';
    for (size_t i = begin; i + 1 < size; ++i) {
      if (source[i] != '{' || source[i + 1] != '%')
        continue;
      size_t end = wordTag(i, "endraw", true);
      if (!end)
        continue;
      data(begin, i, i + 2);
      countLines(i, end);
      at = end;
      return closeTag(source[end - 3], true);
    }
    fail("a raw block without an end");
  }

  void tag(size_t open, bool isVariable) {
    data(at, open, open + 2);
    push(isVariable ? TokenKind::VariableBegin : TokenKind::BlockBegin, open,
         open + 2);
    at = open + 2;
    at += hasSign(at);
    char closer = isVariable ? '}' : '%';
    brackets = 0;
    while (!machine.failed()) {
      size_t space = spaceAtStart(source + at, size - at);
      countLines(at, at + space);
      at += space;
      if (at == size)
        return fail("a tag without an end");
      machine.step();
      bool sign = source[at] == '-' || (source[at] == '+' && !isVariable);
      size_t end = at + sign;
      if (brackets == 0 && size - end >= 2 && source[end] == closer &&
          source[end + 1] == '}') {
        push(isVariable ? TokenKind::VariableEnd : TokenKind::BlockEnd, at,
             end + 2);
        char mark = sign ? source[at] : ' ';
        at = end + 2;
        return closeTag(mark, !isVariable);
      }
      token();
    }
  }

  void token() {
    size_t begin = at;
    char c = source[at];
    if (c == '"' || c == '\'')
      return quoted(c);
    if (isDigit(c)) {
      number();
      return push(TokenKind::Number, begin, at);
    }
    if (isNameStart(c)) {
      while (at < size && (isNameStart(source[at]) || isDigit(source[at])))
        ++at;
      return push(TokenKind::Name, begin, at);
    }
    static const char kTwo[] = "//**==!=>=<=", kOne[] = "+-/*%~[](){}><=.:|,;";
    ++at;
    for (const char *two = kTwo; *two; two += 2)
      if (at < size && c == two[0] && source[at] == two[1]) {
        ++at;
        return push(TokenKind::Operator, begin, at);
      }
    if (!c || !strchr(kOne, c))
      return machine.fail(RenderStatus::BadTemplate, "unexpected character '",
                          Value::string(source + begin, 1, kTemplate), "'");
    if (c == '(' || c == '[' || c == '{')
      nest(c == '(' ? ')' : c == '[' ? ']' : '}');
    else if (c == ')' || c == ']' || c == '}')
      unnest(c);
    push(TokenKind::Operator, begin, at);
  }

  void nest(char closer) {
    if (brackets == sizeof(closers))
      return machine.fail(RenderStatus::LimitReached, "nested too deeply");
    closers[brackets++] = closer;
  }
  void unnest(char closer) {
    if (brackets == 0 || closers[--brackets] != closer)
      machine.fail(RenderStatus::BadTemplate, "unexpected '",
                   Value::string(&closer, 1, kTemplate), "'");
  }

  void quoted(char quote) {
    size_t begin = ++at;
    while (at < size && source[at] != quote)
      at += source[at] == '\\' && at + 1 < size ? 2 : 1;
    if (at >= size)
      return fail("a string without an end");
    push(TokenKind::String, begin, at);
    countLines(begin, at);
    ++at;
  }

  void digits(bool (*isOne)(char)) {
    while (at < size &&
           (isOne(source[at]) ||
            (source[at] == '_' && at + 1 < size && isOne(source[at + 1]))))
      ++at;
  }

  void number() {
    // After a "." (list.0.1) this is an index, not the start of a fraction.
    bool index = at > 0 && source[at - 1] == '.';
    char base =
        at + 1 < size && source[at] == '0' ? char(source[at + 1] | 0x20) : ' ';
    if (!index && (base == 'x' || base == 'o' || base == 'b')) {
      at += 2;
      return digits(isHexDigit);
    }
    digits(isDigit);
    if (index)
      return;
    if (at + 1 < size && source[at] == '.' && isDigit(source[at + 1])) {
      ++at;
      digits(isDigit);
    }
    if (at < size && (source[at] | 0x20) == 'e') {
      size_t sign = hasSign(at + 1);
      if (at + 1 + sign < size && isDigit(source[at + 1 + sign])) {
        at += 1 + sign;
        digits(isDigit);
      }
    }
  }

  Machine &machine;
  const char *source;
  size_t size;
  Buffer<Token> &tokens;
  size_t at = 0;
  bool lineStarting = true;
  char closers[64];
  uint32_t brackets = 0;
};

} // namespace

void jinja::tokenize(Machine &machine, const char *source, size_t size,
                     Buffer<Token> &tokens) {
  // One line feed at the end is not rendered.
  if (size && source[size - 1] == '\n')
    --size;
  Lexer(machine, source, size, tokens).run();
}
