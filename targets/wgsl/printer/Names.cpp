// Identifiers (Names.h).
#include "targets/wgsl/printer/Names.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace sinter;

/// Keywords, and the functions and types the printer spells; a variable of
/// such a name would hide them.
static bool isReserved(StringRef name) {
  static const StringRef words[] = {
      "abs",        "alias",         "array",
      "atan",       "atan2",         "bitcast",
      "bool",       "break",         "case",
      "ceil",       "const",         "continue",
      "continuing", "cos",           "default",
      "diagnostic", "discard",       "else",
      "enable",     "exp",           "exp2",
      "f16",        "f32",           "false",
      "floor",      "fma",           "fn",
      "for",        "group",         "i32",
      "if",         "item",          "lane",
      "let",        "log",           "log2",
      "loop",       "max",           "min",
      "override",   "pow",           "requires",
      "return",     "round",         "scalars",
      "select",     "sin",           "sqrt",
      "struct",     "subgroup_lane", "subgroup_size",
      "switch",     "tan",           "true",
      "trunc",      "u32",           "var",
      "vec2",       "vec3",          "vec4",
      "while",      "workgroup",     "target",
      "ref",        "type",          "filter",
      "shared",     "self",          "private",
      "module",     "final",         "active"};
  return is_contained(words, name) || name.starts_with("__");
}

std::string wgsl::Names::fresh(StringRef wanted) {
  std::string name;
  for (char c : wanted)
    name += isAlnum(c) || c == '_' ? c : '_';
  if (name.empty() || name == "_" || isDigit(name.front()))
    name = "v" + name;
  if (isReserved(name))
    name += "_";
  auto [entry, isNew] = taken.try_emplace(name, 0);
  if (isNew)
    return name;
  for (;;) {
    std::string numbered = name + std::to_string(++entry->second);
    if (!isReserved(numbered) && taken.try_emplace(numbered, 0).second)
      return numbered;
    entry = taken.find(name);
  }
}
