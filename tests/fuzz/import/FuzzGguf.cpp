//===- FuzzGguf.cpp - Any bytes as a GGUF model
//-----------------------------===//
//
// The whole way of a model file: opened, hyper-parameters, tokenizer, and the
// first row of every tensor.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/Config.h"
#include "compiler/import/DequantRows.h"
#include "compiler/import/gguf/TokenizerMetadata.h"
#include "llvm/Support/Casting.h"
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

using namespace sinter;

static void checkError(llvm::Error error) {
  int code = exitCode(error);
  if (code != kExitOk && code != kExitInput && code != kExitUnsupported)
    std::abort();
  llvm::consumeError(std::move(error));
}

static void readAll(const ModelSource &source) {
  llvm::Expected<DecoderConfig> config = readConfig(source);
  checkError(config.takeError());
  llvm::Expected<GgufTokenizer> tokenizer =
      readTokenizer(*llvm::cast<GgufFile>(&source));
  checkError(tokenizer.takeError());
  for (const TensorInfo &tensor : source.tensors()) {
    if (tensor.bytes == 0)
      continue;
    uint64_t row =
        *rowBytes(tensor.dtype, static_cast<uint64_t>(tensor.rowElements()));
    std::vector<float> out(static_cast<size_t>(tensor.rowElements()));
    readRowF32(tensor.dtype, source.bytes(tensor).take_front(row).data(),
               tensor.rowElements(), out.data());
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const int descriptor = ::memfd_create("fuzz.gguf", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, data, size, 0) != static_cast<ssize_t>(size))
    std::abort();
  // Not openModel: it would try every format by path.
  llvm::Expected<std::unique_ptr<ModelSource>> source = GgufFile::open(path);
  if (source)
    readAll(**source);
  else
    checkError(source.takeError());
  return 0;
}
