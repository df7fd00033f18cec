// Any text as a user's WGSL kernel, for the region of examples/custom_kernel.
#include "compiler/support/Error.h"
#include "targets/wgsl/custom/WgslKernel.h"
#include "tests/unit/custom/DownRegion.h"

#include <cstdlib>

using namespace sinter;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const KernelInterface region = test::downRegion();
  KernelSource source{"fuzz.wgsl",
                      std::string(reinterpret_cast<const char *>(data), size)};
  auto kernel = wgsl::readWgsl(region, source);
  if (kernel) {
    // What is accepted can be dispatched and written into a bundle.
    if (kernel->entry.empty() || kernel->code != source.text ||
        kernel->group[0] < 1 || kernel->group[0] > 256)
      std::abort();
    return 0;
  }
  llvm::Error error = kernel.takeError();
  int code = exitCode(error);
  if (code != kExitInput && code != kExitUnsupported)
    std::abort();
  llvm::consumeError(std::move(error));
  return 0;
}
