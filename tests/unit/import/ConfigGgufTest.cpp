//===- ConfigGgufTest.cpp - GGUF metadata as hyper-parameters
//---------------===//

#include "compiler/import/Config.h"
#include "tests/unit/import/TestFiles.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace sinter;
using namespace sinter::test;

static llvm::Expected<DecoderConfig> read(const GgufBuilder &builder) {
  TempFolder folder;
  auto source = openModel(folder.write("m.gguf", builder.build()));
  if (!source)
    return source.takeError();
  return readConfig(**source);
}

/// The sound file's keys, without those named.
static GgufBuilder bare(std::initializer_list<llvm::StringRef> leftOut) {
  GgufBuilder builder;
  auto wanted = [&](llvm::StringRef key) {
    return llvm::find(leftOut, key) == leftOut.end();
  };
  builder.string("general.architecture", "llama");
  const std::pair<const char *, uint32_t> kSizes[] = {
      {"block_count", 2},
      {"embedding_length", 64},
      {"feed_forward_length", 96},
      {"attention.head_count", 4},
      {"attention.head_count_kv", 2},
      {"context_length", 128}};
  for (auto &[key, value] : kSizes)
    if (wanted(key))
      builder.u32(std::string("llama.") + key, value);
  if (wanted("attention.layer_norm_rms_epsilon"))
    builder.f32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  builder.tensor("token_embd.weight", {64, 32}, 0, 64 * 32 * 4);
  return builder;
}

TEST(ConfigGguf, ReadsSizesAndDefaults) {
  DecoderConfig c = llvm::cantFail(read(llamaGguf()));
  EXPECT_EQ(c.architecture, "llama");
  EXPECT_EQ(c.layers, 2);
  EXPECT_EQ(c.intermediateSize, 96);
  EXPECT_EQ(c.kvHeads, 2);
  EXPECT_EQ(c.headDim, 16);
  EXPECT_EQ(c.rope.dim, 16);
  EXPECT_EQ(c.rope.theta, 10000);
  EXPECT_EQ(c.vocabSize, 32);
  EXPECT_EQ(c.maxPositions, 128);
  EXPECT_EQ(c.normEpsilon, static_cast<double>(1e-5f));
  EXPECT_TRUE(c.tiedEmbeddings);
  EXPECT_FALSE(c.qkvBias);
  EXPECT_EQ(c.windowOf(1), 0);
  EXPECT_EQ(c.storedType, "f32");
}

TEST(ConfigGguf, TensorsTellWhatKeysDoNot) {
  DecoderConfig c =
      llvm::cantFail(read(llamaGguf()
                              .tensor("output.weight", {64, 32}, 0, 8192)
                              .tensor("blk.0.attn_q.bias", {64}, 0, 256)
                              .tensor("blk.0.attn_output.bias", {64}, 0, 256)
                              .u32("llama.attention.sliding_window", 9)
                              .u32("tokenizer.ggml.eos_token_id", 2)
                              .u32("tokenizer.ggml.eot_token_id", 5)
                              .u32("tokenizer.ggml.bos_token_id", UINT32_MAX)));
  EXPECT_FALSE(c.tiedEmbeddings);
  EXPECT_TRUE(c.qkvBias && c.attentionOutputBias);
  EXPECT_FALSE(c.mlpBias);
  EXPECT_EQ(c.windowOf(1), 9);
  EXPECT_EQ(c.eosIds, (std::vector<int64_t>{2, 5}));
  EXPECT_TRUE(c.bosIds.empty());
}

