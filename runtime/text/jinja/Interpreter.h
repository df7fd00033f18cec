//===- Interpreter.h - Runs a template's tree ----------------------------===//
//
// Its parts lie in the files that the comments below name. Semantics are
// Jinja 3.1's over Python's, down to what is an error; attributes are looked up
// in fixed tables only, so that there is no way from a value to anything that a
// template should not reach.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_JINJA_INTERPRETER_H
#define SINTER_RUNTIME_TEXT_JINJA_INTERPRETER_H

#include "runtime/text/Unicode.h"
#include "runtime/text/jinja/Parser.h"

namespace sinter {
namespace text {
namespace jinja {

/// Evaluated arguments of a call.
struct Arguments {
  List positional;
  Dict named;
};

/// At most this many parameters has anything that is built in.
constexpr uint32_t kMaxParameters = 6;

enum class LetterCase : uint8_t { Lower, Upper, Capitalized, Title };

class Interpreter {
public:
  Interpreter(Machine &machine, int64_t now) : machine(machine), now(now) {}

  /// Renders the statements onto the machine's text.
  void run(Node *statements, const Dict *variables);

private:
  // Statements.cpp
  void execute(const Node *list);
  void executeIf(const Node *node);
  void runLoop(const Node *node, Value sequence, uint32_t depth);
  bool runIteration(const Node *node, Loop *loop, Scope *around);
  void executeWith(const Node *node);
  void defineMacro(const Node *node);
  Value capture(const Node *body);
  void assign(const Node *target, Value value);
  Value callMacro(const Macro *macro, const Arguments &arguments);
  bool bindParameters(const Macro *macro, const Arguments &arguments);
  Scope *pushScope(Scope *parent);
  void define(Scope *scope, Value name, Value value);
  Value lookUp(Value name);

  // Expressions.cpp
  Value evaluate(const Node *node);
  Value evaluateLogic(const Node *node);
  Value evaluateCompare(const Node *node);
  Value evaluateItems(const Node *node);
  Value evaluatePairs(const Node *node);
  bool compareWith(Operation operation, Value a, Value b);
  bool contains(Value container, Value item);
  /// The items of what can be looped over, as a List; takes a generator's.
  Value iterate(Value value);
  Value fail(const char *why);
  Value fail(const char *before, Value middle, const char *after);
  Value typeError(const char *what, Value value);
  int64_t wholeOr(Value v, int64_t otherwise);
  bool truthOr(Value v, bool otherwise) const {
    return v.isUndefined() ? otherwise : machine.truth(v);
  }

  // Arithmetic.cpp
  Value evaluateArithmetic(const Node *node);
  Value calculate(Operation operation, Value a, Value b);
  Value calculateWhole(Operation operation, int64_t a, int64_t b);
  Value calculateReal(Operation operation, double a, double b);
  Value repeat(Value value, int64_t count);
  Value joinLists(Value a, Value b);
  Value negate(Value value);

  // Access.cpp
  Value evaluatePostfix(const Node *node);
  Value applyFilters(Value value, const Node *filters);
  Value item(Value object, Value index);
  Value attribute(Value object, Value name);
  Value loopAttribute(const Loop *loop, Value name);
  Value slice(Value object, const Node *node);

  // Calls.cpp
  void evaluateArguments(const Node *list, Arguments &arguments);
  Value call(Value callee, const Node *node);
  Value callFunction(uint32_t function, Arguments &arguments);
  Value callLoop(Value loop, const Arguments &arguments);
  Value range(const Arguments &arguments);
  Value dictOf(const Arguments &arguments);
  /// Puts arguments into given[0..], by place or by the names in `parameters`
  /// ("width first"); "!" after a name: it must be given. What is not given
  /// stays Undefined.
  bool bind(const Arguments &arguments, const char *parameters, Value *given);

  // Filters.cpp
  Value filter(Value name, Value value, Arguments &arguments);
  Value filterNumber(uint32_t filter, Value v, const Value *given);
  Value filterText(uint32_t filter, Value v, const Value *given);
  Value filterList(uint32_t filter, Value v, const Value *given);
  Value indent(Value v, const Value *given);
  Value titleWords(Value text);
  Value escapeHtml(Value text);
  Value toWhole(Value v, const Value *given);
  Value toReal(Value v, const Value *given);
  Value round(Value v, const Value *given);
  Value json(Value v, const Value *given);

  // ListFilters.cpp
  Value length(Value value);
  Value joinText(Value v, Value separator, Value attr);
  Value reverse(Value v);
  Value sort(Value v, bool reverse, bool caseSensitive, Value attr);
  Value sortDict(Value v, bool caseSensitive, Value by, bool reverse);
  Value unique(Value v, bool caseSensitive, Value attr);
  Value extreme(Value v, bool largest, bool caseSensitive, Value attr);
  Value sum(Value v, Value attr, Value start);
  Value map(Value v, Arguments &arguments);
  Value select(Value v, Arguments &arguments, bool byAttribute, bool wanted);
  /// The attribute "a.b.0" of a value; the value itself if none is given.
  Value attributeAt(Value v, Value path);
  /// What it is sorted by: without case unless caseSensitive.
  Value sortKey(Value v, Value attr, bool caseSensitive);

  // Tests.cpp
  bool test(Value name, Value value, Arguments &arguments);

  // Methods.cpp
  Value methodOf(Value object, Value name);
  Value callMethod(Value self, uint32_t method, Arguments &arguments);
  Value loopMethod(Loop *loop, uint32_t method, const Arguments &arguments);
  static bool isHidden(Value name);

  // TextMethods.cpp
  Value stringMethod(Value self, uint32_t method, const Value *given);
  Value findMethod(Value self, uint32_t method, Value part);
  Value joinStrings(Value self, Value given);
  Value pad(Value self, uint32_t method, const Value *given);
  Value strip(Value text, Value chars, bool left, bool right);
  Value split(Value text, Value separator, int64_t most, bool fromRight);
  Value splitSpace(Value text, int64_t most);
  Value splitLines(Value text, bool keepEnds);
  Value partition(Value text, Value separator, bool fromRight);
  Value replace(Value text, Value from, Value to, int64_t most);
  bool hasAffix(Value text, Value affix, bool atEnd);
  /// Where `part` begins in `text` from byte `from` on; text.size if nowhere.
  size_t findText(Value text, Value part, size_t from);
  size_t findTextBackwards(Value text, Value part, size_t end);

  // LetterCase.cpp
  Value changeCase(Value text, LetterCase wanted);

  // Dates.cpp
  Value dateText(Value format);

  Machine &machine;
  int64_t now;
  Scope *scope = nullptr;
  uint32_t macroDepth = 0;
  enum class Jump : uint8_t { None, Break, Continue } jump = Jump::None;
};

/// The character that begins at a byte.
inline Char charAt(Value text, size_t at) {
  return decodeUtf8(reinterpret_cast<const uint8_t *>(text.text) + at,
                    text.size - at);
}

/// Number of a name in a table of names, each followed by a line feed; -1: it
/// is not there.
int indexOfName(const char *table, Value name);

/// A character's other case, for the alphabets that templates meet: Latin,
/// Greek, Cyrillic, Armenian. The same character if it has none.
uint32_t toUpper(uint32_t code);
uint32_t toLower(uint32_t code);

} // namespace jinja
} // namespace text
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_JINJA_INTERPRETER_H
