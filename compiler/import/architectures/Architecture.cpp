//===- Architecture.cpp - The table of architectures --------------------===//
//
// See Architecture.h.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/architectures/Architecture.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace sinter;
using namespace sinter::config;

static void add(std::vector<Architecture> &all, std::vector<Architecture> more,
                llvm::StringRef family) {
  for (Architecture &entry : more) {
    entry.family = family;
    all.push_back(std::move(entry));
  }
}

static const std::vector<Architecture> &architectures() {
  static const std::vector<Architecture> table = [] {
    std::vector<Architecture> all;
#define SINTER_FAMILY(Name) add(all, describe##Name(), #Name);
#include "compiler/import/architectures/Families.def"
    return all;
  }();
  return table;
}

const Architecture *config::findArchitecture(llvm::StringRef name) {
  for (const Architecture &entry : architectures())
    if (entry.name == name || llvm::is_contained(entry.otherNames, name))
      return &entry;
  return nullptr;
}

const Architecture *
config::findArchitectureByClass(llvm::StringRef modelClass) {
  for (const Architecture &entry : architectures())
    if (llvm::is_contained(entry.modelClasses, modelClass))
      return &entry;
  return nullptr;
}

static llvm::StringRef ggufNameOf(const Architecture &entry) {
  return entry.ggufName.empty() ? entry.name : entry.ggufName;
}

const Architecture *config::findGgufArchitecture(llvm::StringRef name) {
  for (const Architecture &entry : architectures())
    if (ggufNameOf(entry) == name)
      return &entry;
  return nullptr;
}

static std::string namesBy(llvm::StringRef (*nameOf)(const Architecture &)) {
  std::vector<std::string> names;
  for (const Architecture &entry : architectures())
    names.push_back(nameOf(entry).str());
  return llvm::join(names, ", ");
}

std::string config::architectureNames() {
  return namesBy([](const Architecture &entry) { return entry.name; });
}

std::string config::ggufArchitectureNames() { return namesBy(ggufNameOf); }