TEST(ConfigGguf, RopeScaling) {
  auto rope = [](GgufBuilder builder) {
    return llvm::cantFail(read(builder)).rope;
  };
  EXPECT_EQ(rope(llamaGguf().f32("llama.rope.freq_base", 5e5f)).theta, 5e5);
  RopeConfig r = rope(llamaGguf()
                          .string("llama.rope.scaling.type", "linear")
                          .f32("llama.rope.scaling.factor", 4));
  EXPECT_EQ(r.scaling, RopeScaling::Linear);
  EXPECT_EQ(r.factor, 4);
  r = rope(llamaGguf().f32("llama.rope.scale_linear", 2));
  EXPECT_EQ(r.scaling, RopeScaling::Linear);
  EXPECT_EQ(rope(llamaGguf().string("llama.rope.scaling.type", "none")).scaling,
            RopeScaling::None);
  r = rope(llamaGguf()
               .string("llama.rope.scaling.type", "yarn")
               .f32("llama.rope.scaling.factor", 4)
               .u32("llama.rope.scaling.original_context_length", 32));
  EXPECT_EQ(r.scaling, RopeScaling::Yarn);
  EXPECT_EQ(r.originalContext, 32);
  EXPECT_DOUBLE_EQ(r.attentionFactor, 0.1 * std::log(4.0) + 1);
}

TEST(ConfigGguf, RopeFactorsFromTheTensor) {
  std::string factors;
  for (int i = 0; i < 8; ++i)
    factors += leFloat(static_cast<float>(1 << i));
  DecoderConfig c = llvm::cantFail(
      read(llamaGguf().tensor("rope_freqs.weight", {8}, 0, 32).data(factors)));
  EXPECT_EQ(c.rope.scaling, RopeScaling::Factors);
  EXPECT_EQ(c.rope.factors, (std::vector<double>{1, 2, 4, 8, 16, 32, 64, 128}));
  EXPECT_EQ(c.rope.attentionFactor, 1);
  EXPECT_FAILS(read(llamaGguf().tensor("rope_freqs.weight", {7}, 0, 28)), 1,
               {"rope_freqs.weight", "not [8] f32"});
  EXPECT_FAILS(read(llamaGguf().tensor("rope_freqs.weight", {8}, 1, 16)), 1,
               {"not [8] f32"});
  // Zeros, infinities, NaN.
  EXPECT_FAILS(read(llamaGguf().tensor("rope_freqs.weight", {8}, 0, 32)), 1,
               {"frequency factor is 0"});
  std::string nan = factors.substr(4) + leFloat(NAN);
  EXPECT_FAILS(
      read(llamaGguf().tensor("rope_freqs.weight", {8}, 0, 32).data(nan)), 1,
      {"frequency factor"});
}

TEST(ConfigGguf, UnequalLayersAndUnknownFeatures) {
  GgufBuilder equal = bare({"attention.head_count_kv"});
  equal.entry("llama.attention.head_count_kv", 9,
              le(4u) + le<uint64_t>(2) + le(2u) + le(2u));
  EXPECT_EQ(llvm::cantFail(read(equal)).kvHeads, 2);
  GgufBuilder unequal = bare({"attention.head_count_kv"});
  unequal.entry("llama.attention.head_count_kv", 9,
                le(4u) + le<uint64_t>(2) + le(2u) + le(1u));
  EXPECT_FAILS(read(unequal), 3, {"head_count_kv", "differs between layers"});
  EXPECT_FAILS(read(llamaGguf().u32("llama.expert_count", 8)), 3,
               {"expert_count"});
  EXPECT_TRUE(
      static_cast<bool>(read(llamaGguf().u32("llama.expert_count", 0))));
  EXPECT_FAILS(read(llamaGguf().f32("llama.attn_logit_softcapping", 50)), 3,
               {"attn_logit_softcapping"});
  EXPECT_FAILS(read(llamaGguf().u32("llama.rope.dimension_count", 8)), 3,
               {"rope.dimension_count", "partial rotation"});
  EXPECT_FAILS(read(llamaGguf().u32("llama.attention.value_length", 8)), 3,
               {"value_length"});
  EXPECT_FAILS(read(llamaGguf().string("llama.rope.scaling.type", "longrope")),
               3, {"longrope"});
  EXPECT_FAILS(read(GgufBuilder().string("general.architecture", "bert")), 3,
               {"'bert'", "llama, mistral, qwen2, qwen3"});
}

