//===- ConfigRefusals.cpp - Keys of config.json that are not honoured
//-------===//
//
// A key that would change what the model computes is honoured or refused, never
// skipped. These are refused unless the architecture honours them; what is
// refused for its value (an activation, a scaling) is where it is read.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/ConfigKeys.h"
#include "compiler/import/ConfigReaders.h"
#include "llvm/ADT/STLExtras.h"

using namespace sinter;
using namespace sinter::config;

/// Switches, all off by default; biases and norms that the file may not even
/// have.
static void refuseFlags(Keys &keys, const Architecture &architecture) {
  static constexpr llvm::StringLiteral kFlags[] = {
      "use_mrope",
      "is_encoder_decoder",
      "add_cross_attention",
      "use_bidirectional_attention",
      "alibi",
      "qk_layernorm",
      "use_qk_norm",
      "use_parallel_residual",
      "parallel_attn",
      "new_decoder_architecture",
      "apply_residual_connection_post_layernorm",
      "attention_bias",
      "mlp_bias",
      "use_qkv_bias",
      "qkv_bias",
      "bias",
      "use_bias",
      "lm_head_bias",
      "attn_temperature_tuning",
      "rope_interleaved"};
  for (llvm::StringRef key : kFlags) {
    bool isHonoured =
        llvm::is_contained(architecture.honoured, key) ||
        (key == "attention_bias" && architecture.hasAttentionBiasKey) ||
        (key == "mlp_bias" && architecture.hasMlpBiasKey);
    if (!isHonoured && keys.flag(key, false))
      return keys.refuse(key, "is set, which is not implemented for this "
                              "architecture");
  }
}

/// Keys that change the computation of some models. `neutral` is the number at
/// which the key changes nothing; an architecture that honours the key is not
/// asked.
void config::refuseUnknownFeatures(Keys &keys,
                                   const Architecture &architecture) {
  struct Feature {
    llvm::StringLiteral key;
    std::optional<double> neutral;
  };
  static const Feature kFeatures[] = {
      {"attn_logit_softcapping", {}},
      {"final_logit_softcapping", {}},
      {"num_experts", 0},
      {"num_local_experts", 0},
      {"n_routed_experts", 0},
      {"n_shared_experts", 0},
      {"moe_num_experts", 0},
      {"num_experts_per_tok", 0},
      {"kv_lora_rank", 0},
      {"q_lora_rank", 0},
      {"clip_qkv", {}},
      {"partial_rotary_factor", 1},
      {"rotary_pct", 1},
      {"rope_pct", 1},
      {"rotary_dim", {}},
      {"attention_multiplier", {}},
      {"residual_multiplier", 1},
      {"embedding_multiplier", 1},
      {"logits_scaling", 1},
      {"logit_scale", 1},
      {"query_pre_attn_scalar", {}},
      {"no_rope_layers", {}},
      {"no_rope_layer_interval", 0},
      {"attention_chunk_size", {}},
      {"text_config", {}},
      {"vision_config", {}},
      {"rope_local_base_freq", {}},
      {"residual_in_fp32", 0},
  };
  for (const Feature &feature : kFeatures) {
    const llvm::json::Value *value = keys.get(feature.key);
    if (!value || llvm::is_contained(architecture.honoured, feature.key))
      continue;
    std::optional<double> number = value->getAsNumber();
    if (!feature.neutral || !number || *number != *feature.neutral)
      return keys.refuse(feature.key, "is set, which is not implemented for "
                                      "this architecture");
  }
  refuseFlags(keys, architecture);
  if (const llvm::json::Object *quantization =
          keys.member("quantization_config"))
    keys.refuse("quantization_config",
                "says that the weights are quantized (" +
                    quantization->getString("quant_method")
                        .value_or("no quant_method given") +
                    "), which is not read; use the unquantized model or a "
                    "GGUF file");
}
