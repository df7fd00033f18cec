// See BundlePlan.h.
#include "compiler/cli/BundlePlan.h"

#include "compiler/support/Error.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace sinter;
using namespace sinter::cli;

static std::string pathIn(llvm::StringRef folder, llvm::StringRef name) {
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, name);
  return path.str().str();
}

static llvm::Expected<std::string> readFile(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return inputError("cannot read " + path + ": " +
                      buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

bool cli::isBundle(llvm::StringRef folder) {
  return llvm::sys::fs::exists(pathIn(folder, "manifest.json"));
}

llvm::Expected<std::vector<BundleProgramFile>>
cli::plansOfBundle(llvm::StringRef folder) {
  std::string path = pathIn(folder, "manifest.json");
  auto text = readFile(path);
  if (!text)
    return text.takeError();
  return readManifestPrograms(*text, path);
}

llvm::Expected<ChosenPlan> cli::planForDevice(llvm::StringRef folder,
                                              llvm::StringRef device) {
  auto programs = plansOfBundle(folder);
  if (!programs)
    return programs.takeError();
  bool any = device.empty() || device == "null";
  std::vector<std::string> all;
  for (BundleProgramFile &program : *programs) {
    llvm::append_range(all, program.targets);
    if (!any && !llvm::is_contained(program.targets, device))
      continue;
    auto bytes = readFile(pathIn(folder, program.plan));
    if (!bytes)
      return bytes.takeError();
    return ChosenPlan{std::move(program), std::move(*bytes)};
  }
  return unsupportedError(folder + " has no plan for " + device +
                          "; it is for " + llvm::join(all, ", "));
}
