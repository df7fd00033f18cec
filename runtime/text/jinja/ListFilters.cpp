//===- ListFilters.cpp - Filters of lists, dicts and whatever has items -===//
//
// map, select and their kin give generators: true, without a length, used up by
// one loop.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Interpreter.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

Value Interpreter::length(Value v) {
  switch (v.kind) {
  case Kind::Undefined:
    return Value::whole(0);
  case Kind::String:
    machine.step(v.size / 256);
    return Value::whole(int64_t(countChars(v.text, v.size)));
  case Kind::Dict:
    return Value::whole(v.dict->size);
  case Kind::Loop:
    return Value::whole(v.loop->items->size);
  default:
    if (v.isList() && !v.isGenerator())
      return Value::whole(v.list->size);
    return typeError("there is no length of a value of type '", v);
  }
}

Value Interpreter::attributeAt(Value v, Value path) {
  if (path.isUndefined() || path.isNone())
    return v;
  if (!path.isString())
    return item(v, path);
  Value at = v;
  for (size_t begin = 0; begin <= path.size && machine.step();) {
    size_t end = findText(path, Value::string("."), begin);
    Value part = path.slice(begin, end);
    int64_t index;
    bool whole = part.size && part.text[0] >= '0' && part.text[0] <= '9' &&
                 parseWhole(part.text, part.size, index);
    at = item(at, whole ? Value::whole(index) : part);
    begin = end + 1;
  }
  return at;
}

Value Interpreter::joinText(Value v, Value separator, Value attr) {
  Value items = iterate(v);
  if (machine.failed())
    return Value();
  size_t begin = machine.open();
  for (uint32_t i = 0; i < items.list->size && machine.step(); ++i) {
    if (i)
      machine.appendText(separator);
    machine.appendText(attributeAt(items.list->items[i], attr));
  }
  return machine.close(begin);
}

Value Interpreter::reverse(Value v) {
  Value items = iterate(v);
  Value result = machine.newList(kGenerator);
  if (machine.failed())
    return Value();
  for (uint32_t i = items.list->size; i > 0 && machine.step(); --i)
    machine.push(result.list, items.list->items[i - 1]);
  if (!v.isString())
    return result;
  result.detail = kList;
  return joinText(result, Value(), Value());
}

Value Interpreter::sortKey(Value v, Value attr, bool caseSensitive) {
  Value key = attributeAt(v, attr);
  return key.isString() && !caseSensitive ? changeCase(key, LetterCase::Lower)
                                          : key;
}

Value Interpreter::sort(Value v, bool reverse, bool caseSensitive, Value attr) {
  Value items = iterate(v), result = machine.newList(kList);
  Dict keyed; // only its array is used: keys may be equal
  if (machine.failed())
    return Value();
  uint32_t count = items.list->size;
  keyed.pairs = static_cast<Pair *>(machine.allocate(sizeof(Pair) * count));
  // "a,b" sorts by a, then by b.
  bool several = attr.isString() && memchr(attr.text, ',', attr.size);
  Value parts = several ? split(attr, Value::string(","), -1, false) : Value();
  for (uint32_t i = 0; keyed.pairs && i < count && machine.step(); ++i) {
    Value one = items.list->items[i];
    Value key =
        several ? machine.newList(kTuple) : sortKey(one, attr, caseSensitive);
    for (uint32_t p = 0; several && !machine.failed() && p < parts.list->size;
         ++p)
      machine.push(key.list, sortKey(one, parts.list->items[p], caseSensitive));
    keyed.pairs[i] = {key, one};
  }
  const Pair *sorted = machine.sorted(keyed.pairs, count, reverse);
  for (uint32_t i = 0; sorted && i < count; ++i)
    machine.push(result.list, sorted[i].value);
  return result;
}

Value Interpreter::sortDict(Value v, bool caseSensitive, Value by,
                            bool reverse) {
  if (!v.isDict())
    return typeError("dictsort takes a dict, not '", v);
  bool byValue = by.isString() && by.equals("value");
  Arguments none;
  Value items = callMethod(v, 1, none);
  Value attr = Value::whole(byValue);
  return sort(items, reverse, caseSensitive, attr);
}

