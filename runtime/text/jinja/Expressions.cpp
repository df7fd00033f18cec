//===- Expressions.cpp - Operators, subscripts, calls --------------------===//
//
// Whole numbers have 64 bits: what does not fit is an error, never another
// number. Ranges are as long as Jinja's sandbox allows.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Unicode.h"
#include "runtime/text/jinja/Interpreter.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

namespace {
/// jinja2.sandbox.MAX_RANGE
constexpr int64_t kMaxRange = 100000;

enum GlobalFunction : uint8_t {
  kRange,
  kDict,
  kNamespace,
  kRaiseException,
  kStrftimeNow
};
} // namespace

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

//===- Arithmetic ---------------------------------------------------------===//

Value Interpreter::evaluateArithmetic(const Node *node) {
  Value left = evaluate(node->a);
  for (const Node *n = node->a->next; n && !machine.failed();) {
    // A chain of texts is copied once, at its end.
    size_t begin = machine.open(), parts = 0;
    Value right;
    for (; n && Operation(n->detail) == Operation::Add && left.isString() &&
           !machine.failed();
         n = n->next) {
      if (parts++ == 0)
        machine.append(left);
      right = evaluate(n->a);
      if (!right.isString())
        break;
      machine.append(right);
    }
    if (parts)
      left = machine.close(begin);
    if (!n || machine.failed())
      break;
    if (!parts)
      right = evaluate(n->a);
    left = calculate(Operation(n->detail), left, right);
    n = n->next;
  }
  return left;
}

Value Interpreter::negate(Value value) {
  if (value.is(Kind::Float))
    return Value::floating(-value.real);
  if (!value.isWhole())
    return typeError("'-' takes a number, not '", value);
  return calculateWhole(Operation::Subtract, 0, value.integer);
}

Value Interpreter::calculate(Operation operation, Value a, Value b) {
  if (a.isWhole() && b.isWhole())
    return calculateWhole(operation, a.integer, b.integer);
  if (a.isNumber() && b.isNumber())
    return calculateReal(operation, a.number(), b.number());
  if (operation == Operation::Multiply) {
    if (b.isWhole() && (a.isString() || a.isList()))
      return repeat(a, b.integer);
    if (a.isWhole() && (b.isString() || b.isList()))
      return repeat(b, a.integer);
  }
  if (operation == Operation::Add && a.isList() && b.isList() &&
      a.detail == b.detail && a.detail != kGenerator)
    return joinLists(a, b);
  if (a.isUndefined() || b.isUndefined())
    return typeError("", a.isUndefined() ? a : b);
  if (operation == Operation::Add && a.isString())
    return typeError("a text can only be added to a text, not to '", b);
  return typeError("an operator does not take a value of type '",
                   a.isNumber() ? b : a);
}

static double floorOf(double x) {
  if (!(x > -4503599627370496.0 && x < 4503599627370496.0))
    return x; // whole already, or not finite
  double whole = double(int64_t(x));
  return whole > x ? whole - 1 : whole;
}

Value Interpreter::calculateWhole(Operation operation, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  switch (operation) {
  case Operation::Add:
    overflow = __builtin_add_overflow(a, b, &result);
    break;
  case Operation::Subtract:
    overflow = __builtin_sub_overflow(a, b, &result);
    break;
  case Operation::Multiply:
    overflow = __builtin_mul_overflow(a, b, &result);
    break;
  case Operation::Power:
    if (b < 0)
      return calculateReal(operation, double(a), double(b));
    result = 1;
    // Beyond 64 factors only 0, 1 and -1 fit.
    if (b > 64 && (a > 1 || a < -1))
      overflow = true;
    else
      for (int64_t n = b > 64 ? 64 + b % 2 : b; n > 0 && !overflow; --n)
        overflow = __builtin_mul_overflow(result, a, &result);
    break;
  default:
    if (b == 0)
      return fail("division by zero");
    if (operation == Operation::Divide)
      return Value::floating(double(a) / double(b));
    overflow = a == INT64_MIN && b == -1;
    if (overflow)
      break;
    result = a / b;
    if (a % b != 0 && (a < 0) != (b < 0))
      --result; // towards minus infinity
    if (operation == Operation::Remainder)
      result = a - result * b;
  }
  return overflow ? fail("a number does not fit into 64 bits")
                  : Value::whole(result);
}

