//===- FuzzConfig.cpp - Any text as config.json
//-----------------------------===//
//
// A zero byte separates config.json from generation_config.json.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/ConfigReaders.h"
#include "compiler/import/JsonReader.h"
#include <cstdlib>

using namespace sinter;

static llvm::json::Object parse(llvm::StringRef text) {
  llvm::Expected<llvm::json::Value> value = parseJson(text, "fuzz.json");
  if (!value) {
    llvm::Error error = value.takeError();
    if (exitCode(error) != kExitInput)
      std::abort();
    llvm::consumeError(std::move(error));
    return {};
  }
  llvm::json::Object *object = value->getAsObject();
  return object ? std::move(*object) : llvm::json::Object();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  auto [config, generation] = text.split('\0');
  llvm::Expected<DecoderConfig> result = config::readHuggingFaceKeys(
      parse(config), parse(generation), /*hasHead=*/size % 2 == 0, "fuzz");
  if (result) {
    // Sizes that passed their ranges cannot overflow or be inconsistent.
    if (result->layerSlides.size() != static_cast<size_t>(result->layers) ||
        result->heads % result->kvHeads != 0 || result->rope.dim % 2 != 0 ||
        result->rope.dim != result->headDim)
      std::abort();
    return 0;
  }
  llvm::Error error = result.takeError();
  int code = exitCode(error);
  if (code != kExitInput && code != kExitUnsupported)
    std::abort();
  llvm::consumeError(std::move(error));
  return 0;
}
