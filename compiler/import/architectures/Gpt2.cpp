//===- Gpt2.cpp - GPT-2 -------------------------------------------------===//
//
// Learned positions; matrices are stored transposed.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ConfigKeys.h"
#include "compiler/import/GgufKeys.h"
#include "compiler/import/architectures/Architecture.h"

using namespace sinter;
using namespace sinter::config;

static constexpr NamePair kGpt2Outside[] = {
    {"token_embd", "wte"},
    {"position_embd", "wpe"},
    {"output_norm", "ln_f"},
    {"output", "lm_head"},
};

static constexpr NamePair kGpt2InLayer[] = {
    {"attn_norm", "ln_1"},  {"attn_qkv", "attn.c_attn"},
    {"ffn_norm", "ln_2"},   {"attn_output", "attn.c_proj"},
    {"ffn_up", "mlp.c_fc"}, {"ffn_down", "mlp.c_proj"},
};

static void readGpt2(Keys &keys, DecoderConfig &config) {
  config.qkvLayout = QkvLayout::Stacked;
  if (!keys.flag("scale_attn_weights", true))
    config.attentionScale = 1.0;
  config.scaleByLayer = keys.flag("scale_attn_by_inverse_layer_idx", false);
  config.attentionOutputBias = config.mlpBias = true;
}

static void readGpt2Gguf(GgufKeys &, DecoderConfig &config) {
  config.qkvLayout = QkvLayout::Stacked;
}

std::vector<Architecture> config::describeGpt2() {
  Architecture gpt2{"gpt2"};
  gpt2.modelClasses = {"GPT2LMHeadModel"};
  gpt2.maxPositions = 1024;
  gpt2.widening = 4;
  gpt2.qkvBias = gpt2.tiedByDefault = gpt2.layerNorm = true;
  gpt2.normEpsilon = 1e-5;
  gpt2.activation = Activation::GeluTanh;
  gpt2.readOwn = readGpt2;
  gpt2.readGguf = readGpt2Gguf;
  gpt2.ggufLayers = "h.";
  gpt2.ggufOutside = kGpt2Outside;
  gpt2.ggufInLayer = kGpt2InLayer;
  return {gpt2};
}