Value Interpreter::calculateReal(Operation operation, double a, double b) {
  switch (operation) {
  case Operation::Add:
    return Value::floating(a + b);
  case Operation::Subtract:
    return Value::floating(a - b);
  case Operation::Multiply:
    return Value::floating(a * b);
  case Operation::Power: {
    bool inverse = b < 0;
    int64_t count = b > -4096 && b < 4096 ? int64_t(b) : 0;
    if (double(count) != b || (inverse && a == 0))
      return fail("this power is not supported");
    double result = 1;
    for (count = inverse ? -count : count; count > 0; --count)
      result *= a;
    return Value::floating(inverse ? 1 / result : result);
  }
  default:
    break;
  }
  if (b == 0)
    return fail("division by zero");
  if (operation == Operation::Divide)
    return Value::floating(a / b);
  double quotient = floorOf(a / b);
  return Value::floating(
      operation == Operation::FloorDivide ? quotient : a - quotient * b);
}

Value Interpreter::repeat(Value value, int64_t count) {
  if (value.isString()) {
    size_t begin = machine.open();
    for (; count > 0 && value.size && machine.step(); --count)
      machine.append(value);
    return machine.close(begin);
  }
  Value result = machine.newList(ListKind(value.detail));
  for (; count > 0 && value.list->size && machine.step(); --count)
    for (uint32_t i = 0; i < value.list->size && !machine.failed(); ++i)
      machine.push(result.list, value.list->items[i]);
  return result;
}

Value Interpreter::joinLists(Value a, Value b) {
  Value result = machine.newList(ListKind(a.detail));
  const Value *both[] = {&a, &b};
  for (const Value *from : both) {
    machine.step(from->list->size / 8);
    for (uint32_t i = 0; i < from->list->size && !machine.failed(); ++i)
      machine.push(result.list, from->list->items[i]);
  }
  return result;
}

//===- Subscripts ---------------------------------------------------------===//

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

//===- Calls --------------------------------------------------------------===//

void Interpreter::evaluateArguments(const Node *list, Arguments &arguments) {
  for (const Node *n = list; n && !machine.failed(); n = n->next) {
    Value v = evaluate(n->a);
    if (n->detail == kPositional) {
      machine.push(&arguments.positional, v);
    } else if (n->detail == kKeyword) {
      if (machine.find(&arguments.named, n->value))
        fail("argument '", n->value, "' is given twice");
      machine.set(&arguments.named, n->value, v);
    } else if (n->detail == kStar) {
      v = iterate(v);
      for (uint32_t i = 0; !machine.failed() && i < v.list->size; ++i)
        machine.push(&arguments.positional, v.list->items[i]);
    } else if (!v.isDict()) {
      typeError("'**' takes a dict, not '", v);
    } else {
      for (uint32_t i = 0; i < v.dict->size && !machine.failed(); ++i)
        machine.set(&arguments.named, v.dict->pairs[i].key,
                    v.dict->pairs[i].value);
    }
  }
}

Value Interpreter::call(Value callee, const Node *node) {
  Arguments arguments;
  evaluateArguments(node->a, arguments);
  if (node->b) { // {% call %}: its body is the argument `caller`
    Value caller = Value::of(Kind::Macro);
    caller.macro = machine.make<Macro>();
    if (!caller.macro)
      return Value();
    *caller.macro = {node->b, scope};
    machine.set(&arguments.named, node->b->value, caller);
  }
  if (machine.failed())
    return Value();
  switch (callee.kind) {
  case Kind::Macro:
    return callMacro(callee.macro, arguments);
  case Kind::Function:
    return callFunction(callee.detail, arguments);
  case Kind::Method:
    return callMethod(*callee.self, callee.detail, arguments);
  case Kind::Loop:
    return callLoop(callee, arguments);
  default:
    return typeError("a value cannot be called: it is of type '", callee);
  }
}

Value Interpreter::callLoop(Value loop, const Arguments &arguments) {
  Value given[kMaxParameters];
  if (!loop.loop->node->detail)
    return fail("only a loop that is 'recursive' can be called");
  if (!bind(arguments, "iterable!", given))
    return Value();
  if (++macroDepth > machine.limits.depth)
    machine.fail(RenderStatus::LimitReached, "calls are nested too deeply");
  Scope *around = scope;
  size_t begin = machine.open();
  scope = loop.loop->scope;
  if (!machine.failed())
    runLoop(loop.loop->node, given[0], loop.loop->depth + 1);
  scope = around;
  --macroDepth;
  return machine.close(begin);
}

Value Interpreter::callFunction(uint32_t function, Arguments &arguments) {
  Value given[kMaxParameters];
  switch (function) {
  case kRange:
    return range(arguments);
  case kDict:
    return dictOf(arguments);
  case kNamespace: {
    Value v = dictOf(arguments);
    v.kind = v.isDict() ? Kind::Namespace : v.kind;
    return v;
  }
  case kRaiseException:
    if (bind(arguments, "message!", given))
      machine.fail(RenderStatus::Refused, "", machine.toText(given[0]), "");
    return Value();
  default:
    if (!bind(arguments, "format!", given))
      return Value();
    return dateText(given[0]);
  }
}

