//===- Gemma.cpp - Gemma, Gemma 2, Gemma 3 ------------------------------===//
//
// Keys of Google's configuration classes; the models' reports for what they
// mean.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ConfigKeys.h"
#include "compiler/import/GgufKeys.h"
#include "compiler/import/architectures/Architecture.h"
#include <cmath>

using namespace sinter;
using namespace sinter::config;

static constexpr NamePair kGemma2InLayer[] = {
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"attn_q_norm", "self_attn.q_norm"},
    {"attn_k_norm", "self_attn.k_norm"},
    {"post_attention_norm", "post_attention_layernorm"},
    {"ffn_norm", "pre_feedforward_layernorm"},
    {"post_ffw_norm", "post_feedforward_layernorm"},
    {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
};

/// Gemma multiplies embeddings by the f32 nearest to sqrt(hidden).
static void scaleEmbeddings(DecoderConfig &config) {
  config.embeddingScale =
      std::sqrt(static_cast<float>(static_cast<double>(config.hiddenSize)));
}

static void readGemma(Keys &, DecoderConfig &config) {
  scaleEmbeddings(config);
}

static void readGemmaScale(Keys &keys, DecoderConfig &config) {
  double scalar = keys.real("query_pre_attn_scalar", 256);
  if (!(scalar > 0))
    return keys.fail("query_pre_attn_scalar", "is not positive");
  config.attentionScale = 1.0 / std::sqrt(scalar);
}

static void readGemma2(Keys &keys, DecoderConfig &config) {
  scaleEmbeddings(config);
  readGemmaScale(keys, config);
  bool noCap = keys.isNull("attn_logit_softcapping");
  config.attentionSoftcap =
      keys.real("attn_logit_softcapping", noCap ? 0.0 : 50.0);
  noCap = keys.isNull("final_logit_softcapping");
  config.logitSoftcap = keys.real("final_logit_softcapping", noCap ? 0 : 30.0);
}

static void readGemma3(Keys &keys, DecoderConfig &config) {
  scaleEmbeddings(config);
  readGemmaScale(keys, config);
  config.attentionSoftcap = keys.real("attn_logit_softcapping", 0.0);
  config.logitSoftcap = keys.real("final_logit_softcapping", 0.0);
}

static void readGemmaGguf(GgufKeys &, DecoderConfig &config) {
  scaleEmbeddings(config);
}

/// Files have no query_pre_attn_scalar: it is the head dimension, but hidden /
/// heads in the 27B models, which their layers tell (46 in Gemma 2, 62 in
/// Gemma 3). A file that says attention.scale is believed.
static void readGemmaScale(GgufKeys &keys, DecoderConfig &config,
                           int64_t layersOf27B) {
  double scalar = static_cast<double>(config.layers == layersOf27B
                                          ? config.hiddenSize / config.heads
                                          : config.headDim);
  config.attentionScale = keys.real("attention.scale", 1 / std::sqrt(scalar));
}

static void readGemma2Gguf(GgufKeys &keys, DecoderConfig &config) {
  scaleEmbeddings(config);
  readGemmaScale(keys, config, 46);
  config.attentionSoftcap = keys.real("attn_logit_softcapping", 50.0);
  config.logitSoftcap = keys.real("final_logit_softcapping", 30.0);
}

static void readGemma3Gguf(GgufKeys &keys, DecoderConfig &config) {
  scaleEmbeddings(config);
  readGemmaScale(keys, config, 62);
  config.logitSoftcap = keys.real("final_logit_softcapping", 0.0);
}

std::vector<Architecture> config::describeGemma() {
  Architecture gemma{"gemma"};
  gemma.modelClasses = {"GemmaForCausalLM"};
  gemma.maxPositions = 8192;
  gemma.kvHeads = 16;
  gemma.headDim = 256;
  gemma.tiedByDefault = gemma.hasAttentionBiasKey = true;
  gemma.activation = Activation::GeluTanh;
  gemma.oldGeluIsTanh = true;
  gemma.readOwn = readGemma;
  gemma.readGguf = readGemmaGguf;

  Architecture gemma2 = gemma;
  gemma2.name = "gemma2";
  gemma2.modelClasses = {"Gemma2ForCausalLM"};
  gemma2.kvHeads = 4;
  gemma2.slidingWindow = 4096;
  gemma2.windowPeriod = 2;
  gemma2.honoured = {"attn_logit_softcapping", "final_logit_softcapping",
                     "query_pre_attn_scalar"};
  gemma2.ggufSlides = true;
  gemma2.ggufWindow = 4096;
  gemma2.ggufHonoured = {"attn_logit_softcapping", "final_logit_softcapping",
                         "attention.scale"};
  gemma2.ggufInLayer = kGemma2InLayer;
  gemma2.readOwn = readGemma2;
  gemma2.readGguf = readGemma2Gguf;

  Architecture gemma3 = gemma2;
  gemma3.name = "gemma3_text";
  gemma3.ggufName = "gemma3";
  gemma3.modelClasses = {"Gemma3ForCausalLM"};
  gemma3.maxPositions = 131072;
  gemma3.windowPeriod = 6;
  gemma3.qkNorm = gemma3.hasLocalRope = true;
  gemma3.ropeTheta = 1e6;
  gemma3.honoured.push_back("rope_local_base_freq");
  gemma3.ggufWindow = 0;
  gemma3.ggufHonoured = {"final_logit_softcapping", "attention.scale",
                         "rope.freq_base_swa"};
  gemma3.readOwn = readGemma3;
  gemma3.readGguf = readGemma3Gguf;
  return {gemma, gemma2, gemma3};
}
