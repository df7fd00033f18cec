//===- FuzzTokenizerJson.cpp - tokenizer.json from anybody ---------------===//
//
// What compiles is used once (UseCompiled.h).
//
//===------------------------------------------------------------------------===//

#include "UseCompiled.h"

using namespace sinter;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef input(reinterpret_cast<const char *>(data), size);
  useCompiled(compileTokenizerJson(input, {}));
  return 0;
}
