//===- ExpressionParser.cpp - Tokens to expressions ----------------------===//
//
// After jinja2/parser.py, precedences included: "~" binds tighter than "+",
// filters tighter than a sign. Words are keywords only where one is expected.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/ExpressionParser.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

bool ExpressionParser::takeOp(const char *name) {
  if (!op(name))
    return false;
  ++at;
  return true;
}

bool ExpressionParser::takeName(const char *name) {
  if (!token().isName(name))
    return false;
  ++at;
  return true;
}

Node *ExpressionParser::unexpected() {
  if (kind() == TokenKind::End)
    fail("unexpected end of the template", Value(), "");
  else
    fail("unexpected '", Value::string(token().text, token().size, kTemplate),
         "'");
  return nullptr;
}

void ExpressionParser::expect(TokenKind wanted) {
  if (kind() == wanted)
    ++at;
  else
    unexpected();
}

Value ExpressionParser::dottedName() {
  Value v = name();
  while (takeOp(".")) {
    Value more = name();
    v.size = static_cast<uint32_t>(more.text + more.size - v.text);
  }
  return v;
}

Node *ExpressionParser::node(NodeKind kind) {
  Node *made = machine.make<Node>();
  if (made) {
    made->kind = kind;
    made->line = token().line;
  }
  return made;
}

Node *ExpressionParser::node(NodeKind kind, Node *a) {
  Node *made = node(kind);
  if (made)
    made->a = a;
  return made;
}

Node *ExpressionParser::literal(Value value) {
  Node *made = node(NodeKind::Literal);
  if (made)
    made->value = value;
  return made;
}

Node *ExpressionParser::expression(bool choices) {
  Nested nested(machine);
  if (!machine.step())
    return nullptr;
  Node *result = logic(NodeKind::Or, "or");
  while (choices && takeName("if")) {
    Node *choice = node(NodeKind::Choice);
    if (!choice)
      return nullptr;
    choice->b = result;
    choice->a = logic(NodeKind::Or, "or");
    if (takeName("else"))
      choice->c = expression();
    result = choice;
  }
  return result;
}

Node *ExpressionParser::logic(NodeKind kind, const char *word) {
  auto operand = [&] {
    return kind == NodeKind::Or ? logic(NodeKind::And, "and") : negation();
  };
  Node *first = operand();
  if (!token().isName(word))
    return first;
  NodeList list;
  list.add(first);
  while (takeName(word))
    list.add(operand());
  return node(kind, list.first);
}

Node *ExpressionParser::negation() {
  uint32_t count = 0;
  while (takeName("not"))
    ++count;
  Node *result = comparison();
  // Two make a Bool of what it is; more are the same as one or two.
  for (uint32_t i = count ? 2 - count % 2 : 0; i > 0; --i)
    result = node(NodeKind::Not, result);
  return result;
}

bool ExpressionParser::comparison(Operation &operation) {
  static const char *const kNames[] = {"==", "!=", "<", "<=", ">", ">="};
  for (uint8_t i = 0; i < 6; ++i)
    if (takeOp(kNames[i])) {
      operation = Operation(i);
      return true;
    }
  operation = Operation::In;
  if (takeName("in"))
    return true;
  operation = Operation::NotIn;
  if (!token().isName("not") || !tokens[at + 1].isName("in"))
    return false;
  at += 2;
  return true;
}

Node *ExpressionParser::comparison() {
  Node *first = sum();
  Operation operation;
  if (!comparison(operation))
    return first;
  NodeList list;
  list.add(first);
  do
    list.add(operand(operation, sum()));
  while (comparison(operation));
  return node(NodeKind::Compare, list.first);
}

Node *ExpressionParser::operand(Operation operation, Node *expression) {
  Node *made = node(NodeKind::Operand, expression);
  if (made)
    made->detail = uint8_t(operation);
  return made;
}

Node *ExpressionParser::concatenation() {
  Node *first = product();
  if (!op("~"))
    return first;
  NodeList list;
  list.add(first);
  while (takeOp("~"))
    list.add(product());
  return node(NodeKind::Concat, list.first);
}

Node *ExpressionParser::product() {
  static const Operation kOperations[] = {
      Operation::Multiply, Operation::Divide, Operation::FloorDivide,
      Operation::Remainder};
  return arithmetic("* / //% ", kOperations, [&] { return power(); });
}

Node *ExpressionParser::unary(bool filters) {
  Nested nested(machine);
  if (machine.failed())
    return nullptr;
  Node *result;
  if (takeOp("-"))
    result = node(NodeKind::Negate, unary(false));
  else if (takeOp("+"))
    result = node(NodeKind::Positive, unary(false));
  else
    result = primary();
  return postfixes(result, filters);
}

