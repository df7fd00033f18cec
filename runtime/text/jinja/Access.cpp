//===- Access.cpp - Subscripts, attributes, slices, filters in a row ----===//
//
// What stands behind a value: [index], .name, [a:b], | filter.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Interpreter.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

Value Interpreter::evaluatePostfix(const Node *node) {
  return applyFilters(evaluate(node->a), node->b);
}

Value Interpreter::applyFilters(Value v, const Node *postfixes) {
  for (const Node *n = postfixes; n && machine.step(); n = n->next) {
    machine.line = n->line;
    Arguments arguments;
    switch (n->kind) {
    case NodeKind::Attribute:
      v = attribute(v, n->value);
      break;
    case NodeKind::Item: {
      Value index = evaluate(n->a);
      v = item(v, index);
      break;
    }
    case NodeKind::Slice:
      v = slice(v, n);
      break;
    case NodeKind::Call:
      v = call(v, n);
      break;
    case NodeKind::Filter:
      evaluateArguments(n->a, arguments);
      v = filter(n->value, v, arguments);
      break;
    default:
      evaluateArguments(n->a, arguments);
      v = Value::boolean(test(n->value, v, arguments) != bool(n->detail));
    }
  }
  return v;
}

Value Interpreter::item(Value object, Value index) {
  if (object.isUndefined())
    return typeError("", object);
  if (object.isDict()) {
    if (const Value *found = machine.find(object.dict, index))
      return *found;
  } else if (index.isWhole() && object.isList() && !object.isGenerator()) {
    int64_t size = object.list->size;
    int64_t i = index.integer < 0 ? index.integer + size : index.integer;
    if (i >= 0 && i < size)
      return object.list->items[i];
  } else if (index.isWhole() && object.isString()) {
    machine.step(object.size / 64);
    int64_t i = index.integer;
    if (i < 0)
      i += int64_t(countChars(object.text, object.size));
    size_t at =
        i < 0 ? object.size : charOffset(object.text, object.size, size_t(i));
    if (at < object.size)
      return object.slice(
          at, at + charOffset(object.text + at, object.size - at, 1));
  }
  if (!index.isString())
    return Value::undefined(Value::string("item"));
  Value found = object.is(Kind::Namespace) || object.is(Kind::Loop)
                    ? attribute(object, index)
                    : methodOf(object, index);
  return found;
}

Value Interpreter::attribute(Value object, Value name) {
  switch (object.kind) {
  case Kind::Undefined:
    return typeError("", object);
  case Kind::Namespace: {
    const Value *found = machine.find(object.dict, name);
    return found ? *found : Value::undefined(name);
  }
  case Kind::Loop:
    return loopAttribute(object.loop, name);
  case Kind::Macro:
    if (name.equals("name"))
      return object.macro->node->value;
    return Value::undefined(name);
  default:
    break;
  }
  Value method = methodOf(object, name);
  if (method.isUndefined() && object.isDict() && !isHidden(name))
    if (const Value *found = machine.find(object.dict, name))
      return *found;
  return method;
}

Value Interpreter::loopAttribute(const Loop *loop, Value name) {
  int64_t index = loop->index, size = loop->items->size;
  switch (indexOfName("index\nindex0\nrevindex\nrevindex0\nfirst\nlast\n"
                      "length\ndepth\ndepth0\nprevitem\nnextitem\n",
                      name)) {
  case 0:
    return Value::whole(index + 1);
  case 1:
    return Value::whole(index);
  case 2:
    return Value::whole(size - index);
  case 3:
    return Value::whole(size - index - 1);
  case 4:
    return Value::boolean(index == 0);
  case 5:
    return Value::boolean(index == size - 1);
  case 6:
    return Value::whole(size);
  case 7:
    return Value::whole(loop->depth + 1);
  case 8:
    return Value::whole(loop->depth);
  case 9:
    return index > 0 ? loop->items->items[index - 1] : Value::undefined(name);
  case 10:
    return index + 1 < size ? loop->items->items[index + 1]
                            : Value::undefined(name);
  default:
    break;
  }
  Value self = Value::of(Kind::Loop);
  self.loop = const_cast<Loop *>(loop);
  return methodOf(self, name);
}

/// A Python slice's bounds for `size` items; false after a failure.
static bool clampBound(Machine &machine, Value given, int64_t size,
                       bool backwards, int64_t &bound) {
  if (given.isUndefined() || given.isNone())
    return true;
  if (!given.isWhole()) {
    machine.fail(RenderStatus::Failed, "a slice takes whole numbers");
    return false;
  }
  int64_t low = backwards ? -1 : 0, high = backwards ? size - 1 : size;
  bound = given.integer;
  if (bound < 0 && bound >= -size)
    bound += size;
  else if (bound < 0)
    bound = low;
  bound = bound > high ? high : bound;
  return true;
}

Value Interpreter::slice(Value object, const Node *node) {
  Value bounds[3] = {evaluate(node->a), evaluate(node->b), evaluate(node->c)};
  bool isText = object.isString();
  if (!isText && (!object.isList() || object.isGenerator()))
    return typeError("no part can be taken of a value of type '", object);
  int64_t size = isText ? int64_t(countChars(object.text, object.size))
                        : int64_t(object.list->size);
  int64_t step = wholeOr(bounds[2], 1);
  if (step == 0)
    fail("the step of a slice is zero");
  int64_t begin = step < 0 ? size - 1 : 0, end = step < 0 ? -1 : size;
  if (!clampBound(machine, bounds[0], size, step < 0, begin) ||
      !clampBound(machine, bounds[1], size, step < 0, end) || machine.failed())
    return Value();
  // Larger steps than there are items are all the same.
  step = step > size ? size + 1 : step < -size ? -size - 1 : step;
  machine.step(isText ? object.size / 256 : 0);
  if (isText && step == 1) {
    if (begin >= end)
      return Value::string("");
    size_t from = charOffset(object.text, object.size, size_t(begin));
    return object.slice(from, from + charOffset(object.text + from,
                                                object.size - from,
                                                size_t(end - begin)));
  }
  Value chars = isText ? iterate(object) : object;
  Value result = machine.newList(isText ? kList : ListKind(object.detail));
  for (int64_t i = begin; !machine.failed() && (step > 0 ? i < end : i > end);
       i += step)
    if (machine.step())
      machine.push(result.list, chars.list->items[i]);
  return isText ? joinText(result, Value(), Value()) : result;
}
