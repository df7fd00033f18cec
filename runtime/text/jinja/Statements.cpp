//===- Statements.cpp - Statements, scopes and macros --------------------===//
//
// Loops, macros, "with" and captured blocks have scopes; "if" has none, as in
// Jinja. Scopes live in the arena, because macros keep theirs.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Interpreter.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

void Interpreter::run(Node *statements, const Dict *variables) {
  scope = pushScope(nullptr);
  for (uint32_t i = 0; i < variables->size; ++i)
    define(scope, variables->pairs[i].key, variables->pairs[i].value);
  execute(statements);
}

//===- Scopes -------------------------------------------------------------===//

Scope *Interpreter::pushScope(Scope *parent) {
  auto *made = machine.make<Scope>();
  if (made)
    made->parent = parent;
  return made;
}

void Interpreter::define(Scope *where, Value name, Value value) {
  if (machine.failed() || !where)
    return;
  uint32_t looked = 0;
  for (Variable *v = where->variables; v; v = v->next) {
    if (v->name.sameText(name)) {
      v->value = value;
      return;
    }
    if (++looked % 16 == 0 && !machine.step())
      return;
  }
  if (auto *made = machine.make<Variable>()) {
    *made = {name, value, where->variables};
    where->variables = made;
  }
}

Value Interpreter::lookUp(Value name) {
  uint32_t looked = 0;
  for (Scope *s = scope; s; s = s->parent)
    for (Variable *v = s->variables; v; v = v->next) {
      if (v->name.sameText(name))
        return v->value;
      if (++looked % 16 == 0 && !machine.step())
        return Value();
    }
  int function = indexOfName("range\ndict\nnamespace\nraise_exception\n"
                             "strftime_now\n",
                             name);
  if (function < 0)
    return Value::undefined(name);
  Value v = Value::of(Kind::Function);
  v.detail = static_cast<uint8_t>(function);
  return v;
}

void Interpreter::assign(const Node *target, Value value) {
  Nested nested(machine);
  if (machine.failed() || !target)
    return;
  if (target->kind == NodeKind::Name)
    return define(scope, target->value, value);
  if (target->kind == NodeKind::Member) {
    Value object = lookUp(target->value);
    if (!object.is(Kind::Namespace))
      fail("'", target->value, "' is no namespace: its members cannot be set");
    else
      machine.set(object.dict, target->a->value, value);
    return;
  }
  Value items = iterate(value);
  if (machine.failed())
    return;
  uint32_t i = 0;
  const Node *part = target->a;
  for (; part && i < items.list->size; part = part->next)
    assign(part, items.list->items[i++]);
  if (part || i != items.list->size)
    fail("a sequence has too many or too few items for the names it is "
         "assigned to");
}

//===- Statements ---------------------------------------------------------===//

void Interpreter::execute(const Node *node) {
  Nested nested(machine);
  for (; node && machine.step() && jump == Jump::None; node = node->next) {
    machine.line = node->line;
    switch (node->kind) {
    case NodeKind::Text:
      machine.append(node->value);
      break;
    case NodeKind::Print:
      machine.appendText(evaluate(node->a));
      break;
    case NodeKind::If:
      executeIf(node);
      break;
    case NodeKind::For:
      runLoop(node, evaluate(node->b), 0);
      break;
    case NodeKind::Set:
      assign(node->a, evaluate(node->b));
      break;
    case NodeKind::SetBlock:
      assign(node->a, applyFilters(capture(node->c), node->b));
      break;
    case NodeKind::Macro:
      defineMacro(node);
      break;
    case NodeKind::CallBlock:
      machine.appendText(evaluate(node->b));
      break;
    case NodeKind::FilterBlock:
      machine.appendText(applyFilters(capture(node->c), node->b));
      break;
    case NodeKind::With:
      executeWith(node);
      break;
    case NodeKind::Break:
      jump = Jump::Break;
      break;
    default:
      jump = Jump::Continue;
    }
  }
}

void Interpreter::executeIf(const Node *node) {
  for (const Node *branch = node->a; branch && machine.step();
       branch = branch->next)
    if (!branch->a || machine.truth(evaluate(branch->a)))
      return execute(branch->b);
}

void Interpreter::executeWith(const Node *node) {
  Scope *around = scope, *inner = pushScope(scope);
  for (const Node *set = node->a; set && !machine.failed(); set = set->next)
    define(inner, set->a->value, evaluate(set->b));
  scope = inner;
  execute(node->c);
  scope = around;
}

