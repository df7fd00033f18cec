//===- ExpressionParser.h - Tokens to expressions -------------------------===//
//
// The half of the parser that statements build on; see Parser.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_JINJA_EXPRESSIONPARSER_H
#define SINTER_RUNTIME_TEXT_JINJA_EXPRESSIONPARSER_H

#include "runtime/text/jinja/Parser.h"

namespace sinter {
namespace text {
namespace jinja {

/// A list of nodes under construction.
struct NodeList {
  Node *first = nullptr, *last = nullptr;
  void add(Node *node) {
    if (!node)
      return;
    (last ? last->next : first) = node;
    last = node;
  }
};

class ExpressionParser {
public:
  ExpressionParser(Machine &machine, const Buffer<Token> &tokens)
      : machine(machine), tokens(tokens) {}

protected:
  //===- Tokens -----------------------------------------------------------===//

  const Token &token() const { return tokens[at]; }
  TokenKind kind() const {
    return machine.failed() ? TokenKind::End : token().kind;
  }
  bool op(const char *name) const { return token().isOperator(name); }
  bool takeOp(const char *name);
  bool takeName(const char *name);

  void fail(const char *before, Value middle, const char *after) {
    machine.line = token().line;
    machine.fail(RenderStatus::BadTemplate, before, middle, after);
  }
  Node *unexpected();
  void expect(TokenKind wanted);
  void expectOp(const char *name) {
    if (!takeOp(name))
      unexpected();
  }
  Value name() {
    Value v = Value::string(token().text, token().size, kTemplate);
    expect(TokenKind::Name);
    return v;
  }
  /// A name of filter or test, which may have dots.
  Value dottedName();

  Node *node(NodeKind kind);
  Node *node(NodeKind kind, Node *a);
  Node *literal(Value value);

  //===- Expressions ------------------------------------------------------===//

  /// choices: whether "a if b else c" may stand here.
  Node *expression(bool choices = true);

  Node *logic(NodeKind kind, const char *word);

  Node *negation();

  bool comparison(Operation &operation);

  Node *comparison();

  Node *operand(Operation operation, Node *expression);

  /// Operators of one precedence: `names` has two characters for each.
  template <typename Next>
  Node *arithmetic(const char *names, const Operation *operations, Next next) {
    Node *first = next();
    NodeList list;
    while (!machine.failed()) {
      const char *name = names;
      size_t index = 0;
      for (; *name; name += 2, ++index) {
        char text[3] = {name[0], name[1] == ' ' ? char(0) : name[1], 0};
        if (takeOp(text))
          break;
      }
      if (!*name)
        break;
      if (!list.first)
        list.add(first);
      list.add(operand(operations[index], next()));
    }
    return list.first ? node(NodeKind::Arithmetic, list.first) : first;
  }

  Node *sum() {
    static const Operation kOperations[] = {Operation::Add,
                                            Operation::Subtract};
    return arithmetic("+ - ", kOperations, [&] { return concatenation(); });
  }

  Node *concatenation();

  Node *product();

  Node *power() {
    static const Operation kOperations[] = {Operation::Power};
    return arithmetic("**", kOperations, [&] { return unary(true); });
  }

  Node *unary(bool filters);

  Node *primary();

  Node *nameNode(Value name);

  Node *number(const Token &t);

  static bool wholeOfBase(const char *digits, size_t size, int base,
                          int64_t &n);

  /// One or more strings side by side.
  Node *stringLiteral();

  void unescape(const Token &t);

  /// Appends what an escape means; returns the bytes it takes after "\".
  uint32_t escape(const char *text, uint32_t size);

  /// Comma-separated expressions; one without a comma is itself.
  Node *tuple(bool choices = true, bool emptyAllowed = false);
  bool tupleEnds() const {
    return kind() == TokenKind::VariableEnd || kind() == TokenKind::BlockEnd ||
           kind() == TokenKind::End || op(")") ||
           (inForSequence && token().isName("recursive"));
  }

  Node *list();

  Node *dict();

  Node *postfixes(Node *operand, bool filters);

  /// Attributes, subscripts and calls.
  void subscripts(NodeList &list);

  Node *attribute();

  Node *subscript();

  Node *call();

  Node *arguments();

  /// After "|".
  Node *filter();

  /// After "is".
  Node *test();

  Machine &machine;
  const Buffer<Token> &tokens;
  size_t at = 0;
  uint8_t macroUses = 0;
  bool inForSequence = false;
};

} // namespace jinja
} // namespace text
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_JINJA_EXPRESSIONPARSER_H
