//===- StableLm.cpp - StableLM-3B, StableLM-2 ---------------------------===//
//
// stablelm_epoch in older checkpoints.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ConfigKeys.h"
#include "compiler/import/GgufKeys.h"
#include "compiler/import/architectures/Architecture.h"

using namespace sinter;
using namespace sinter::config;

static constexpr NamePair kStableLmInLayer[] = {
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"attn_q_norm", "self_attn.q_layernorm"},
    {"attn_k_norm", "self_attn.k_layernorm"},
    {"ffn_norm", "post_attention_layernorm"},
    {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
};

static void readStableLm(Keys &keys, DecoderConfig &config) {
  config.qkvBias = keys.flag("use_qkv_bias", false);
  config.qkNorm = keys.flag("qk_layernorm", false);
  config.parallelResidual = keys.flag("use_parallel_residual", false);
}

/// use_parallel_residual says true where the checkpoint said nothing (and meant
/// false); the tensors tell.
static void readStableLmGguf(GgufKeys &keys, DecoderConfig &config) {
  keys.flag("use_parallel_residual", false);
  config.parallelResidual = !keys.tensor("blk.0.ffn_norm.weight");
  config.qkNorm = keys.tensor("blk.0.attn_q_norm.weight") != nullptr;
}

std::vector<Architecture> config::describeStableLm() {
  Architecture stablelm{"stablelm"};
  stablelm.otherNames = {"stablelm_epoch"};
  stablelm.modelClasses = {"StableLmForCausalLM", "StableLMEpochForCausalLM"};
  stablelm.maxPositions = 4096;
  stablelm.layerNorm = true;
  stablelm.normEpsilon = 1e-5;
  stablelm.rotaryShare = 0.25;
  stablelm.honoured = {"partial_rotary_factor", "rope_pct", "qk_layernorm",
                       "use_parallel_residual", "use_qkv_bias"};
  stablelm.readOwn = readStableLm;
  stablelm.readGguf = readStableLmGguf;
  stablelm.ggufInLayer = kStableLmInLayer;
  return {stablelm};
}
