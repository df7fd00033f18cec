//===- Methods.cpp - Methods of lists, dicts and loops ------------------===//
//
// Those of Python's that change nothing; those of texts are in TextMethods.cpp.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Interpreter.h"
#include "runtime/text/jinja/StringMethods.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

namespace {
enum DictMethod : uint32_t { kGet, kItems, kKeys, kValues, kDictCopy };
const char kDictMethods[] = "get\nitems\nkeys\nvalues\ncopy\n";
/// They would change it: the sandbox hides them.
const char kHiddenMethods[] = "clear\npop\npopitem\nsetdefault\nupdate\n";
const char kListMethods[] = "index\ncount\ncopy\n";
const char kLoopMethods[] = "cycle\nchanged\n";
} // namespace

Value Interpreter::methodOf(Value object, Value name) {
  const char *table = object.isString() ? kStringMethods
                      : object.isDict() ? kDictMethods
                      : object.isList() && !object.isGenerator() ? kListMethods
                      : object.is(Kind::Loop)                    ? kLoopMethods
                                                                 : "";
  int method = indexOfName(table, name);
  if (method < 0)
    return Value::undefined(name);
  Value v = Value::of(Kind::Method);
  v.detail = static_cast<uint8_t>(method);
  Value *self = machine.make<Value>();
  if (!self)
    return Value();
  *self = object;
  v.self = self;
  return v;
}

bool Interpreter::isHidden(Value name) {
  return indexOfName(kHiddenMethods, name) >= 0;
}

Value Interpreter::callMethod(Value self, uint32_t method,
                              Arguments &arguments) {
  Value given[kMaxParameters];
  if (self.isString()) {
    if (!bind(arguments, kStringParameters[method], given))
      return Value();
    return stringMethod(self, method, given);
  }
  if (self.is(Kind::Loop))
    return loopMethod(self.loop, method, arguments);
  if (self.isList()) {
    if (!bind(arguments, method == 2 ? "" : "value!", given))
      return Value();
    if (method == 2)
      return self;
    int64_t count = 0;
    for (uint32_t i = 0; i < self.list->size && !machine.failed(); ++i) {
      if (!machine.equal(self.list->items[i], given[0]))
        continue;
      if (method == 0)
        return Value::whole(i);
      ++count;
    }
    return method ? Value::whole(count) : fail("an item is not in the list");
  }
  if (!bind(arguments, method == kGet ? "key! default" : "", given))
    return Value();
  if (method == kDictCopy)
    return self;
  if (method == kGet) {
    const Value *found = machine.find(self.dict, given[0]);
    return found ? *found : given[1].isUndefined() ? Value::none() : given[1];
  }
  Value result = machine.newList(kList);
  for (uint32_t i = 0; i < self.dict->size && machine.step(); ++i) {
    const Pair &pair = self.dict->pairs[i];
    Value one = method == kKeys ? pair.key : pair.value;
    if (method == kItems) {
      one = machine.newList(kTuple);
      machine.push(one.list, pair.key);
      machine.push(one.list, pair.value);
    }
    machine.push(result.list, one);
  }
  return result;
}

Value Interpreter::loopMethod(Loop *loop, uint32_t method,
                              const Arguments &arguments) {
  const List &items = arguments.positional;
  if (arguments.named.size || (method == 0 && items.size == 0))
    return fail("loop.cycle and loop.changed take values");
  if (method == 0)
    return items.items[loop->index % items.size];
  Value seen = machine.newList(kTuple);
  for (uint32_t i = 0; i < items.size; ++i)
    machine.push(seen.list, items.items[i]);
  if (machine.failed())
    return Value();
  bool changed = !loop->checked || !machine.equal(loop->lastChecked, seen);
  loop->checked = true;
  loop->lastChecked = seen;
  return Value::boolean(changed);
}