/// Fault 10 for GGUF, and wrong types.
TEST(ConfigGguf, AbsurdAndMissingSizes) {
  const char *kKeys[] = {
      "block_count",          "embedding_length",        "feed_forward_length",
      "attention.head_count", "attention.head_count_kv", "context_length"};
  for (const char *key : kKeys) {
    SCOPED_TRACE(key);
    std::string full = std::string("llama.") + key;
    for (uint32_t value : {0u, 1u << 31, 0xFFFFFFFFu})
      EXPECT_FAILS(read(bare({key}).u32(full, value)), 1, {"m.gguf"});
    EXPECT_FAILS(read(bare({key}).entry(full, 5, le(-1))), 1, {"m.gguf"});
    EXPECT_FAILS(read(bare({key}).entry(full, 10, le(UINT64_MAX))), 1,
                 {"too large"});
    EXPECT_FAILS(read(bare({key}).string(full, "2")), 1, {"not an integer"});
    if (llvm::StringRef(key) != "attention.head_count_kv")
      EXPECT_FAILS(read(bare({key})), 1, {full, "is missing"});
  }
  EXPECT_FAILS(read(bare({"attention.layer_norm_rms_epsilon"})), 1,
               {"layer_norm_rms_epsilon", "is missing"});
  EXPECT_FAILS(read(llamaGguf().u32("llama.vocab_size", 1u << 31)), 1,
               {"llama.vocab_size"});
  EXPECT_FAILS(read(llamaGguf().u32("tokenizer.ggml.eos_token_id", 32)), 1,
               {"eos token id 32"});
  // 65 = no multiple of the heads.
  EXPECT_FAILS(
      read(bare({"embedding_length"}).u32("llama.embedding_length", 66)), 1,
      {"no multiple"});
}

/// Metadata of another architecture: 2 layers, hidden 64, 4 heads, 2 key-value
/// heads.
static GgufBuilder family(llvm::StringRef name, llvm::StringRef epsilon) {
  GgufBuilder builder;
  builder.string("general.architecture", name);
  const std::pair<const char *, uint32_t> kSizes[] = {
      {"block_count", 2},          {"embedding_length", 64},
      {"feed_forward_length", 96}, {"attention.head_count", 4},
      {"context_length", 128},     {"attention.head_count_kv", 2}};
  for (auto &[key, value] : kSizes)
    builder.u32((name + "." + key).str(), value);
  builder.f32((name + ".attention." + epsilon).str(), 1e-5f);
  builder.tensor("token_embd.weight", {64, 32}, 0, 64 * 32 * 4);
  return builder;
}
static const char *const kRms = "layer_norm_rms_epsilon";
static const char *const kLayerNorm = "layer_norm_epsilon";

/// Mistral's files are of architecture llama; its window must not lose the
/// rotary base or its scaling.
TEST(ConfigGguf, LayersWithAWindowRotateAsTheOthers) {
  DecoderConfig c =
      llvm::cantFail(read(llamaGguf()
                              .u32("llama.attention.sliding_window", 1000)
                              .f32("llama.rope.freq_base", 1e6f)
                              .string("llama.rope.scaling.type", "linear")
                              .f32("llama.rope.scaling.factor", 4)));
  EXPECT_EQ(c.windowOf(1), 1000);
  EXPECT_EQ(c.ropeOf(1).theta, 1e6);
  EXPECT_EQ(c.ropeOf(1).scaling, RopeScaling::Linear);
  EXPECT_EQ(c.ropeOf(1).factor, 4);
}

