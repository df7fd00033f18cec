// See WriteFile.h. Errors of closing count: that is where a full disk shows.
#include "compiler/support/WriteFile.h"

#include "llvm/Support/raw_ostream.h"

llvm::Error sinter::writeFile(const llvm::Twine &path, llvm::StringRef bytes) {
  std::error_code problem;
  llvm::raw_fd_ostream file(path.str(), problem);
  if (!problem) {
    file << bytes;
    file.close();
    problem = file.error();
    file.clear_error();
  }
  return problem
             ? resourceError("cannot write " + path + ": " + problem.message())
             : llvm::Error::success();
}
