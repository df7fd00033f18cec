// What makes a bundle a web page and an ES module: docs/web.md.
#pragma once

#include "compiler/bundle/BundleWriter.h"

namespace sinter {

/// Adds the runtime in wasm, the library and the page, from <resources>/web.
/// UnsupportedError if the compiler was built without them.
llvm::Error addWebPackage(BundleWriter &bundle, llvm::StringRef resources);

} // namespace sinter
