//===- Tests.cpp - What stands after "is" --------------------------------===//
//
// jinja2/tests.py.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Interpreter.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

namespace {
/// In the order of kNames. Up to kFirstWithArgument they take none.
enum TestNumber : uint32_t {
  kDefined,
  kUndefined,
  kNoneTest,
  kBoolean,
  kTrue,
  kFalse,
  kInteger,
  kFloatTest,
  kNumber,
  kStringTest,
  kMapping,
  kIterable,
  kSequence,
  kCallable,
  kOdd,
  kEven,
  kLowerTest,
  kUpperTest,
  kEscaped,
  kFirstWithArgument,
  kSameAs = kFirstWithArgument,
  kDivisibleBy,
  kInTest,
  kFirstComparison
};
const char kNames[] =
    "defined\nundefined\nnone\nboolean\ntrue\nfalse\ninteger\nfloat\nnumber\n"
    "string\nmapping\niterable\nsequence\ncallable\nodd\neven\nlower\nupper\n"
    "escaped\nsameas\ndivisibleby\nin\n"
    "eq\n==\nequalto\nne\n!=\nlt\n<\nlessthan\nle\n<=\ngt\n>\ngreaterthan\nge\n"
    ">=\n";
/// From kFirstComparison on.
const Operation kComparisons[] = {
    Operation::Equal,     Operation::Equal,        Operation::Equal,
    Operation::NotEqual,  Operation::NotEqual,     Operation::Less,
    Operation::Less,      Operation::Less,         Operation::LessEqual,
    Operation::LessEqual, Operation::Greater,      Operation::Greater,
    Operation::Greater,   Operation::GreaterEqual, Operation::GreaterEqual};
} // namespace

/// str.islower or isupper of the value's text.
static bool allOfCase(Value text, bool upper) {
  bool any = false;
  for (uint32_t at = 0; at < text.size;) {
    Char c = decodeUtf8(reinterpret_cast<const uint8_t *>(text.text) + at,
                        text.size - at);
    CharClass kind = charClass(c.code);
    if (kind == CharClass::Title ||
        kind == (upper ? CharClass::Lower : CharClass::Upper))
      return false;
    any |= kind == (upper ? CharClass::Upper : CharClass::Lower);
    at += c.size;
  }
  return any;
}

bool Interpreter::test(Value name, Value v, Arguments &arguments) {
  int found = indexOfName(kNames, name);
  Value given[kMaxParameters];
  if (found < 0)
    return machine.truth(fail("there is no test '", name, "'"));
  uint32_t number = static_cast<uint32_t>(found);
  if (machine.failed() ||
      !bind(arguments, number < kFirstWithArgument ? "" : "other!", given))
    return false;
  Value other = given[0];
  if (number >= kFirstComparison)
    return compareWith(kComparisons[number - kFirstComparison], v, other);
  switch (number) {
  case kDefined:
    return !v.isUndefined();
  case kUndefined:
    return v.isUndefined();
  case kNoneTest:
    return v.isNone();
  case kBoolean:
    return v.is(Kind::Bool);
  case kTrue:
  case kFalse:
    return v.is(Kind::Bool) && (v.integer != 0) == (number == kTrue);
  case kInteger:
    return v.is(Kind::Integer);
  case kFloatTest:
    return v.is(Kind::Float);
  case kNumber:
    return v.isNumber();
  case kStringTest:
    return v.isString();
  case kMapping:
    return v.isDict();
  case kIterable:
    return v.isString() || v.isList() || v.isDict() || v.isUndefined();
  case kSequence:
    return v.isString() || (v.isList() && !v.isGenerator()) || v.isDict() ||
           v.isUndefined();
  case kCallable:
    return v.kind >= Kind::Loop || v.isUndefined();
  case kOdd:
  case kEven:
  case kDivisibleBy: {
    Value divisor = number == kDivisibleBy ? other : Value::whole(2);
    Value rest = calculate(Operation::Remainder, v, divisor);
    return rest.isNumber() && (rest.number() == 0) != (number == kOdd);
  }
  case kLowerTest:
  case kUpperTest: {
    Value text = machine.toText(v);
    machine.step(text.size / 64);
    return allOfCase(text, number == kUpperTest);
  }
  case kSameAs:
    if (v.isList() || v.isDict() || v.is(Kind::Namespace))
      return v.kind == other.kind && v.self == other.self;
    return v.kind == other.kind && machine.equal(v, other);
  case kInTest:
    return contains(other, v);
  default:
    return false; // escaped
  }
}
