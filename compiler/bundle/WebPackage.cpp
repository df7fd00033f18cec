// See WebPackage.h.
#include "compiler/bundle/WebPackage.h"

#include "compiler/bundle/ResourceFolder.h"
#include "compiler/support/Error.h"
#include "llvm/Support/FileSystem.h"

using namespace sinter;

llvm::Error sinter::addWebPackage(BundleWriter &bundle,
                                  llvm::StringRef resources) {
  std::string folder = (resources + "/web").str();
  if (!llvm::sys::fs::is_directory(folder))
    return unsupportedError(folder +
                            " is not there: this sinter was built without the "
                            "web library; build it where npm and the wasm32 "
                            "libraries of clang are installed");
  return addFolder(bundle, "", folder);
}
