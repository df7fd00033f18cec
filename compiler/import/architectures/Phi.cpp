//===- Phi.cpp - Phi-1.5, Phi-2 -----------------------------------------===//
//
// Two generations of checkpoints: phi and phi-msft.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ConfigKeys.h"
#include "compiler/import/GgufKeys.h"
#include "compiler/import/architectures/Architecture.h"

using namespace sinter;
using namespace sinter::config;

static constexpr NamePair kPhi2Outside[] = {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.final_layernorm"},
    {"output", "lm_head"},
};

static constexpr NamePair kPhi2InLayer[] = {
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_qkv", "self_attn.qkv_proj"},
    {"attn_output", "self_attn.dense"},
    {"ffn_up", "mlp.fc1"},
    {"ffn_down", "mlp.fc2"},
};

static void readPhi(Keys &keys, DecoderConfig &config) {
  config.parallelResidual = true;
  config.qkNorm = keys.flag("qk_layernorm", false);
  config.attentionOutputBias = config.mlpBias = true;
}

static void readPhiGguf(GgufKeys &, DecoderConfig &config) {
  config.parallelResidual = true;
}

std::vector<Architecture> config::describePhi() {
  Architecture phi{"phi"};
  phi.otherNames = {"phi-msft", "mixformer-sequential"};
  phi.ggufName = "phi2";
  phi.modelClasses = {"PhiForCausalLM", "MixFormerSequentialForCausalLM"};
  phi.widening = 4;
  phi.qkvBias = phi.layerNorm = true;
  phi.normEpsilon = 1e-5;
  phi.activation = Activation::GeluTanh;
  phi.rotaryShare = 0.5;
  phi.honoured = {"partial_rotary_factor", "qk_layernorm", "rotary_dim"};
  phi.readOwn = readPhi;
  phi.readGguf = readPhiGguf;
  phi.ggufOutside = kPhi2Outside;
  phi.ggufInLayer = kPhi2InLayer;
  return {phi};
}