Node *ExpressionParser::primary() {
  const Token &t = token();
  switch (kind()) {
  case TokenKind::Name:
    ++at;
    if (t.is("true") || t.is("True") || t.is("false") || t.is("False"))
      return literal(Value::boolean((t.text[0] | 0x20) == 't'));
    if (t.is("none") || t.is("None"))
      return literal(Value::none());
    return nameNode(Value::string(t.text, t.size, kTemplate));
  case TokenKind::String:
    return stringLiteral();
  case TokenKind::Number:
    ++at;
    return number(t);
  default:
    break;
  }
  if (takeOp("(")) {
    Node *inner = tuple(true, true);
    expectOp(")");
    return inner;
  }
  if (takeOp("["))
    return list();
  if (takeOp("{"))
    return dict();
  return unexpected();
}

Node *ExpressionParser::nameNode(Value name) {
  Node *made = node(NodeKind::Name);
  if (made)
    made->value = name;
  macroUses |= name.equals("varargs") ? kUsesVarargs : 0;
  macroUses |= name.equals("kwargs") ? kUsesKwargs : 0;
  return made;
}

Node *ExpressionParser::number(const Token &t) {
  char digits[64];
  size_t size = 0;
  for (uint32_t i = 0; i < t.size && size < sizeof(digits); ++i)
    if (t.text[i] != '_')
      digits[size++] = t.text[i];
  int64_t whole = 0;
  double real = 0;
  char base = size > 2 && digits[0] == '0' ? char(digits[1] | 0x20) : ' ';
  if (base == 'x' || base == 'o' || base == 'b') {
    if (wholeOfBase(digits + 2, size - 2,
                    base == 'x'   ? 16
                    : base == 'o' ? 8
                                  : 2,
                    whole))
      return literal(Value::whole(whole));
  } else if (size < sizeof(digits)) {
    if (parseWhole(digits, size, whole))
      return literal(Value::whole(whole));
    bool isReal = memchr(digits, '.', size) || memchr(digits, 'e', size) ||
                  memchr(digits, 'E', size);
    if (isReal && parseDouble(digits, size, real))
      return literal(Value::floating(real));
  }
  --at;
  fail("the number '", Value::string(t.text, t.size, kTemplate),
       "' cannot be represented");
  return nullptr;
}

bool ExpressionParser::wholeOfBase(const char *digits, size_t size, int base,
                                   int64_t &n) {
  n = 0;
  for (size_t i = 0; i < size; ++i) {
    int digit =
        digits[i] <= '9' ? digits[i] - '0' : (digits[i] | 0x20) - 'a' + 10;
    if (digit >= base || __builtin_mul_overflow(n, base, &n) ||
        __builtin_add_overflow(n, digit, &n))
      return false;
  }
  return size > 0;
}

Node *ExpressionParser::stringLiteral() {
  Token first = token();
  ++at;
  bool plain = !first.size || !memchr(first.text, '\\', first.size);
  if (plain && kind() != TokenKind::String)
    return literal(Value::string(first.text, first.size, kTemplate));
  size_t begin = machine.open();
  unescape(first);
  for (; kind() == TokenKind::String; ++at)
    unescape(token());
  return literal(machine.close(begin));
}

void ExpressionParser::unescape(const Token &t) {
  for (uint32_t i = 0; i < t.size && !machine.failed();) {
    uint32_t run = i;
    while (run < t.size && t.text[run] != '\\')
      ++run;
    machine.append(t.text + i, run - i);
    if (run == t.size)
      return;
    i = run + 1 + escape(t.text + run + 1, t.size - run - 1);
  }
}

uint32_t ExpressionParser::escape(const char *text, uint32_t size) {
  static const char kFrom[] = "\\'\"abfnrtv", kTo[] = "\\'\"\a\b\f\n\r\t\v";
  char c = size ? text[0] : 0;
  if (c == '\n')
    return 1;
  if (const char *found = c ? strchr(kFrom, c) : nullptr) {
    machine.append(kTo + (found - kFrom), 1);
    return 1;
  }
  uint32_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  uint32_t begin = digits ? 1 : 0, base = digits ? 16 : 8, code = 0, i = begin;
  if (!digits && c >= '0' && c <= '7')
    digits = 3;
  for (; i < begin + digits && i < size; ++i) {
    char d = text[i], low = char(d | 0x20);
    uint32_t value = d >= '0' && d <= '9'       ? uint32_t(d - '0')
                     : low >= 'a' && low <= 'f' ? uint32_t(low - 'a' + 10)
                                                : 99;
    if (value >= base)
      break;
    code = code * base + value;
  }
  if (digits && (base == 8 ? i > 0 : i == begin + digits) && code < 0x110000 &&
      (code < 0xD800 || code > 0xDFFF)) {
    machine.appendChar(code);
    return i;
  }
  if (digits)
    fail("a string has a wrong escape '\\", Value::string(text, 1, kTemplate),
         "'");
  machine.append("\\"); // no escape: the character stays
  return 0;
}

