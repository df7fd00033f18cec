//===- Machine.h - Limits, memory, failure and text of a rendering -------===//
//
// What lexer, parser and interpreter share. The first failure is kept; from
// then on failed() is true, whatever happens afterwards does not matter, and
// loops end: so functions return plain values, not statuses.
//
// Text under construction is one stack of bytes: open() starts a text on top,
// append() adds to the topmost, close() makes it a String. What remains at the
// bottom is the output.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_JINJA_MACHINE_H
#define SINTER_RUNTIME_TEXT_JINJA_MACHINE_H

#include "runtime/text/ChatTemplate.h"
#include "runtime/text/jinja/Value.h"

#include <new>

namespace sinter {
namespace text {
namespace jinja {

class Machine {
public:
  explicit Machine(const RenderLimits &limits) : limits(limits) {}
  Machine(const Machine &) = delete;
  Machine &operator=(const Machine &) = delete;
  ~Machine();

  // -- Failure
  bool failed() const { return status != RenderStatus::Ok; }
  /// Records the first failure: `before`, `middle` (a String, or what Undefined
  /// was looked for) in quotes, `after`, one after the other.
  void fail(RenderStatus why, const char *before);
  void fail(RenderStatus why, const char *before, Value middle,
            const char *after);
  /// Counts work; false when there was too much, or after a failure.
  bool step(size_t count = 1);

  // -- Memory
  /// Null after a failure, which it records. Aligned to 8.
  void *allocate(size_t bytes);
  template <typename T> T *make() {
    void *place = allocate(sizeof(T));
    return place ? ::new (place) T() : nullptr;
  }
  Value newList(ListKind kind);
  Value newDict();
  bool push(List *list, Value item);
  /// The value of a key, or null. Keys are equal as Python's are.
  Value *find(const Dict *dict, Value key);
  bool set(Dict *dict, Value key, Value value);
  Value *find(const Dict *dict, const char *key) {
    return find(dict, Value::string(key));
  }

  // -- Text
  size_t open() const { return text.size(); }
  bool append(const char *bytes, size_t count, Origin origin = kTemplate);
  bool append(const char *bytes) { return append(bytes, strlen(bytes)); }
  bool append(Value string);
  /// A character by its code point.
  bool appendChar(uint32_t code, Origin origin = kTemplate);
  bool appendWhole(int64_t number);
  Value close(size_t begin);
  /// Of a kMixed String: the Origin of each byte.
  const uint8_t *marksOf(Value string) const;

  // -- Values, as Python has them
  bool truth(Value v) const;
  bool equal(Value a, Value b);
  /// Negative, zero or positive; a failure if they have no order.
  int compare(Value a, Value b);
  /// A copy of the pairs in the order of their keys; equal ones keep theirs.
  /// Null after a failure.
  const Pair *sorted(const Pair *pairs, uint32_t count, bool reverse);
  static const char *typeName(Value v);
  /// str(v) and repr(v), appended.
  void appendText(Value v);
  void appendRepr(Value v);
  /// v itself if it is a String, else str(v).
  Value toText(Value v);

  // -- JSON
  struct JsonStyle {
    bool ascii = false, sortKeys = false, pretty = false;
    Value indent; // String: one level
    Value itemSeparator, keySeparator;
  };
  void appendJson(Value v, const JsonStyle &style, uint32_t level = 0);
  /// The value of a JSON text, whose strings are of Origin kInput; `what` is it
  /// called in messages.
  Value parseJson(const char *json, size_t size, const char *what);

  const RenderLimits &limits;
  RenderStatus status = RenderStatus::Ok;
  char message[256] = "";
  uint32_t messageLine = 0;
  uint32_t line = 0;  // where the machine is
  uint32_t depth = 0; // of recursion, see Nested
  Buffer<char> text;
  Buffer<uint8_t> marks;

private:
  struct Chunk {
    Chunk *next;
    size_t size;
  };
  /// Where mixed Strings lie: `capacity` bytes of text, then their marks.
  struct Mixed {
    Mixed *next;
    char *text;
    size_t capacity, used;
  };
  char *allocateMixed(size_t size);
  Chunk *chunks = nullptr;
  Mixed *mixed = nullptr;
  char *free = nullptr, *freeEnd = nullptr;
  size_t allocated = 0, worked = 0;
};

/// One level of recursion while it exists. A level of the template's own
/// nesting costs several.
class Nested {
public:
  explicit Nested(Machine &machine) : machine(machine) {
    if (++machine.depth > kLevels * machine.limits.depth)
      machine.fail(RenderStatus::LimitReached, "nested too deeply");
  }
  ~Nested() { --machine.depth; }
  Nested(const Nested &) = delete;
  Nested &operator=(const Nested &) = delete;
  static constexpr uint32_t kLevels = 6;

private:
  Machine &machine;
};

/// Spaces, as Python's str.isspace has them.
bool isSpace(uint32_t code);
/// Bytes of white space at the beginning and the end of a text.
size_t spaceAtStart(const char *text, size_t size);
size_t spaceAtEnd(const char *text, size_t size);
/// Characters of a text.
size_t countChars(const char *text, size_t size);
/// Where character `index` begins; size if there are fewer.
size_t charOffset(const char *text, size_t size, size_t index);

/// Shortest decimal that reads back as x, as Python's repr; returns its length,
/// at most 32.
size_t printDouble(double x, char *out);
/// Reads an optional sign, digits, fraction and exponent that fill the text
/// exactly; correctly rounded. False if they do not.
bool parseDouble(const char *text, size_t size, double &x);
/// x rounded to `digits` decimal places, halves to even, as Python's round.
double roundDouble(double x, int digits);
/// Decimal digits with an optional sign; false if they do not fit or fill it.
bool parseWhole(const char *text, size_t size, int64_t &n);

} // namespace jinja
} // namespace text
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_JINJA_MACHINE_H
