// Identifiers: unique within a scope, and none that WGSL uses itself.
#pragma once

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace sinter::wgsl {

class Names {
public:
  /// `wanted` if it is an identifier nobody has, else something like it:
  /// other characters become underscores, numbers are appended.
  std::string fresh(llvm::StringRef wanted);

private:
  llvm::StringMap<unsigned> taken; ///< name to the last number appended
};

} // namespace sinter::wgsl
