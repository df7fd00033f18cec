// Any text as a user's WGSL kernel, for the region of examples/custom_kernel.
#include "compiler/support/Error.h"
#include "targets/wgsl/custom/WgslKernel.h"

#include <cstdlib>

using namespace sinter;

static KernelInterface downRegion() {
  KernelInterface region;
  region.id = "linear_test";
  region.items = 12;
  region.bindings = {
      {"x0", BindingElement::f32, 2048, false, false, "f32 [1][512]"},
      {"w1", BindingElement::packed, 55296, true, false, "weight, q4_0"},
      {"x2", BindingElement::f32, 768, false, false, "f32 [1][192]"},
      {"y3", BindingElement::f32, 768, false, true, "result, f32 [1][192]"}};
  return region;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const KernelInterface region = downRegion();
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
