// Which plan of a bundle a command looks at: bundles for CPUs and for grids
// have one each, and one for Vulkan alone has no plan.fb.
#pragma once

#include "compiler/bundle/Manifest.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace sinter::cli {

/// The plans of a bundle, the CPU's first. An error if the folder is no bundle.
llvm::Expected<std::vector<BundleProgramFile>>
plansOfBundle(llvm::StringRef folder);

/// Whether a folder looks like a bundle.
bool isBundle(llvm::StringRef folder);

/// A plan's bytes, and which it is.
struct ChosenPlan {
  BundleProgramFile program;
  std::string bytes;
};

/// The plan that `device` ("cpu", "vulkan", ...) runs; "" and "null": the
/// first. An unsupported error names what the bundle is for.
llvm::Expected<ChosenPlan> planForDevice(llvm::StringRef folder,
                                         llvm::StringRef device);

} // namespace sinter::cli
