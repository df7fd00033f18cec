//===- StringMethods.h - The methods of texts, by number ----------------===//
//
// Number, name and parameters of each; Methods.cpp looks names up,
// TextMethods.cpp runs them.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_JINJA_STRINGMETHODS_H
#define SINTER_RUNTIME_TEXT_JINJA_STRINGMETHODS_H

#include <cstdint>

namespace sinter {
namespace text {
namespace jinja {

/// In the order of kStringMethods and kStringParameters.
enum StringMethod : uint32_t {
  kLower,
  kUpper,
  kCapitalize,
  kTitle,
  kStrip,
  kLstrip,
  kRstrip,
  kSplit,
  kRsplit,
  kSplitLines,
  kStartsWith,
  kEndsWith,
  kReplace,
  kFind,
  kRfind,
  kIndex,
  kCount,
  kJoin,
  kRemovePrefix,
  kRemoveSuffix,
  kPartition,
  kRpartition,
  kZfill,
  kLjust,
  kRjust,
  kIsDigit,
  kIsAlpha,
  kIsAlnum,
  kIsSpace,
  kIsLower,
  kIsUpper
};
inline constexpr char kStringMethods[] =
    "lower\nupper\ncapitalize\ntitle\nstrip\nlstrip\nrstrip\nsplit\nrsplit\n"
    "splitlines\nstartswith\nendswith\nreplace\nfind\nrfind\nindex\ncount\n"
    "join\nremoveprefix\nremovesuffix\npartition\nrpartition\nzfill\nljust\n"
    "rjust\nisdigit\nisalpha\nisalnum\nisspace\nislower\nisupper\n";
inline constexpr const char *kStringParameters[] = {"",
                                                    "",
                                                    "",
                                                    "",
                                                    "chars",
                                                    "chars",
                                                    "chars",
                                                    "sep maxsplit",
                                                    "sep maxsplit",
                                                    "keepends",
                                                    "prefix!",
                                                    "suffix!",
                                                    "old! new! count",
                                                    "sub!",
                                                    "sub!",
                                                    "sub!",
                                                    "sub!",
                                                    "iterable!",
                                                    "prefix!",
                                                    "suffix!",
                                                    "sep!",
                                                    "sep!",
                                                    "width!",
                                                    "width! fillchar",
                                                    "width! fillchar",
                                                    "",
                                                    "",
                                                    "",
                                                    "",
                                                    "",
                                                    ""};

} // namespace jinja
} // namespace text
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_JINJA_STRINGMETHODS_H
