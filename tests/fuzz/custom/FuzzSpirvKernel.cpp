// Any words as what libshaderc might have made of a user's GLSL kernel.
#include "compiler/support/Error.h"
#include "targets/spirv/custom/SpirvReader.h"

#include <cstdlib>
#include <cstring>

using namespace sinter;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::vector<uint32_t> words(size / sizeof(uint32_t));
  if (!words.empty())
    std::memcpy(words.data(), data, words.size() * sizeof(uint32_t));
  auto interface = spirvtarget::readSpirv(words);
  if (!interface) {
    llvm::Error error = interface.takeError();
    if (exitCode(error) != kExitInput)
      std::abort();
    llvm::consumeError(std::move(error));
    return 0;
  }
  for (const spirvtarget::SpirvVariable &variable : interface->variables)
    if (variable.isArrayBlock &&
        (variable.elementBytes < 0 || variable.count < 0))
      std::abort();
  // With another entry point's name it is a module still, with that name.
  auto renamed =
      spirvtarget::readSpirv(spirvtarget::withEntryName(words, "other"));
  if (!renamed || renamed->entry != "other")
    std::abort();
  return 0;
}
