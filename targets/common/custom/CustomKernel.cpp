// What all languages of custom kernels have in common; see CustomKernel.h.
#include "targets/common/custom/CustomKernel.h"

#include "compiler/support/Error.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace llvm;
using namespace sinter;

/// More items than any plan has.
static constexpr int64_t kMostItems = 1 << 20;

Error sinter::errorAt(const KernelSource &source, int64_t line,
                      const Twine &message) {
  return inputError(source.path + (line ? ":" + Twine(line) : Twine("")) +
                    ": " + message);
}

Error sinter::checkAllDeclared(const KernelSource &source,
                               const KernelInterface &interface,
                               const std::vector<bool> &seen) {
  for (auto [index, there] : enumerate(seen))
    if (!there)
      return errorAt(source, 0,
                     "binding " + Twine(index) + " (" +
                         interface.bindings[index].meaning +
                         ") is not declared; the region has " +
                         Twine(seen.size()) + " bindings");
  return Error::success();
}

static Error readDirective(const KernelSource &source, int64_t line,
                           StringRef text, KernelDirectives &directives) {
  auto [word, rest] = text.split(' ');
  StringRef value = rest.trim();
  if (word == "items_per_group") {
    if (value.getAsInteger(10, directives.itemsPerGroup) ||
        directives.itemsPerGroup < 1 || directives.itemsPerGroup > kMostItems)
      return errorAt(source, line,
                     "items_per_group '" + value +
                         "' is no whole number from 1 to " + Twine(kMostItems));
    return Error::success();
  }
  if (word == "tolerance") {
    if (value.getAsDouble(directives.tolerance) ||
        !std::isfinite(directives.tolerance) || directives.tolerance <= 0 ||
        directives.tolerance >= 1)
      return errorAt(source, line,
                     "tolerance '" + value + "' is no number between 0 and 1");
    return Error::success();
  }
  return errorAt(source, line,
                 "directive '" + word +
                     "' is not known; use items_per_group or tolerance");
}

Expected<KernelDirectives> sinter::readDirectives(const KernelSource &source) {
  KernelDirectives directives;
  int64_t number = 0;
  for (StringRef line : split(source.text, '\n')) {
    ++number;
    line = line.trim();
    if (!line.consume_front("//"))
      continue;
    line = line.ltrim();
    if (!line.consume_front("sinter:"))
      continue;
    if (Error error = readDirective(source, number, line.trim(), directives))
      return std::move(error);
  }
  return directives;
}

Error sinter::checkGroup(const KernelSource &source, int64_t line,
                         const std::array<int64_t, 3> &group, int64_t most,
                         const std::array<int64_t, 3> &sizes) {
  int64_t lanes = 1;
  for (auto [size, limit] : zip_equal(group, sizes)) {
    if (size < 1 || size > limit)
      return errorAt(source, line,
                     formatv("the workgroup is {0} x {1} x {2}, at most {3} x "
                             "{4} x {5} is allowed",
                             group[0], group[1], group[2], sizes[0], sizes[1],
                             sizes[2]));
    lanes *= size;
  }
  if (lanes > most)
    return errorAt(source, line,
                   formatv("the workgroup has {0} lanes, at most {1} are "
                           "allowed",
                           lanes, most));
  return Error::success();
}

std::string sinter::skeletonHead(const KernelInterface &interface,
                                 StringRef api) {
  std::string text;
  raw_string_ostream out(text);
  out << "// " << interface.id << " for " << api << ": what the generated "
      << interface.family << " kernel computes,\n"
      << "// with argument i of the region as binding i and the results after "
         "them:\n//\n";
  for (const std::string &op : interface.ops)
    out << "//   " << op << "\n";
  out << "//\n// Grid: x = ceil(" << interface.items
      << " / items_per_group), y = ";
  if (interface.perTokens)
    out << "ceil(token_count / " << interface.perTokens
        << "): a block of tokens each";
  else
    out << "1";
  out << " (docs/custom-kernels.md).\n"
      << "// sinter: items_per_group 1\n";
  return text;
}