Value Interpreter::unique(Value v, bool caseSensitive, Value attr) {
  Value items = iterate(v), result = machine.newList(kGenerator);
  Value seen = machine.newList(kList);
  for (uint32_t i = 0; !machine.failed() && i < items.list->size; ++i) {
    Value key = sortKey(items.list->items[i], attr, caseSensitive);
    bool known = false;
    for (uint32_t k = 0; k < seen.list->size && !known; ++k)
      known = machine.equal(seen.list->items[k], key);
    if (known)
      continue;
    machine.push(seen.list, key);
    machine.push(result.list, items.list->items[i]);
  }
  return result;
}

Value Interpreter::extreme(Value v, bool largest, bool caseSensitive,
                           Value attr) {
  Value items = iterate(v), best, bestKey;
  for (uint32_t i = 0; !machine.failed() && i < items.list->size; ++i) {
    Value key = sortKey(items.list->items[i], attr, caseSensitive);
    int order = i ? machine.compare(key, bestKey) : 0;
    if (i == 0 || (largest ? order > 0 : order < 0)) {
      best = items.list->items[i];
      bestKey = key;
    }
  }
  return best;
}

Value Interpreter::sum(Value v, Value attr, Value start) {
  Value items = iterate(v);
  Value total = start.isUndefined() ? Value::whole(0) : start;
  for (uint32_t i = 0; !machine.failed() && i < items.list->size; ++i)
    total = calculate(Operation::Add, total,
                      attributeAt(items.list->items[i], attr));
  return total;
}

/// Takes the first argument by place away; false, and a failure, without one.
static bool takeFirst(Arguments &arguments, Value &first) {
  if (arguments.positional.size == 0)
    return false;
  first = arguments.positional.items[0];
  ++arguments.positional.items;
  --arguments.positional.size;
  arguments.positional.capacity = arguments.positional.size;
  return true;
}

/// Whether iterate() would refuse a value: none, numbers, ...
static bool hasItems(Value v) {
  return v.isString() || v.isList() || v.isDict() || v.isUndefined();
}

Value Interpreter::map(Value v, Arguments &arguments) {
  Value result = machine.newList(kGenerator);
  if (!machine.failed() && !hasItems(v)) {
    result.list->taken = machine.truth(v);
    return result;
  }
  Value items = iterate(v);
  if (machine.failed())
    return Value();
  Value name, given[kMaxParameters];
  bool byFilter = takeFirst(arguments, name);
  if (byFilter ? !name.isString()
               : !bind(arguments, "attribute! default", given))
    return fail("map takes the name of a filter or attribute='name'");
  for (uint32_t i = 0; i < items.list->size && machine.step(); ++i) {
    Value one = items.list->items[i];
    Value made;
    if (byFilter) {
      Arguments copy = arguments;
      made = filter(name, one, copy);
    } else {
      made = attributeAt(one, given[0]);
      if (made.isUndefined() && !given[1].isUndefined())
        made = given[1];
    }
    machine.push(result.list, made);
  }
  return result;
}

Value Interpreter::select(Value v, Arguments &arguments, bool byAttribute,
                          bool wanted) {
  Value path, name, result = machine.newList(kGenerator);
  if (!machine.failed() && !hasItems(v)) {
    result.list->taken = machine.truth(v);
    return result;
  }
  Value items = iterate(v);
  if (machine.failed())
    return Value();
  if (byAttribute && !takeFirst(arguments, path))
    return fail("the name of an attribute is missing");
  bool byTest = takeFirst(arguments, name);
  if (byTest && !name.isString())
    return fail("a test is named by a text");
  for (uint32_t i = 0; i < items.list->size && machine.step(); ++i) {
    Value one = items.list->items[i];
    Value tested = attributeAt(one, path);
    Arguments copy = arguments;
    if ((byTest ? test(name, tested, copy) : machine.truth(tested)) == wanted)
      machine.push(result.list, one);
  }
  return result;
}
