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
