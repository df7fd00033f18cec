//===- Llama.cpp - Llama, Mistral, Qwen2, Qwen3 -------------------------===//
//
// They differ in defaults and in which biases and norms they have.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ConfigKeys.h"
#include "compiler/import/GgufKeys.h"
#include "compiler/import/architectures/Architecture.h"

using namespace sinter;
using namespace sinter::config;

/// Some early files name the order that all files of llama have.
static void readLlamaGguf(GgufKeys &keys, DecoderConfig &) {
  llvm::StringRef order = keys.text("tensor_data_layout");
  if (!order.empty() && order != "Meta AI original pth")
    keys.refuse("tensor_data_layout",
                "is '" + order + "', which is not implemented");
}

std::vector<Architecture> config::describeLlama() {
  Architecture llama{"llama"};
  llama.modelClasses = {"LlamaForCausalLM", "LLaMAForCausalLM"};
  llama.hasAttentionBiasKey = llama.hasMlpBiasKey = llama.ggufSlides = true;
  llama.readGguf = readLlamaGguf;
  llama.ggufRopeInterleaved = true;

  Architecture mistral{"mistral"};
  mistral.modelClasses = {"MistralForCausalLM"};
  mistral.maxPositions = 131072;
  mistral.kvHeads = 8;
  mistral.slidingWindow = 4096;
  mistral.ggufSlides = true;
  mistral.ggufRopeInterleaved = true;

  Architecture qwen2{"qwen2"};
  qwen2.modelClasses = {"Qwen2ForCausalLM"};
  qwen2.maxPositions = 32768;
  qwen2.kvHeads = 32;
  qwen2.slidingWindow = 4096;
  qwen2.windowIsOptional = qwen2.qkvBias = qwen2.ggufSlides = true;

  Architecture qwen3{"qwen3"};
  qwen3.modelClasses = {"Qwen3ForCausalLM"};
  qwen3.maxPositions = 32768;
  qwen3.kvHeads = 32;
  qwen3.headDim = 128;
  qwen3.slidingWindow = 4096;
  qwen3.windowIsOptional = qwen3.hasAttentionBiasKey = qwen3.qkNorm = true;
  qwen3.ggufSlides = true;
  return {llama, mistral, qwen2, qwen3};
}
