//===- Parser.h - A template as a tree -----------------------------------===//
//
// One kind of node for everything; what a, b, ... are stands with each
// NodeKind. Chains of operators and of postfixes are lists, so that the tree is
// only as deep as the template is nested, which is bounded.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_JINJA_PARSER_H
#define SINTER_RUNTIME_TEXT_JINJA_PARSER_H

#include "runtime/text/jinja/Lexer.h"

namespace sinter {
namespace text {
namespace jinja {

enum class NodeKind : uint8_t {
  // Expressions
  Literal,    // value
  Name,       // value
  Items,      // a: expressions; detail: ListKind
  Pairs,      // a: key, value, key, value, ...
  And,        // a: two expressions or more
  Or,         // likewise
  Compare,    // a: an expression, then Operands
  Arithmetic, // likewise
  Concat,     // a: two expressions or more
  Operand,    // a: expression; detail: Operation
  Not,        // a
  Negate,     // a
  Positive,   // a
  Choice,     // a: condition, b: then, c: else or null
  Postfix,    // a: expression, b: the following, applied from left to right
  Attribute,  // value: name
  Item,       // a: index
  Slice,      // a, b, c: begin, end and step or null
  Call,       // a: Arguments; b: the CallBlock it belongs to or null
  Filter,     // value: name, a: Arguments
  Test,       // value: name, a: Arguments; detail: 1 if negated
  Argument,   // a: expression; value: name of a keyword; detail: ArgumentKind
  // Statements
  Text,        // value
  Print,       // a
  If,          // a: Branches
  Branch,      // a: condition or null, b: body
  For,         // a: target, b: sequence, c: body, d: condition, e: else body
  Set,         // a: target, b: expression
  SetBlock,    // a: target, b: Filters or null, c: body
  Member,      // target: value: namespace, a: Literal, the member
  Macro,       // value: name, a: Parameters, c: body; detail: MacroUses
  CallBlock,   // a: Parameters, b: Postfix that ends in a Call, c: body
  Parameter,   // value: name, a: default or null
  FilterBlock, // b: Filters, c: body
  With,        // a: Sets, c: body
  Break,
  Continue,
};

enum class Operation : uint8_t {
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  In,
  NotIn,
  Add,
  Subtract,
  Multiply,
  Divide,
  FloorDivide,
  Remainder,
  Power
};

enum ArgumentKind : uint8_t { kPositional, kKeyword, kStar, kStarStar };

/// Names a macro's body mentions.
enum MacroUses : uint8_t { kUsesVarargs = 1, kUsesKwargs = 2 };

struct Node {
  NodeKind kind;
  uint8_t detail = 0;
  uint32_t line = 0;
  Node *next = nullptr; // in a list
  Node *a = nullptr, *b = nullptr, *c = nullptr, *d = nullptr, *e = nullptr;
  Value value;
};

/// The statements of a template; null if there are none or after a failure.
Node *parseTemplate(Machine &machine, const Buffer<Token> &tokens);

} // namespace jinja
} // namespace text
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_JINJA_PARSER_H
