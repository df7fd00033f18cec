// Objects to a shared library, a static archive or a WebAssembly module, in
// this process.
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

/// A WebAssembly module (PIC, `-shared`) that imports its memory and exports
/// what the object marks. Errors as above.
llvm::Expected<std::string> linkWasmModule(const NamedObject &object);

/// The same module for a shared memory, of any size. InternalError if it is not
/// a module of linkWasmModule. (lld's wasm driver must not be asked in the same
/// process: what it knows of a threaded link it does not forget, and the next
/// one loses a function.)
llvm::Expected<std::string> withSharedMemory(llvm::StringRef module);

/// A static archive with symbol table, without times and owners.
llvm::Expected<std::string> writeArchive(llvm::ArrayRef<NamedObject> objects);

} // namespace sinter::cpu
