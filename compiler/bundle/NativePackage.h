//===- NativePackage.h - What makes a bundle linkable -----------*- C++ -*-===//
//
// Copies the runtime (library, headers, sources) from the compiler's resources
// into the bundle and generates the header and the CMake package of the model.
// The package works from wherever the bundle lies.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/bundle/BundleWriter.h"

#include <string>
#include <vector>

namespace sinter {

struct NativePackage {
  std::string name;   ///< of the model, for comments
  std::string prefix; ///< C identifier, as in `<prefix>_cpu_module`
  /// As in lib/libsinter_model-<arch>.a: "x86_64", "aarch64".
  std::vector<std::string> architectures;
};

/// Adds lib/libsinter_runtime*.a, include/, src/, include/<prefix>.h and
/// lib/cmake/Sinter/. `resources` is a folder with lib/<arch>/, include/ and
/// src/ (see resourceFolder). InputError if it is not there.
llvm::Error addNativePackage(BundleWriter &bundle, const NativePackage &package,
                             llvm::StringRef resources);

/// A C identifier from any text: "TinyLlama-1.1B" -> "tinyllama_1_1b".
std::string identifierFrom(llvm::StringRef text);

} // namespace sinter
