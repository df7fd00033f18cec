// Any text as the regions of a bundle.
#include "compiler/driver/RegionsFile.h"
#include "compiler/kernels/KernelFamily.h"
#include "compiler/lowering/XfToPlan.h"
#include "compiler/support/Error.h"

#include <cstdlib>

using namespace sinter;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  auto regions = readRegions(text, "fuzz");
  if (!regions) {
    llvm::Error error = regions.takeError();
    int code = exitCode(error);
    if (code != kExitInput && code != kExitUnsupported)
      std::abort();
    llvm::consumeError(std::move(error));
    return 0;
  }
  // What is accepted is a plan's: every kernel has work.
  for (xf::RegionOp region : kernelRegions(*regions->module))
    if (kernels::selectFamily(region).family->workItems(region).items < 1)
      std::abort();
  return 0;
}
