//===- Architectures.cpp - What is known about each architecture
//------------===//
//
// One entry per model type: its names, what its configuration class assumes for
// absent keys, the keys that it alone has. The defaults are those of the
// configuration classes of Hugging Face transformers 4.40 to 5; for GGUF those
// of llama.cpp, which has no keys for some (its loader is the source).
//
//===------------------------------------------------------------------------===//

#include "compiler/import/ConfigKeys.h"
#include "compiler/import/ConfigReaders.h"
#include "compiler/import/GgufKeys.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace sinter;
using namespace sinter::config;

//===-- Keys of single architectures --------------------------------------===//

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

static void readPhi(Keys &keys, DecoderConfig &config) {
  config.parallelResidual = true;
  config.qkNorm = keys.flag("qk_layernorm", false);
  config.attentionOutputBias = config.mlpBias = true;
}

static void readPhi3(Keys &, DecoderConfig &config) {
  config.qkvLayout = QkvLayout::Stacked;
}

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

static void readStableLm(Keys &keys, DecoderConfig &config) {
  config.qkvBias = keys.flag("use_qkv_bias", false);
  config.qkNorm = keys.flag("qk_layernorm", false);
  config.parallelResidual = keys.flag("use_parallel_residual", false);
}

static void readGpt2(Keys &keys, DecoderConfig &config) {
  config.qkvLayout = QkvLayout::Stacked;
  if (!keys.flag("scale_attn_weights", true))
    config.attentionScale = 1.0;
  config.scaleByLayer = keys.flag("scale_attn_by_inverse_layer_idx", false);
  config.attentionOutputBias = config.mlpBias = true;
}

static void readGptNeox(Keys &keys, DecoderConfig &config) {
  config.qkvLayout = QkvLayout::PerHead;
  config.parallelResidual = keys.flag("use_parallel_residual", true);
  config.separateMlpNorm = true;
  config.mlpBias = true;
}

//===-- Metadata of single architectures in GGUF
//---------------------------===//

/// Some early files name the order that all files of llama have.
static void readLlamaGguf(GgufKeys &keys, DecoderConfig &) {
  llvm::StringRef order = keys.text("tensor_data_layout");
  if (!order.empty() && order != "Meta AI original pth")
    keys.refuse("tensor_data_layout",
                "is '" + order + "', which is not implemented");
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

static void readPhiGguf(GgufKeys &, DecoderConfig &config) {
  config.parallelResidual = true;
}

/// The converter puts fused rows into one order, whatever the checkpoint's.
static void readPhi3Gguf(GgufKeys &, DecoderConfig &config) {
  config.qkvLayout = QkvLayout::Stacked;
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

/// use_parallel_residual says true where the checkpoint said nothing (and meant
/// false); the tensors tell.
static void readStableLmGguf(GgufKeys &keys, DecoderConfig &config) {
  keys.flag("use_parallel_residual", false);
  config.parallelResidual = !keys.tensor("blk.0.ffn_norm.weight");
  config.qkNorm = keys.tensor("blk.0.attn_q_norm.weight") != nullptr;
}

static void readGpt2Gguf(GgufKeys &, DecoderConfig &config) {
  config.qkvLayout = QkvLayout::Stacked;
}

static void readGptNeoxGguf(GgufKeys &keys, DecoderConfig &config) {
  config.qkvLayout = QkvLayout::Stacked;
  config.parallelResidual = keys.flag("use_parallel_residual");
  config.separateMlpNorm = true;
}

//===-- The table ---------------------------------------------------------===//

static std::vector<Architecture> llamaFamily() {
  Architecture llama{"llama"};
  llama.modelClasses = {"LlamaForCausalLM", "LLaMAForCausalLM"};
  llama.hasAttentionBiasKey = llama.hasMlpBiasKey = llama.ggufSlides = true;
  llama.readGguf = readLlamaGguf;

  Architecture mistral{"mistral"};
  mistral.modelClasses = {"MistralForCausalLM"};
  mistral.maxPositions = 131072;
  mistral.kvHeads = 8;
  mistral.slidingWindow = 4096;
  mistral.ggufSlides = true;

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

static std::vector<Architecture> gemmaFamily() {
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

static std::vector<Architecture> phiFamily() {
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

  Architecture phi3{"phi3"};
  phi3.modelClasses = {"Phi3ForCausalLM"};
  phi3.maxPositions = 4096;
  phi3.normEpsilon = 1e-5;
  phi3.slidingWindow = 1 << 30;
  phi3.windowNeedsKey = phi3.longRope = phi3.ggufSlides = true;
  phi3.honoured = {"partial_rotary_factor"};
  phi3.readOwn = readPhi3;
  phi3.readGguf = readPhi3Gguf;
  return {phi, phi3};
}

static std::vector<Architecture> layerNormFamilies() {
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

  Architecture gpt2{"gpt2"};
  gpt2.modelClasses = {"GPT2LMHeadModel"};
  gpt2.maxPositions = 1024;
  gpt2.widening = 4;
  gpt2.qkvBias = gpt2.tiedByDefault = gpt2.layerNorm = true;
  gpt2.normEpsilon = 1e-5;
  gpt2.activation = Activation::GeluTanh;
  gpt2.readOwn = readGpt2;
  gpt2.readGguf = readGpt2Gguf;

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
  return {falcon, stablelm, gpt2, neox};
}

static const std::vector<Architecture> &architectures() {
  static const std::vector<Architecture> all = [] {
    std::vector<Architecture> list = llamaFamily();
    for (const std::vector<Architecture> &more :
         {gemmaFamily(), phiFamily(), layerNormFamilies()})
      list.insert(list.end(), more.begin(), more.end());
    return list;
  }();
  return all;
}

const Architecture *config::findArchitecture(llvm::StringRef name) {
  for (const Architecture &entry : architectures())
    if (entry.name == name || llvm::is_contained(entry.otherNames, name))
      return &entry;
  return nullptr;
}

const Architecture *
config::findArchitectureByClass(llvm::StringRef modelClass) {
  for (const Architecture &entry : architectures())
    if (llvm::is_contained(entry.modelClasses, modelClass))
      return &entry;
  return nullptr;
}

static llvm::StringRef ggufNameOf(const Architecture &entry) {
  return entry.ggufName.empty() ? entry.name : entry.ggufName;
}

const Architecture *config::findGgufArchitecture(llvm::StringRef name) {
  for (const Architecture &entry : architectures())
    if (ggufNameOf(entry) == name)
      return &entry;
  return nullptr;
}

static std::string namesBy(llvm::StringRef (*nameOf)(const Architecture &)) {
  std::vector<std::string> names;
  for (const Architecture &entry : architectures())
    names.push_back(nameOf(entry).str());
  return llvm::join(names, ", ");
}

std::string config::architectureNames() {
  return namesBy([](const Architecture &entry) { return entry.name; });
}

std::string config::ggufArchitectureNames() { return namesBy(ggufNameOf); }
