// What the compiler brings along for bundles: runtime libraries, headers,
// sources, the web library. It lies beside the executable.
#pragma once

#include "compiler/bundle/BundleWriter.h"

namespace sinter {

/// <folder of the executable>/../share/sinter.
std::string resourceFolder(llvm::StringRef executable);

/// Copies a folder into the bundle, below `inBundle` (empty: its top), files in
/// order of their paths. InputError if it is empty or not there.
llvm::Error addFolder(BundleWriter &bundle, llvm::StringRef inBundle,
                      const std::string &folder);

} // namespace sinter
