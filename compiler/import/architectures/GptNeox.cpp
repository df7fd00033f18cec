//===- GptNeox.cpp - GPT-NeoX, Pythia -----------------------------------===//
//
// Rows of q, k and v are fused head by head.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ConfigKeys.h"
#include "compiler/import/GgufKeys.h"
#include "compiler/import/architectures/Architecture.h"

using namespace sinter;
using namespace sinter::config;

static constexpr NamePair kGptNeoxOutside[] = {
    {"token_embd", "gpt_neox.embed_in"},
    {"output_norm", "gpt_neox.final_layer_norm"},
    {"output", "embed_out"},
};

static constexpr NamePair kGptNeoxInLayer[] = {
    {"attn_norm", "input_layernorm"},
    {"attn_qkv", "attention.query_key_value"},
    {"attn_output", "attention.dense"},
    {"ffn_norm", "post_attention_layernorm"},
    {"ffn_up", "mlp.dense_h_to_4h"},
    {"ffn_down", "mlp.dense_4h_to_h"},
};

static void readGptNeox(Keys &keys, DecoderConfig &config) {
  config.qkvLayout = QkvLayout::PerHead;
  config.parallelResidual = keys.flag("use_parallel_residual", true);
  config.separateMlpNorm = true;
  config.mlpBias = true;
}

static void readGptNeoxGguf(GgufKeys &keys, DecoderConfig &config) {
  config.qkvLayout = QkvLayout::Stacked;
  config.parallelResidual = keys.flag("use_parallel_residual");
  config.separateMlpNorm = true;
}

std::vector<Architecture> config::describeGptNeox() {
  Architecture neox{"gpt_neox"};
  neox.ggufName = "gptneox";
  neox.modelClasses = {"GPTNeoXForCausalLM"};
  neox.hasAttentionBiasKey = neox.attentionBias = neox.layerNorm = true;
  neox.normEpsilon = 1e-5;
  neox.activation = Activation::Gelu;
  neox.rotaryShare = 0.25;
  neox.honoured = {"partial_rotary_factor", "rotary_pct",
                   "use_parallel_residual"};
  neox.readOwn = readGptNeox;
  neox.readGguf = readGptNeoxGguf;
  neox.ggufLayers = "gpt_neox.layers.";
  neox.ggufOutside = kGptNeoxOutside;
  neox.ggufInLayer = kGptNeoxInLayer;
  return {neox};
}
