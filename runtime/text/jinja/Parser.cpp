//===- Parser.cpp - See Parser.h -----------------------------------------===//
//
// Statements, after jinja2/parser.py. What chat templates do not have
// (inheritance, includes, imports) is refused.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/ExpressionParser.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

namespace {

class Parser : ExpressionParser {
public:
  using ExpressionParser::ExpressionParser;

  Node *body(const char *const *ends) {
    Nested nested(machine);
    NodeList list;
    for (; !machine.failed() && kind() != TokenKind::End; machine.step()) {
      if (kind() == TokenKind::Data) {
        Node *text = node(NodeKind::Text);
        if (text)
          text->value = Value::string(token().text, token().size, kTemplate);
        list.add(text);
        ++at;
      } else if (kind() == TokenKind::VariableBegin) {
        ++at;
        Node *print = node(NodeKind::Print);
        if (print)
          print->a = tuple();
        list.add(print);
        expect(TokenKind::VariableEnd);
      } else {
        ++at;
        for (const char *const *end = ends; end && *end; ++end)
          if (token().isName(*end))
            return list.first;
        statement(list);
        expect(TokenKind::BlockEnd);
      }
    }
    if (ends && !machine.failed())
      fail("the template ends before '", Value::string(ends[0]), "'");
    return list.first;
  }

private:
  //===- Statements -------------------------------------------------------===//

  void statement(NodeList &list) {
    machine.line = token().line;
    Value word = name();
    if (word.equals("if"))
      list.add(ifStatement());
    else if (word.equals("for"))
      list.add(forStatement());
    else if (word.equals("set"))
      list.add(setStatement());
    else if (word.equals("macro"))
      list.add(macroStatement());
    else if (word.equals("call"))
      list.add(callBlock());
    else if (word.equals("filter"))
      list.add(filterBlock());
    else if (word.equals("with"))
      list.add(withStatement());
    else if (word.equals("generation"))
      list.add(transparent());
    else if (word.equals("print"))
      printStatement(list);
    else if (word.equals("break") || word.equals("continue"))
      list.add(loopControl(word));
    else if (!machine.failed())
      fail("unknown tag '", word, "'");
  }

  /// A body up to "end...", which is taken.
  Node *bodyUntil(const char *end) {
    const char *ends[] = {end, nullptr};
    expect(TokenKind::BlockEnd);
    Node *result = body(ends);
    takeName(end);
    return result;
  }

  Node *ifStatement() {
    static const char *const kEnds[] = {"endif", "else", "elif", nullptr};
    NodeList branches;
    bool more = true, condition = true;
    while (more && !machine.failed()) {
      Node *branch = node(NodeKind::Branch);
      if (!branch)
        return nullptr;
      if (condition)
        branch->a = tuple(false);
      if (!condition) {
        branch->b = bodyUntil("endif");
        more = false;
      } else {
        expect(TokenKind::BlockEnd);
        branch->b = body(kEnds);
        condition = takeName("elif");
        more = condition || takeName("else");
        if (!more)
          takeName("endif");
      }
      branches.add(branch);
    }
    return node(NodeKind::If, branches.first);
  }

  Node *forStatement() {
    static const char *const kEnds[] = {"endfor", "else", nullptr};
    Node *loop = node(NodeKind::For);
    if (!loop)
      return nullptr;
    loop->a = target(false);
    if (!takeName("in"))
      unexpected();
    inForSequence = true;
    loop->b = tuple(false);
    inForSequence = false;
    if (takeName("if"))
      loop->d = expression();
    loop->detail = takeName("recursive");
    expect(TokenKind::BlockEnd);
    ++loopDepth;
    loop->c = body(kEnds);
    --loopDepth;
    if (takeName("else"))
      loop->e = bodyUntil("endfor");
    else
      takeName("endfor");
    return loop;
  }

  /// A name, a member of a namespace, or a tuple of those.
  Node *target(bool members) {
    Nested nested(machine);
    NodeList list;
    bool isTuple = false;
    while (!machine.failed()) {
      if (takeOp("(")) {
        list.add(target(members));
        expectOp(")");
      } else {
        list.add(targetName(members));
      }
      if (!takeOp(","))
        break;
      isTuple = true;
      if (op("=") || op(")") || token().isName("in"))
        break;
    }
    return isTuple ? node(NodeKind::Items, list.first) : list.first;
  }

