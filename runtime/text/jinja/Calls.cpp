//===- Calls.cpp - Calls and the functions that are built in ------------===//
//
// Ranges are as long as Jinja's sandbox allows.
//
//===----------------------------------------------------------------------===//

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
