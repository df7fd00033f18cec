// The custom kernels of a bundle, from its manifest (docs/custom-kernels.md).
#pragma once

#include "compiler/bundle/Manifest.h"

#include "llvm/Support/JSON.h"

namespace sinter::cli {

using CustomKernelList = std::vector<ManifestInfo::CustomKernel>;

/// Those that the bundle's manifest lists; none for a model or another folder.
llvm::Expected<CustomKernelList> readCustomKernels(llvm::StringRef bundle);

/// A line per kernel; nothing without custom kernels.
void printCustom(const CustomKernelList &kernels, llvm::raw_ostream &out);
llvm::json::Array customJson(const CustomKernelList &kernels);

} // namespace sinter::cli
