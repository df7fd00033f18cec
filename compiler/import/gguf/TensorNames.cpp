//===- TensorNames.cpp - GGUF tensor names as Hugging Face ones
//-------------===//
//
// See TensorNames.h. Source: the published tensor name list of the GGUF
// specification and the files of the llama family.
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
  llvm::ArrayRef<NamePair> outside;
  /// After "blk.N." and after "model.layers.N.".
  llvm::ArrayRef<NamePair> inLayer;
};

} // namespace

static constexpr llvm::StringLiteral kLlamaFamily[] = {"llama", "mistral",
                                                       "qwen2", "qwen3"};
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

static const NameTable kTables[] = {
    {kLlamaFamily, kLlamaOutside, kLlamaInLayer},
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
    prefix = ("model.layers." + number + ".").str();
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
