//===- FuzzSafetensors.cpp - Any bytes as a safetensors file
//----------------===//
//
// The first byte chooses whether the rest is a whole file or a header that gets
// a right length and some data, so that the fuzzer need not invent the length.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/safetensors/Safetensors.h"
#include "llvm/Support/Endian.h"
#include <cstdlib>

using namespace sinter;

/// What readTensors promises must hold for every tensor it gives out.
static void checkPromises(llvm::ArrayRef<TensorInfo> tensors,
                          llvm::ArrayRef<uint8_t> file) {
  uint64_t end = 0;
  for (const TensorInfo &tensor : tensors) {
    if (tensor.offset > file.size() ||
        tensor.bytes > file.size() - tensor.offset || tensor.offset < end ||
        tensorBytes(tensor.dtype, tensor.shape) != tensor.bytes)
      std::abort();
    end = tensor.offset + tensor.bytes;
  }
}

static void read(llvm::ArrayRef<uint8_t> file) {
  llvm::Expected<std::vector<TensorInfo>> tensors =
      safetensors::readTensors(file, "fuzz");
  if (tensors)
    return checkPromises(*tensors, file);
  llvm::Error error = tensors.takeError();
  int code = exitCode(error);
  if (code != kExitInput && code != kExitUnsupported)
    std::abort();
  llvm::consumeError(std::move(error));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  llvm::ArrayRef<uint8_t> rest(data + 1, size - 1);
  if (data[0] & 1) {
    read(rest);
    return 0;
  }
  std::vector<uint8_t> file(8);
  llvm::support::endian::write64le(file.data(), rest.size());
  file.insert(file.end(), rest.begin(), rest.end());
  file.resize(file.size() + (data[0] >> 1));
  read(file);
  return 0;
}
