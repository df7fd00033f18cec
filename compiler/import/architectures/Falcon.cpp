//===- Falcon.cpp - Falcon-RW, Falcon-7B, the new decoder ---------------===//
//
// One model type for three generations.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ConfigKeys.h"
#include "compiler/import/GgufKeys.h"
#include "compiler/import/architectures/Architecture.h"

using namespace sinter;
using namespace sinter::config;

static constexpr NamePair kFalconOutside[] = {
    {"token_embd", "transformer.word_embeddings"},
    {"output_norm", "transformer.ln_f"},
    {"output", "lm_head"},
};

static constexpr NamePair kFalconInLayer[] = {
    {"attn_norm", "input_layernorm"},
    {"attn_norm_2", "ln_attn"},
    {"attn_qkv", "self_attention.query_key_value"},
    {"attn_output", "self_attention.dense"},
    {"ffn_up", "mlp.dense_h_to_4h"},
    {"ffn_down", "mlp.dense_4h_to_h"},
};

/// Three generations: multi-head with ALiBi or rotation (RW), multi-query (7B),
/// grouped (40B and later).
static void readFalcon(Keys &keys, DecoderConfig &config) {
  bool grouped = keys.flag("new_decoder_architecture", false);
  bool multiQuery = keys.flag("multi_query", true);
  if (!grouped && !multiQuery && config.kvHeads != config.heads)
    keys.refuse("num_kv_heads", "differs from the number of heads, which only "
                                "new_decoder_architecture knows");
  if (!grouped && multiQuery)
    config.kvHeads = 1;
  config.qkvLayout = grouped      ? QkvLayout::Grouped
                     : multiQuery ? QkvLayout::Stacked
                                  : QkvLayout::PerHead;
  config.parallelResidual = keys.flag("parallel_attn", true);
  if (grouped && !config.parallelResidual)
    keys.refuse("parallel_attn", "is false for the new decoder architecture, "
                                 "which is not implemented");
  int64_t norms = keys.integer("num_ln_in_parallel_attn", grouped ? 2 : 1);
  if (norms != 1 && norms != 2)
    keys.refuse("num_ln_in_parallel_attn", "is neither 1 nor 2");
  config.separateMlpNorm = grouped && norms == 2;
  config.alibi = keys.flag("alibi", false);
  bool bias = keys.flag("bias", false);
  config.qkvBias = config.attentionOutputBias = config.mlpBias = bias;
}

/// The 7B model and the new decoder. What RW has (ALiBi, biases, one block
/// after the other) no file can say: its tensors are left over and refused.
static void readFalconGguf(GgufKeys &keys, DecoderConfig &config) {
  llvm::StringRef order = keys.text("tensor_data_layout");
  if (order != "jploski")
    return keys.refuse("tensor_data_layout",
                       "is '" + order + "'; 'jploski' is implemented");
  config.qkvLayout = QkvLayout::Stacked;
  config.parallelResidual = true;
  config.separateMlpNorm = keys.tensor("blk.0.attn_norm_2.weight") != nullptr;
}

std::vector<Architecture> config::describeFalcon() {
  Architecture falcon{"falcon"};
  falcon.otherNames = {"RefinedWebModel", "RefinedWeb"};
  falcon.modelClasses = {"FalconForCausalLM", "RWForCausalLM"};
  falcon.widening = 4;
  falcon.tiedByDefault = falcon.layerNorm = true;
  falcon.normEpsilon = 1e-5;
  falcon.activation = Activation::Gelu;
  falcon.honoured = {"alibi", "parallel_attn", "new_decoder_architecture",
                     "bias"};
  falcon.readOwn = readFalcon;
  falcon.readGguf = readFalconGguf;
  falcon.ggufLayers = "transformer.h.";
  falcon.ggufOutside = kFalconOutside;
  falcon.ggufInLayer = kFalconInLayer;
  return {falcon};
}