Value Interpreter::capture(const Node *body) {
  Scope *around = scope;
  size_t begin = machine.open();
  scope = pushScope(around);
  execute(body);
  scope = around;
  return machine.close(begin);
}

//===- Loops --------------------------------------------------------------===//

void Interpreter::runLoop(const Node *node, Value sequence, uint32_t depth) {
  Nested nested(machine);
  Scope *around = scope;
  Value items = iterate(sequence);
  if (node->d && !machine.failed()) { // only those that pass the condition
    Value chosen = machine.newList(kList);
    for (uint32_t i = 0; i < items.list->size && machine.step(); ++i) {
      scope = pushScope(around);
      assign(node->a, items.list->items[i]);
      if (machine.truth(evaluate(node->d)))
        machine.push(chosen.list, items.list->items[i]);
    }
    scope = around;
    items = chosen;
  }
  if (machine.failed())
    return;
  auto *loop = machine.make<Loop>();
  if (!loop)
    return;
  loop->items = items.list;
  loop->depth = depth;
  loop->node = node;
  loop->scope = around;
  for (loop->index = 0; loop->index < items.list->size; ++loop->index)
    if (!runIteration(node, loop, around))
      break;
  scope = around;
  if (items.list->size == 0)
    execute(node->e);
}

bool Interpreter::runIteration(const Node *node, Loop *loop, Scope *around) {
  scope = pushScope(around);
  Value self = Value::of(Kind::Loop);
  self.loop = loop;
  define(scope, Value::string("loop"), self);
  assign(node->a, loop->items->items[loop->index]);
  execute(node->c);
  bool goOn = jump != Jump::Break && machine.step();
  jump = Jump::None;
  return goOn;
}

//===- Macros -------------------------------------------------------------===//

void Interpreter::defineMacro(const Node *node) {
  Value v = Value::of(Kind::Macro);
  v.macro = machine.make<Macro>();
  if (!v.macro)
    return;
  *v.macro = {node, scope};
  define(scope, node->value, v);
}

/// Parameters become variables of the current scope, whose parent is the
/// macro's.
bool Interpreter::bindParameters(const Macro *macro,
                                 const Arguments &arguments) {
  const Dict &named = arguments.named;
  uint32_t place = 0;
  for (const Node *p = macro->node->a; p && !machine.failed(); p = p->next) {
    const Value *byName = machine.find(&named, p->value);
    if (place < arguments.positional.size) {
      if (byName)
        fail("argument '", p->value, "' is given twice");
      define(scope, p->value, arguments.positional.items[place++]);
    } else if (byName) {
      define(scope, p->value, *byName);
    } else {
      // A default sees the parameters before it.
      define(scope, p->value,
             p->a ? evaluate(p->a) : Value::undefined(p->value));
    }
  }
  Value rest = machine.newList(kTuple), others = machine.newDict();
  for (; place < arguments.positional.size; ++place)
    machine.push(rest.list, arguments.positional.items[place]);
  for (uint32_t i = 0; i < named.size && !machine.failed(); ++i) {
    const Pair &pair = named.pairs[i];
    bool known = pair.key.equals("caller");
    if (known)
      define(scope, pair.key, pair.value);
    for (const Node *p = macro->node->a; p && !known; p = p->next)
      known = p->value.sameText(pair.key);
    if (!known)
      machine.set(others.dict, pair.key, pair.value);
  }
  if (machine.failed())
    return false;
  uint8_t uses = macro->node->detail;
  if ((rest.list->size && !(uses & kUsesVarargs)) ||
      (others.dict->size && !(uses & kUsesKwargs)))
    fail("macro '", macro->node->value, "' does not take these arguments");
  if (uses & kUsesVarargs)
    define(scope, Value::string("varargs"), rest);
  if (uses & kUsesKwargs)
    define(scope, Value::string("kwargs"), others);
  return !machine.failed();
}

Value Interpreter::callMacro(const Macro *macro, const Arguments &arguments) {
  Nested nested(machine);
  if (++macroDepth > machine.limits.depth)
    machine.fail(RenderStatus::LimitReached, "calls are nested too deeply");
  Scope *around = scope;
  uint32_t line = machine.line;
  size_t begin = machine.open();
  scope = pushScope(macro->scope);
  if (scope && bindParameters(macro, arguments))
    execute(macro->node->c);
  if (!machine.failed())
    machine.line = line;
  scope = around;
  --macroDepth;
  return machine.close(begin);
}
