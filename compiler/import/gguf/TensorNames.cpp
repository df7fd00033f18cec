//===- TensorNames.cpp - GGUF tensor names as Hugging Face ones
//-------------===//
//
// See TensorNames.h. Source: the published tensor name list of the GGUF
// specification, and what llama.cpp's converter writes for each architecture.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/gguf/TensorNames.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace sinter;

namespace {

/// One part of a name without its ".weight" or ".bias".
struct NamePair {
  llvm::StringLiteral gguf;
  llvm::StringLiteral huggingFace;
};

/// What one family of architectures is called on both sides.
struct NameTable {
  llvm::ArrayRef<llvm::StringLiteral> architectures;
  /// What stands for "blk.".
  llvm::StringLiteral layers;
  llvm::ArrayRef<NamePair> outside;
  /// After "blk.N." and after the layer's prefix.
  llvm::ArrayRef<NamePair> inLayer;
};

} // namespace

static constexpr llvm::StringLiteral kModelLayers("model.layers.");

static constexpr llvm::StringLiteral kLlamaFamily[] = {
    "llama", "mistral", "qwen2", "qwen3", "gemma"};
static constexpr NamePair kLlamaOutside[] = {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
};
static constexpr NamePair kLlamaInLayer[] = {
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"attn_q_norm", "self_attn.q_norm"},
    {"attn_k_norm", "self_attn.k_norm"},
    {"ffn_norm", "post_attention_layernorm"},
    {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
};

/// ffn_norm is another norm here than in the first Gemma.
static constexpr llvm::StringLiteral kGemma2Family[] = {"gemma2", "gemma3"};
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

/// attn_qkv in files that were made of phi-msft checkpoints.
static constexpr llvm::StringLiteral kPhi2[] = {"phi2"};
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

static constexpr llvm::StringLiteral kPhi3[] = {"phi3"};
static constexpr NamePair kPhi3InLayer[] = {
    {"attn_norm", "input_layernorm"},
    {"attn_qkv", "self_attn.qkv_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"ffn_norm", "post_attention_layernorm"},
    {"ffn_up", "mlp.gate_up_proj"},
    {"ffn_down", "mlp.down_proj"},
};

/// With two norms attn_norm_2 is the attention's, attn_norm the MLP's.
static constexpr llvm::StringLiteral kFalcon[] = {"falcon"};
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

static constexpr llvm::StringLiteral kStableLm[] = {"stablelm"};
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

static constexpr llvm::StringLiteral kGpt2[] = {"gpt2"};
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

static constexpr llvm::StringLiteral kGptNeox[] = {"gptneox"};
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

static const NameTable kTables[] = {
    {kLlamaFamily, kModelLayers, kLlamaOutside, kLlamaInLayer},
    {kGemma2Family, kModelLayers, kLlamaOutside, kGemma2InLayer},
    {kPhi2, kModelLayers, kPhi2Outside, kPhi2InLayer},
    {kPhi3, kModelLayers, kLlamaOutside, kPhi3InLayer},
    {kFalcon, "transformer.h.", kFalconOutside, kFalconInLayer},
    {kStableLm, kModelLayers, kLlamaOutside, kStableLmInLayer},
    {kGpt2, "h.", kGpt2Outside, kGpt2InLayer},
    {kGptNeox, "gpt_neox.layers.", kGptNeoxOutside, kGptNeoxInLayer},
};

static llvm::StringRef lookUp(llvm::ArrayRef<NamePair> pairs,
                              llvm::StringRef name) {
  for (const NamePair &pair : pairs)
    if (pair.gguf == name)
      return pair.huggingFace;
  return {};
}

std::string gguf::huggingFaceName(llvm::StringRef architecture,
                                  llvm::StringRef ggufName) {
  const NameTable *table = llvm::find_if(kTables, [&](const NameTable &entry) {
    return llvm::is_contained(entry.architectures, architecture);
  });
  auto [stem, suffix] = ggufName.rsplit('.');
  if (table == std::end(kTables) || (suffix != "weight" && suffix != "bias"))
    return ggufName.str();
  std::string prefix;
  llvm::StringRef translated;
  if (stem.consume_front("blk.")) {
    auto [number, rest] = stem.split('.');
    bool isNumber = !number.empty() && llvm::all_of(number, llvm::isDigit);
    if (isNumber)
      translated = lookUp(table->inLayer, rest);
    prefix = (table->layers + number + ".").str();
  } else {
    translated = lookUp(table->outside, stem);
  }
  if (translated.empty())
    return ggufName.str();
  return (prefix + translated + "." + suffix).str();
}

bool gguf::ropeRowsInterleaved(llvm::StringRef architecture) {
  return architecture == "llama" || architecture == "mistral";
}