Value Interpreter::range(const Arguments &arguments) {
  Value given[kMaxParameters];
  if (!bind(arguments, "start! stop step", given))
    return Value();
  for (int i = 0; i < 3; ++i)
    if (!given[i].isWhole() && !given[i].isUndefined())
      return typeError("range takes whole numbers, not '", given[i]);
  bool one = given[1].isUndefined();
  int64_t from = one ? 0 : given[0].integer;
  int64_t to = one ? given[0].integer : given[1].integer;
  int64_t step = wholeOr(given[2], 1);
  if (step == 0)
    return fail("the step of a range is zero");
  Value result = machine.newList(kList);
  for (int64_t i = from; !machine.failed() && (step > 0 ? i < to : i > to);) {
    if (result.list->size == kMaxRange) {
      machine.fail(RenderStatus::LimitReached, "a range is too long");
      break;
    }
    machine.push(result.list, Value::whole(i));
    if (__builtin_add_overflow(i, step, &i))
      break;
  }
  return result;
}

Value Interpreter::dictOf(const Arguments &arguments) {
  Value result = machine.newDict();
  for (uint32_t i = 0; i < arguments.positional.size && !machine.failed();
       ++i) {
    Value v = arguments.positional.items[i];
    if (v.isDict()) {
      for (uint32_t k = 0; k < v.dict->size && !machine.failed(); ++k)
        machine.set(result.dict, v.dict->pairs[k].key, v.dict->pairs[k].value);
      continue;
    }
    Value pairs = iterate(v);
    for (uint32_t k = 0; !machine.failed() && k < pairs.list->size; ++k) {
      Value pair = iterate(pairs.list->items[k]);
      if (machine.failed() || pair.list->size != 2)
        return fail("dict takes pairs");
      machine.set(result.dict, pair.list->items[0], pair.list->items[1]);
    }
  }
  const Dict &named = arguments.named;
  for (uint32_t i = 0; i < named.size && !machine.failed(); ++i)
    machine.set(result.dict, named.pairs[i].key, named.pairs[i].value);
  return result;
}

//===- Shared -------------------------------------------------------------===//

int64_t Interpreter::wholeOr(Value v, int64_t otherwise) {
  if (v.isUndefined() || v.isNone())
    return otherwise;
  if (v.isWhole())
    return v.integer;
  typeError("a whole number is needed, not a value of type '", v);
  return otherwise;
}

bool Interpreter::bind(const Arguments &arguments, const char *parameters,
                       Value *given) {
  uint32_t place = 0, byName = 0;
  for (const char *at = parameters; *at && !machine.failed(); ++place) {
    const char *end = at;
    while (*end && *end != ' ' && *end != '!')
      ++end;
    Value name = Value::string(at, size_t(end - at), kTemplate);
    const Value *named = machine.find(&arguments.named, name);
    byName += named != nullptr;
    if (place < arguments.positional.size && named)
      fail("argument '", name, "' is given twice");
    else if (place < arguments.positional.size)
      given[place] = arguments.positional.items[place];
    else if (named)
      given[place] = *named;
    else if (*end == '!')
      fail("argument '", name, "' is missing");
    at = end + (*end == '!');
    at += *at == ' ';
  }
  if (place < arguments.positional.size || byName < arguments.named.size)
    fail("too many arguments, or one by a name that is not known");
  return !machine.failed();
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

size_t Interpreter::findText(Value text, Value part, size_t from) {
  size_t work = 0, at = from;
  while (part.size && part.size <= text.size - at) {
    auto *first = static_cast<const char *>(
        memchr(text.text + at, part.text[0], text.size - at - part.size + 1));
    if (!first)
      break;
    at = size_t(first - text.text);
    size_t same = 1;
    while (same < part.size && first[same] == part.text[same])
      ++same;
    // Only long repeats of the same beginning make this more than linear.
    work += same;
    if (work >= 256) {
      if (!machine.step(work / 256))
        break;
      work %= 256;
    }
    if (same == part.size) {
      machine.step((at - from) / 256);
      return at;
    }
    ++at;
  }
  machine.step((text.size - from) / 256);
  return text.size;
}

size_t Interpreter::findTextBackwards(Value text, Value part, size_t end) {
  for (size_t at = end; part.size && at >= part.size; --at) {
    if (at % 256 == 0 && !machine.step(1 + part.size / 4))
      break;
    size_t begin = at - part.size;
    if (text.text[begin] == part.text[0] &&
        !memcmp(text.text + begin, part.text, part.size))
      return begin;
  }
  return text.size;
}
