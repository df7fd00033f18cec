//===- Arithmetic.cpp - Sums, products, comparisons of size -------------===//
//
// Whole numbers have 64 bits: what does not fit is an error, never another
// number.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/jinja/Interpreter.h"

using namespace sinter::text;
using namespace sinter::text::jinja;

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
