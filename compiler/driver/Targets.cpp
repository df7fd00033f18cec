// The targets by name; the only place that knows them all.
#include "compiler/driver/Compile.h"

namespace sinter {
#define SINTER_TARGET(NAME, GET) const Target &GET();
#include "compiler/driver/Targets.def"
} // namespace sinter

using namespace sinter;

const Target *sinter::findTarget(llvm::StringRef name) {
#define SINTER_TARGET(NAME, GET)                                               \
  if (name == NAME)                                                            \
    return &GET();
#include "compiler/driver/Targets.def"
  return nullptr;
}

std::string sinter::targetList() {
  std::string list;
#define SINTER_TARGET(NAME, GET)                                               \
  list += (list.empty() ? "" : ", ");                                          \
  list += NAME;
#include "compiler/driver/Targets.def"
  return list;
}
