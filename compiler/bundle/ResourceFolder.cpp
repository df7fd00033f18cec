// See ResourceFolder.h.
#include "compiler/bundle/ResourceFolder.h"

#include "compiler/support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace sinter;
using llvm::StringRef;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

std::string sinter::resourceFolder(StringRef executable) {
  llvm::SmallString<256> folder(path::parent_path(executable));
  path::append(folder, "..", "share", "sinter");
  path::remove_dots(folder, /*remove_dot_dot=*/true);
  return std::string(folder);
}

llvm::Error sinter::addFolder(BundleWriter &bundle, StringRef inBundle,
                              const std::string &folder) {
  std::vector<std::string> files;
  std::error_code code;
  for (fs::recursive_directory_iterator it(folder, code), end;
       !code && it != end; it.increment(code))
    if (fs::is_regular_file(it->path()))
      files.push_back(it->path().substr(folder.size() + 1));
  if (code || files.empty())
    return inputError(folder + ": " +
                      (code ? code.message() : "no files in it") +
                      "; it belongs beside the program, install it again");
  llvm::sort(files);
  std::string prefix = inBundle.empty() ? "" : (inBundle + "/").str();
  for (const std::string &file : files)
    if (llvm::Error error = bundle.addCopy(prefix + file, folder + "/" + file))
      return error;
  return llvm::Error::success();
}
