// A whole file in one call. Bundles are written by BundleWriter, which syncs,
// hashes and renames; this is for everything smaller.
#pragma once

#include "compiler/support/Error.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

namespace sinter {

/// Writes the bytes, in place of what the file held. ResourceError with the
/// path and what the system says.
llvm::Error writeFile(const llvm::Twine &path, llvm::StringRef bytes);

} // namespace sinter
