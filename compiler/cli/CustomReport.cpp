// See CustomReport.h.
#include "compiler/cli/CustomReport.h"

#include "compiler/support/Error.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace sinter;
using namespace sinter::cli;

/// Characters of a hash that people look at.
static constexpr size_t kShortHash = 12;

llvm::Expected<CustomKernelList>
cli::readCustomKernels(llvm::StringRef bundle) {
  llvm::SmallString<128> path(bundle);
  llvm::sys::path::append(path, "manifest.json");
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return CustomKernelList();
  auto json = llvm::json::parse((*buffer)->getBuffer());
  if (!json)
    return inputError(path + ": " + llvm::toString(json.takeError()));
  const llvm::json::Object *root = json->getAsObject();
  const llvm::json::Array *list =
      root ? root->getArray("custom_kernels") : nullptr;
  CustomKernelList kernels;
  if (!list)
    return kernels;
  for (const llvm::json::Value &value : *list) {
    ManifestInfo::CustomKernel kernel;
    llvm::json::Path::Root where("custom_kernels");
    llvm::json::ObjectMapper mapper(value, where);
    if (!mapper || !mapper.map("id", kernel.id) ||
        !mapper.map("target", kernel.target) ||
        !mapper.map("variant", kernel.variant) ||
        !mapper.map("file", kernel.file) ||
        !mapper.map("sha256", kernel.sha256) ||
        !mapper.map("checked", kernel.checked))
      return inputError(path + ": " + llvm::toString(where.getError()));
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}

void cli::printCustom(const CustomKernelList &kernels, llvm::raw_ostream &out) {
  for (const ManifestInfo::CustomKernel &kernel : kernels)
    out << llvm::formatv("custom kernel {0} of {1} {2}: {3} (sha256 {4}){5}\n",
                         kernel.id, kernel.target, kernel.variant, kernel.file,
                         llvm::StringRef(kernel.sha256).take_front(kShortHash),
                         kernel.checked ? ""
                                        : ", not compared with the reference");
}

llvm::json::Array cli::customJson(const CustomKernelList &kernels) {
  llvm::json::Array list;
  for (const ManifestInfo::CustomKernel &kernel : kernels)
    list.push_back(llvm::json::Object{{"id", kernel.id},
                                      {"target", kernel.target},
                                      {"variant", kernel.variant},
                                      {"file", kernel.file},
                                      {"sha256", kernel.sha256},
                                      {"checked", kernel.checked}});
  return list;
}