Node *ExpressionParser::tuple(bool choices, bool emptyAllowed) {
  NodeList list;
  bool isTuple = false;
  while (!machine.failed() && !tupleEnds()) {
    list.add(expression(choices));
    if (!takeOp(","))
      break;
    isTuple = true;
  }
  if (!isTuple && list.first)
    return list.first;
  if (!isTuple && !emptyAllowed)
    return unexpected();
  Node *made = node(NodeKind::Items, list.first);
  if (made)
    made->detail = kTuple;
  return made;
}

Node *ExpressionParser::list() {
  NodeList list;
  while (!machine.failed() && !op("]")) {
    list.add(expression());
    if (!takeOp(","))
      break;
  }
  expectOp("]");
  return node(NodeKind::Items, list.first);
}

Node *ExpressionParser::dict() {
  NodeList list;
  while (!machine.failed() && !op("}")) {
    list.add(expression());
    expectOp(":");
    list.add(expression());
    if (!takeOp(","))
      break;
  }
  expectOp("}");
  return node(NodeKind::Pairs, list.first);
}

Node *ExpressionParser::postfixes(Node *operand, bool filters) {
  NodeList list;
  subscripts(list);
  while (filters && !machine.failed()) {
    if (takeOp("|"))
      list.add(filter());
    else if (takeName("is"))
      list.add(test());
    else if (op("("))
      list.add(call());
    else
      break;
  }
  if (!list.first)
    return operand;
  Node *made = node(NodeKind::Postfix, operand);
  if (made)
    made->b = list.first;
  return made;
}

void ExpressionParser::subscripts(NodeList &list) {
  while (!machine.failed()) {
    if (takeOp("."))
      list.add(attribute());
    else if (takeOp("["))
      list.add(subscript());
    else if (op("("))
      list.add(call());
    else
      break;
  }
}

Node *ExpressionParser::attribute() {
  const Token &t = token();
  if (kind() == TokenKind::Number) {
    ++at;
    return node(NodeKind::Item, number(t));
  }
  Node *made = node(NodeKind::Attribute);
  if (made)
    made->value = name();
  return made;
}

Node *ExpressionParser::subscript() {
  Node *slice = node(NodeKind::Slice);
  if (!slice)
    return nullptr;
  if (!op(":")) {
    slice->a = expression();
    if (takeOp("]")) {
      slice->kind = NodeKind::Item;
      return slice;
    }
  }
  expectOp(":");
  if (!op(":") && !op("]"))
    slice->b = expression();
  if (takeOp(":") && !op("]"))
    slice->c = expression();
  expectOp("]");
  return slice;
}

Node *ExpressionParser::call() {
  Node *made = node(NodeKind::Call);
  if (made)
    made->a = arguments();
  return made;
}

Node *ExpressionParser::arguments() {
  NodeList list;
  expectOp("(");
  uint8_t reached = kPositional;
  while (!machine.failed() && !op(")")) {
    Node *argument = node(NodeKind::Argument);
    if (!argument)
      return nullptr;
    if (takeOp("*")) {
      argument->detail = kStar;
    } else if (takeOp("**")) {
      argument->detail = kStarStar;
    } else if (kind() == TokenKind::Name && tokens[at + 1].isOperator("=")) {
      argument->detail = kKeyword;
      argument->value = name();
      ++at;
    }
    if (argument->detail < reached && argument->detail != kKeyword)
      unexpected();
    reached = argument->detail > reached ? argument->detail : reached;
    argument->a = expression();
    list.add(argument);
    if (!takeOp(","))
      break;
  }
  expectOp(")");
  return list.first;
}

Node *ExpressionParser::filter() {
  Node *made = node(NodeKind::Filter);
  if (!made)
    return nullptr;
  made->value = dottedName();
  if (op("("))
    made->a = arguments();
  return made;
}

Node *ExpressionParser::test() {
  Node *made = node(NodeKind::Test);
  if (!made)
    return nullptr;
  made->detail = takeName("not");
  made->value = dottedName();
  if (op("(")) {
    made->a = arguments();
    return made;
  }
  bool one = kind() == TokenKind::Name || kind() == TokenKind::String ||
             kind() == TokenKind::Number || op("[") || op("{");
  if (!one || token().isName("else") || token().isName("or") ||
      token().isName("and"))
    return made;
  if (token().isName("is"))
    unexpected();
  Node *argument = node(NodeKind::Argument);
  if (argument)
    argument->a = postfixes(primary(), false);
  made->a = argument;
  return made;
}