  static bool isConstant(Value name) {
    return name.equals("true") || name.equals("True") || name.equals("false") ||
           name.equals("False") || name.equals("none") || name.equals("None");
  }

  Node *targetName(bool members) {
    Node *made = node(NodeKind::Name);
    if (!made)
      return nullptr;
    made->value = name();
    if (isConstant(made->value))
      fail("cannot assign to '", made->value, "'");
    if (members && takeOp(".")) {
      made->kind = NodeKind::Member;
      made->a = literal(name());
    }
    return made;
  }

  Node *setStatement() {
    Node *set = node(NodeKind::Set);
    if (!set)
      return nullptr;
    set->a = target(true);
    if (takeOp("=")) {
      set->b = tuple();
      return set;
    }
    set->kind = NodeKind::SetBlock;
    NodeList filters;
    while (takeOp("|"))
      filters.add(filter());
    set->b = filters.first;
    set->c = bodyUntil("endset");
    return set;
  }

  Node *parameters() {
    NodeList list;
    expectOp("(");
    bool defaults = false;
    while (!machine.failed() && !op(")")) {
      Node *parameter = node(NodeKind::Parameter);
      if (!parameter)
        return nullptr;
      parameter->value = name();
      if (takeOp("="))
        parameter->a = expression();
      else if (defaults)
        fail("parameter '", parameter->value, "' needs a default");
      defaults = parameter->a != nullptr;
      list.add(parameter);
      if (!takeOp(","))
        break;
    }
    expectOp(")");
    return list.first;
  }

  /// The body of a macro or call block: loops around it are not its own.
  void macroBody(Node *made, const char *end) {
    uint8_t outerUses = macroUses;
    uint32_t outerLoops = loopDepth;
    macroUses = 0;
    loopDepth = 0;
    made->c = bodyUntil(end);
    made->detail = macroUses;
    macroUses = outerUses;
    loopDepth = outerLoops;
  }

  Node *macroStatement() {
    Node *made = node(NodeKind::Macro);
    if (!made)
      return nullptr;
    made->value = name();
    made->a = parameters();
    macroBody(made, "endmacro");
    return made;
  }

  Node *callBlock() {
    Node *made = node(NodeKind::CallBlock);
    if (!made)
      return nullptr;
    if (op("("))
      made->a = parameters();
    Node *call = expression();
    Node *last = call && call->kind == NodeKind::Postfix ? call->b : nullptr;
    while (last && last->next)
      last = last->next;
    if (!last || last->kind != NodeKind::Call)
      return unexpected();
    last->b = made;
    made->b = call;
    made->value = Value::string("caller");
    macroBody(made, "endcall");
    return made;
  }

  Node *filterBlock() {
    Node *made = node(NodeKind::FilterBlock);
    if (!made)
      return nullptr;
    NodeList filters;
    do
      filters.add(filter());
    while (takeOp("|"));
    made->b = filters.first;
    made->c = bodyUntil("endfilter");
    return made;
  }

  Node *withStatement() {
    Node *made = node(NodeKind::With);
    if (!made)
      return nullptr;
    NodeList sets;
    while (kind() == TokenKind::Name) {
      Node *set = node(NodeKind::Set);
      if (!set)
        return nullptr;
      set->a = targetName(false);
      expectOp("=");
      set->b = expression();
      sets.add(set);
      if (!takeOp(","))
        break;
    }
    made->a = sets.first;
    made->c = bodyUntil("endwith");
    return made;
  }

  /// {% generation %} marks what an assistant said, for training; it renders
  /// as its body.
  Node *transparent() {
    Node *made = node(NodeKind::With);
    if (made)
      made->c = bodyUntil("endgeneration");
    return made;
  }

  void printStatement(NodeList &list) {
    do
      list.add(node(NodeKind::Print, expression()));
    while (takeOp(","));
  }

  Node *loopControl(Value word) {
    if (loopDepth == 0)
      fail("'", word, "' outside of a loop");
    return node(word.equals("break") ? NodeKind::Break : NodeKind::Continue);
  }

  uint32_t loopDepth = 0;
};

} // namespace

Node *jinja::parseTemplate(Machine &machine, const Buffer<Token> &tokens) {
  if (machine.failed())
    return nullptr;
  Node *result = Parser(machine, tokens).body(nullptr);
  return machine.failed() ? nullptr : result;
}
