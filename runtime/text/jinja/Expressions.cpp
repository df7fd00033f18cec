//===- Expressions.cpp - Values of expressions --------------------------===//
//
// Names, displays, logic and comparisons; Arithmetic.cpp, Access.cpp and
// Calls.cpp hold the rest.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Interpreter.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

int jinja::indexOfName(const char *table, Value name) {
  for (int index = 0; *table; ++index) {
    size_t size = size_t(strchr(table, '\n') - table);
    if (size == name.size && !memcmp(table, name.text, size))
      return index;
    table += size + 1;
  }
  return -1;
}

Value Interpreter::fail(const char *why) {
  machine.fail(RenderStatus::Failed, why);
  return Value();
}

Value Interpreter::fail(const char *before, Value middle, const char *after) {
  machine.fail(RenderStatus::Failed, before, middle, after);
  return Value();
}

Value Interpreter::typeError(const char *what, Value value) {
  if (value.isUndefined())
    return fail("'", value, "' is undefined");
  return fail(what, Value::string(Machine::typeName(value)), "'");
}

Value Interpreter::evaluate(const Node *node) {
  Nested nested(machine);
  if (!machine.step() || !node)
    return Value();
  switch (node->kind) {
  case NodeKind::Literal:
    return node->value;
  case NodeKind::Name:
    return lookUp(node->value);
  case NodeKind::Items:
    return evaluateItems(node);
  case NodeKind::Pairs:
    return evaluatePairs(node);
  case NodeKind::And:
  case NodeKind::Or:
    return evaluateLogic(node);
  case NodeKind::Compare:
    return evaluateCompare(node);
  case NodeKind::Arithmetic:
    return evaluateArithmetic(node);
  case NodeKind::Concat: {
    size_t begin = machine.open();
    for (const Node *part = node->a; part && !machine.failed();
         part = part->next)
      machine.appendText(evaluate(part));
    return machine.close(begin);
  }
  case NodeKind::Not:
    return Value::boolean(!machine.truth(evaluate(node->a)));
  case NodeKind::Negate:
    return negate(evaluate(node->a));
  case NodeKind::Positive: {
    Value v = evaluate(node->a);
    if (v.isNumber())
      return v.is(Kind::Bool) ? Value::whole(v.integer) : v;
    return typeError("'+' takes a number, not '", v);
  }
  case NodeKind::Choice:
    return machine.truth(evaluate(node->a)) ? evaluate(node->b)
           : node->c                        ? evaluate(node->c)
                                            : Value();
  default:
    return evaluatePostfix(node);
  }
}

Value Interpreter::evaluateItems(const Node *node) {
  Value result = machine.newList(ListKind(node->detail));
  for (const Node *n = node->a; n && !machine.failed(); n = n->next)
    machine.push(result.list, evaluate(n));
  return result;
}

Value Interpreter::evaluatePairs(const Node *node) {
  Value result = machine.newDict();
  for (const Node *n = node->a; n && !machine.failed(); n = n->next->next) {
    Value key = evaluate(n);
    machine.set(result.dict, key, evaluate(n->next));
  }
  return result;
}

Value Interpreter::evaluateLogic(const Node *node) {
  bool stopAt = node->kind == NodeKind::Or;
  Value v = evaluate(node->a);
  for (const Node *n = node->a->next; n && machine.truth(v) != stopAt;
       n = n->next)
    v = evaluate(n);
  return v;
}

Value Interpreter::evaluateCompare(const Node *node) {
  Value left = evaluate(node->a);
  for (const Node *n = node->a->next; n && !machine.failed(); n = n->next) {
    Value right = evaluate(n->a);
    if (!compareWith(Operation(n->detail), left, right))
      return Value::boolean(false);
    left = right;
  }
  return Value::boolean(true);
}

bool Interpreter::compareWith(Operation operation, Value a, Value b) {
  switch (operation) {
  case Operation::Equal:
    return machine.equal(a, b);
  case Operation::NotEqual:
    return !machine.equal(a, b);
  case Operation::In:
    return contains(b, a);
  case Operation::NotIn:
    return !contains(b, a);
  case Operation::Less:
    return machine.compare(a, b) < 0;
  case Operation::LessEqual:
    return machine.compare(a, b) <= 0;
  case Operation::Greater:
    return machine.compare(a, b) > 0;
  default:
    return machine.compare(a, b) >= 0;
  }
}

bool Interpreter::contains(Value container, Value item) {
  if (container.isString()) {
    if (!item.isString())
      return machine.truth(
          typeError("only text can be 'in' a text, not '", item));
    return item.size == 0 || findText(container, item, 0) < container.size;
  }
  if (container.isDict())
    return machine.find(container.dict, item);
  Value items = iterate(container);
  if (machine.failed())
    return false;
  for (uint32_t i = 0; i < items.list->size && !machine.failed(); ++i)
    if (machine.equal(items.list->items[i], item))
      return true;
  return false;
}

int64_t Interpreter::wholeOr(Value v, int64_t otherwise) {
  if (v.isUndefined() || v.isNone())
    return otherwise;
  if (v.isWhole())
    return v.integer;
  typeError("a whole number is needed, not a value of type '", v);
  return otherwise;
}

Value Interpreter::iterate(Value value) {
  if (value.isList() && !value.isGenerator())
    return value;
  Value result = machine.newList(kList);
  if (machine.failed() || value.isUndefined())
    return result;
  if (value.isGenerator()) {
    if (value.list->taken > value.list->size)
      return fail("there are no items to go over");
    for (List *from = value.list; from->taken < from->size && machine.step();)
      machine.push(result.list, from->items[from->taken++]);
  } else if (value.isDict()) {
    for (uint32_t i = 0; i < value.dict->size && machine.step(); ++i)
      machine.push(result.list, value.dict->pairs[i].key);
  } else if (value.isString()) {
    for (size_t at = 0; at < value.size && machine.step();) {
      size_t size = charOffset(value.text + at, value.size - at, 1);
      machine.push(result.list, value.slice(at, at + size));
      at += size;
    }
  } else {
    return typeError("there are no items in a value of type '", value);
  }
  return result;
}