TEST(ConfigGguf, Gemma) {
  DecoderConfig c = llvm::cantFail(read(family("gemma", kRms)));
  EXPECT_EQ(c.architecture, "gemma");
  EXPECT_EQ(c.embeddingScale, 8);
  EXPECT_EQ(c.activation, Activation::GeluTanh);
  c = llvm::cantFail(read(family("gemma2", kRms)));
  EXPECT_EQ(c.attentionScale, 0.25);
  EXPECT_EQ(c.attentionSoftcap, 50);
  EXPECT_EQ(c.logitSoftcap, 30);
  EXPECT_EQ(c.windowOf(0), 4096);
  EXPECT_EQ(c.windowOf(1), 0);
  c = llvm::cantFail(read(family("gemma2", kRms)
                              .f32("gemma2.attention.scale", 0.5f)
                              .u32("gemma2.attention.sliding_window", 7)));
  EXPECT_EQ(c.attentionScale, 0.5);
  EXPECT_EQ(c.windowOf(0), 7);
  c = llvm::cantFail(read(family("gemma3", kRms)));
  EXPECT_EQ(c.architecture, "gemma3_text");
  EXPECT_TRUE(c.qkNorm);
  EXPECT_EQ(c.rope.theta, 1e6);
  EXPECT_EQ(c.windowOf(0), 0);
  GgufBuilder perLayer = family("gemma3", kRms);
  perLayer.u32("gemma3.attention.sliding_window", 9)
      .entry("gemma3.attention.sliding_window_pattern", 9,
             le(7u) + le<uint64_t>(2) + le<uint8_t>(0) + le<uint8_t>(1));
  c = llvm::cantFail(read(perLayer));
  EXPECT_EQ(c.windowOf(0), 0);
  EXPECT_EQ(c.windowOf(1), 9);
  EXPECT_EQ(c.ropeOf(1).theta, 1e4);
}

/// The 27B models divide by hidden / heads, and only their layers tell.
TEST(ConfigGguf, TheScaleOfGemma27B) {
  for (auto [name, layers] : {std::pair("gemma2", 46u), {"gemma3", 62u}}) {
    std::string prefix = std::string(name) + ".";
    GgufBuilder builder;
    builder.string("general.architecture", name);
    const std::pair<const char *, uint32_t> kSizes[] = {
        {"block_count", layers},      {"embedding_length", 64},
        {"feed_forward_length", 96},  {"attention.head_count", 4},
        {"context_length", 128},      {"attention.key_length", 8},
        {"attention.value_length", 8}};
    for (auto &[key, value] : kSizes)
      builder.u32(prefix + key, value);
    builder.f32(prefix + "attention.layer_norm_rms_epsilon", 1e-6f);
    builder.tensor("token_embd.weight", {64, 32}, 0, 64 * 32 * 4);
    EXPECT_EQ(llvm::cantFail(read(builder)).attentionScale, 0.25) << name;
  }
}

TEST(ConfigGguf, LayerNormFamilies) {
  DecoderConfig c = llvm::cantFail(
      read(family("phi2", kLayerNorm).u32("phi2.rope.dimension_count", 6)));
  EXPECT_EQ(c.architecture, "phi");
  EXPECT_TRUE(c.parallelResidual);
  EXPECT_EQ(c.rope.dim, 6);
  c = llvm::cantFail(read(family("falcon", kLayerNorm)
                              .string("falcon.tensor_data_layout", "jploski")));
  EXPECT_EQ(c.qkvLayout, QkvLayout::Stacked);
  EXPECT_EQ(c.activation, Activation::Gelu);
  EXPECT_FALSE(c.alibi || c.separateMlpNorm);
  c = llvm::cantFail(read(family("stablelm", kLayerNorm)
                              .boolean("stablelm.use_parallel_residual", true)
                              .tensor("blk.0.ffn_norm.weight", {64}, 0, 256)));
  EXPECT_FALSE(c.parallelResidual);
  c = llvm::cantFail(read(family("gptneox", kLayerNorm)
                              .boolean("gptneox.use_parallel_residual", true)));
  EXPECT_TRUE(c.parallelResidual);
  EXPECT_FAILS(read(family("gptneox", kLayerNorm)), 1,
               {"gptneox.use_parallel_residual", "is missing"});
  EXPECT_FAILS(read(family("gpt2", kRms)), 1,
               {"gpt2.attention.layer_norm_epsilon", "is missing"});
  EXPECT_FAILS(read(family("falcon", kLayerNorm)), 3, {"tensor_data_layout"});
  EXPECT_FAILS(read(family("gpt2", kLayerNorm).f32("gpt2.logit_scale", 0.5f)),
               3, {"gpt2.logit_scale"});
  EXPECT_FAILS(read(family("gpt2", kLayerNorm)
                        .string("gpt2.position_embedding", "alibi")),
               3, {"gpt2.position_embedding is not known"});
}
