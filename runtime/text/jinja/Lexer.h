//===- Lexer.h - A template's tokens -------------------------------------===//
//
// White space is already as it will be rendered: trim_blocks and lstrip_blocks
// are on, "-" and "+" are obeyed, the last line feed is gone, comments and raw
// blocks are dealt with.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_JINJA_LEXER_H
#define SINTER_RUNTIME_TEXT_JINJA_LEXER_H

#include "runtime/text/jinja/Machine.h"

namespace sinter {
namespace text {
namespace jinja {

enum class TokenKind : uint8_t {
  Data,          // text: as written
  VariableBegin, // {{
  VariableEnd,
  BlockBegin, // {%
  BlockEnd,
  Name,
  String,   // text: between the quotes, escapes not yet read
  Number,   // text: as written
  Operator, // text: one or two characters
  End
};

struct Token {
  TokenKind kind;
  uint32_t line;
  const char *text;
  uint32_t size;

  bool is(const char *name) const {
    return size == strlen(name) && !memcmp(text, name, size);
  }
  bool isName(const char *name) const {
    return kind == TokenKind::Name && is(name);
  }
  bool isOperator(const char *name) const {
    return kind == TokenKind::Operator && is(name);
  }
};

/// Cuts `source` into tokens, the last of which is End. Tokens point into
/// `source`. Failures go to the machine.
void tokenize(Machine &machine, const char *source, size_t size,
              Buffer<Token> &tokens);

} // namespace jinja
} // namespace text
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_JINJA_LEXER_H
