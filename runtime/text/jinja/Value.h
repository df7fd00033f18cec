//===- Value.h - Values of the template language -------------------------===//
//
// A Value is 16 bytes, passed in registers; what it points to lives in the
// machine's arena until the rendering ends. Strings are UTF-8 slices that know
// where their bytes come from (Origin), so that slicing costs nothing and what
// a user typed is never taken for the template's own text.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_JINJA_VALUE_H
#define SINTER_RUNTIME_TEXT_JINJA_VALUE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace sinter {
namespace text {
namespace jinja {

enum class Kind : uint8_t {
  Undefined, // a string that names what was looked for
  None,
  Bool,
  Integer,
  Float,
  String,
  List,
  Dict,
  Namespace, // a Dict whose members can be set
  Loop,
  Macro,
  Function, // a global; detail: its number
  Method,   // self and, in detail, the number of the method
};

/// Of a String: where its bytes come from.
enum Origin : uint8_t {
  kTemplate = 0,
  kInput = 1,
  kMixed = 2 // Machine::marksOf tells for each byte
};

/// Of a List.
enum ListKind : uint8_t { kList = 0, kTuple = 1, kGenerator = 2 };

struct List;
struct Dict;
struct Loop;
struct Macro;

struct Value {
  Kind kind = Kind::Undefined;
  uint8_t detail = 0;
  uint32_t size = 0; // of a String or Undefined: bytes
  union {
    int64_t integer = 0; // also Bool
    double real;
    const char *text;
    List *list;
    Dict *dict;
    Loop *loop;
    Macro *macro;
    const Value *self;
  };

  bool is(Kind k) const { return kind == k; }
  bool isString() const { return kind == Kind::String; }
  bool isList() const { return kind == Kind::List; }
  bool isDict() const { return kind == Kind::Dict; }
  bool isGenerator() const { return isList() && detail == kGenerator; }
  bool isUndefined() const { return kind == Kind::Undefined; }
  bool isNone() const { return kind == Kind::None; }
  /// Bool or Integer: what `integer` is valid for.
  bool isWhole() const { return kind == Kind::Bool || kind == Kind::Integer; }
  bool isNumber() const { return isWhole() || kind == Kind::Float; }
  double number() const { return kind == Kind::Float ? real : double(integer); }

  bool equals(const char *name) const {
    return size == strlen(name) && (size == 0 || !memcmp(text, name, size));
  }
  bool sameText(Value other) const {
    return size == other.size && (size == 0 || !memcmp(text, other.text, size));
  }
  /// Bytes begin..end - 1 of a String.
  Value slice(size_t begin, size_t end) const {
    Value part = *this;
    part.text += begin;
    part.size = static_cast<uint32_t>(end - begin);
    return part;
  }

  static Value none() { return of(Kind::None); }
  static Value boolean(bool b) { return of(Kind::Bool, b); }
  static Value whole(int64_t n) { return of(Kind::Integer, n); }
  static Value floating(double x) {
    Value v = of(Kind::Float);
    v.real = x;
    return v;
  }
  static Value string(const char *text, size_t size, Origin origin) {
    Value v = of(Kind::String);
    v.detail = origin;
    v.size = static_cast<uint32_t>(size);
    v.text = size ? text : "";
    return v;
  }
  static Value string(const char *text) {
    return string(text, strlen(text), kTemplate);
  }
  static Value undefined(Value name) {
    Value v = name;
    v.kind = Kind::Undefined;
    return v;
  }
  static Value of(Kind kind, int64_t integer = 0) {
    Value v;
    v.kind = kind;
    v.integer = integer;
    return v;
  }
};

struct List {
  Value *items = nullptr;
  uint32_t size = 0, capacity = 0;
  uint32_t taken = 0; // of a generator: items that were given out; more than
                      // size: there was nothing to go over, which matters only
                      // when it is used
};

struct Pair {
  Value key, value;
};

/// In order of insertion.
struct Dict {
  Pair *pairs = nullptr;
  uint32_t size = 0, capacity = 0;
};

struct Variable {
  Value name, value;
  Variable *next;
};

struct Scope {
  Scope *parent;
  Variable *variables;
};

struct Node;

struct Macro {
  const Node *node; // a Macro or a CallBlock
  Scope *scope;     // where it was defined
};

/// The variable `loop`.
struct Loop {
  const List *items;
  uint32_t index; // from 0
  uint32_t depth; // from 0
  const Node *node;
  Scope *scope;      // around the loop
  Value lastChecked; // of loop.changed
  bool checked;
};

static_assert(sizeof(Value) == 16, "two registers");

} // namespace jinja
} // namespace text
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_JINJA_VALUE_H
