// Objects to a shared library and to a static archive, in this process.
#pragma once

#include "targets/cpu/CpuVariants.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace sinter::cpu {

struct NamedObject {
  std::string name; ///< file name, as a member of the archive
  std::string bytes;
};

/// A shared library without dependencies. The same objects give the same bytes.
/// InternalError with the linker's words, or ResourceError if the temporary
/// folder cannot be written.
llvm::Expected<std::string>
linkSharedLibrary(llvm::ArrayRef<NamedObject> objects);

/// A static archive with symbol table, without times and owners.
llvm::Expected<std::string> writeArchive(llvm::ArrayRef<NamedObject> objects);

} // namespace sinter::cpu
