//===- ReferenceModelsTest.cpp - Real checkpoints, if they are here
//---------===//

#include "compiler/import/Config.h"
#include "compiler/import/DequantRows.h"
#include "compiler/import/gguf/TokenizerMetadata.h"
#include "tests/unit/import/TestFiles.h"
#include "llvm/Support/Casting.h"
#include "gtest/gtest.h"

using namespace sinter;
using namespace sinter::test;

static DecoderConfig configOf(const std::string &path) {
  return llvm::cantFail(readConfig(*llvm::cantFail(openModel(path))));
}

#define REQUIRE_DATA(variable, part)                                           \
  std::string variable = sharedData(part);                                     \
  if (variable.empty())                                                        \
  GTEST_SKIP()

TEST(ReferenceModels, Llama) {
  REQUIRE_DATA(path, "reference/llama");
  DecoderConfig c = configOf(path);
  EXPECT_EQ(c.architecture, "llama");
  EXPECT_EQ(c.hiddenSize, 64);
  EXPECT_EQ(c.intermediateSize, 176);
  EXPECT_EQ(c.layers, 3);
  EXPECT_EQ(c.heads, 8);
  EXPECT_EQ(c.kvHeads, 2);
  EXPECT_EQ(c.headDim, 8);
  EXPECT_EQ(c.vocabSize, 320);
  EXPECT_EQ(c.normEpsilon, 1e-5);
  EXPECT_EQ(c.rope.theta, 10000);
  EXPECT_EQ(c.rope.scaling, RopeScaling::None);
  EXPECT_FALSE(c.tiedEmbeddings);
  EXPECT_FALSE(c.qkvBias);
  EXPECT_EQ(c.eosIds, (std::vector<int64_t>{2}));
  EXPECT_EQ(c.storedType, "float32");
}

TEST(ReferenceModels, Llama3) {
  for (auto [part, factor, tied, kv] :
       {std::tuple("reference/llama-3.1", 8.0, false, 2),
        std::tuple("reference/llama-3.2", 32.0, true, 1)}) {
    REQUIRE_DATA(path, part);
    DecoderConfig c = configOf(path);
    EXPECT_EQ(c.rope.scaling, RopeScaling::Llama3);
    EXPECT_EQ(c.rope.theta, 500000);
    EXPECT_EQ(c.rope.factor, factor);
    EXPECT_EQ(c.rope.lowFreqFactor, 1);
    EXPECT_EQ(c.rope.highFreqFactor, 4);
    EXPECT_EQ(c.rope.originalContext, 64);
    EXPECT_EQ(c.tiedEmbeddings, tied);
    EXPECT_EQ(c.kvHeads, kv);
    EXPECT_EQ(c.headDim, 16);
    EXPECT_EQ(c.eosIds, (std::vector<int64_t>{281, 285}));
  }
}

TEST(ReferenceModels, Mistral) {
  REQUIRE_DATA(path, "reference/mistral");
  DecoderConfig c = configOf(path);
  EXPECT_EQ(c.architecture, "mistral");
  EXPECT_EQ(c.slidingWindow, 12);
  for (int64_t layer = 0; layer < c.layers; ++layer)
    EXPECT_EQ(c.windowOf(layer), 12);
}

TEST(ReferenceModels, Qwen) {
  REQUIRE_DATA(two, "reference/qwen2");
  DecoderConfig c = configOf(two);
  EXPECT_TRUE(c.qkvBias);
  EXPECT_FALSE(c.attentionOutputBias);
  EXPECT_FALSE(c.qkNorm);
  EXPECT_TRUE(c.tiedEmbeddings);
  EXPECT_EQ(c.rope.theta, 1e6);
  EXPECT_EQ(c.slidingWindow, 0); // set in the file, but not in use
  EXPECT_EQ(c.windowOf(2), 0);
  REQUIRE_DATA(three, "reference/qwen3");
  c = configOf(three);
  EXPECT_TRUE(c.qkNorm);
  EXPECT_FALSE(c.qkvBias);
  EXPECT_EQ(c.headDim, 24);
  EXPECT_EQ(c.rope.dim, 24);
  EXPECT_EQ(c.bosIds, (std::vector<int64_t>{310}));
}

TEST(ReferenceModels, TinyStories) {
  REQUIRE_DATA(path, "models/tinystories-656k");
  DecoderConfig c = configOf(path);
  EXPECT_EQ(c.layers, 2);
  EXPECT_EQ(c.headDim, 16);
  EXPECT_TRUE(c.tiedEmbeddings);
  EXPECT_EQ(c.normEpsilon, 1e-6);
}

TEST(ReferenceModels, GgufAgreesWithTheFolder) {
  REQUIRE_DATA(folder, "reference/llama");
  DecoderConfig a = configOf(folder);
  DecoderConfig b = configOf(folder + "/llama.gguf");
  EXPECT_EQ(a.hiddenSize, b.hiddenSize);
  EXPECT_EQ(a.intermediateSize, b.intermediateSize);
  EXPECT_EQ(a.kvHeads, b.kvHeads);
  EXPECT_EQ(a.headDim, b.headDim);
  EXPECT_EQ(a.vocabSize, b.vocabSize);
  EXPECT_EQ(a.maxPositions, b.maxPositions);
  EXPECT_EQ(a.rope.theta, b.rope.theta);
  EXPECT_EQ(static_cast<float>(a.normEpsilon),
            static_cast<float>(b.normEpsilon));
  EXPECT_EQ(a.tiedEmbeddings, b.tiedEmbeddings);
  EXPECT_EQ(a.eosIds, b.eosIds);

  // The same tensors under the same names; only q and k rows are in another
  // order.
  auto hf = llvm::cantFail(openModel(folder));
  auto gguf = llvm::cantFail(openModel(folder + "/llama.gguf"));
  EXPECT_TRUE(gguf->ropeRowsInterleaved());
  ASSERT_EQ(hf->tensors().size(), gguf->tensors().size());
  for (const TensorInfo &tensor : hf->tensors()) {
    const TensorInfo *other = gguf->find(tensor.name);
    ASSERT_NE(other, nullptr) << tensor.name;
    EXPECT_EQ(tensor.shape, other->shape) << tensor.name;
    bool permuted = llvm::StringRef(tensor.name).contains("q_proj") ||
                    llvm::StringRef(tensor.name).contains("k_proj");
    EXPECT_EQ(hf->bytes(tensor) == gguf->bytes(*other), !permuted)
        << tensor.name;
  }
}

/// Row r of a head of d rows lies, in the GGUF, at 2 * (r % (d / 2)) + r / (d /
/// 2).
TEST(ReferenceModels, GgufRowsAreInterleaved) {
  REQUIRE_DATA(folder, "reference/llama");
  auto hf = llvm::cantFail(openModel(folder));
  auto gguf = llvm::cantFail(openModel(folder + "/llama.gguf"));
  const char *name = "model.layers.1.self_attn.q_proj.weight";
  const TensorInfo *a = hf->find(name), *b = gguf->find(name);
  size_t row = 64 * 4, half = 4;
  for (size_t head = 0; head < 8; ++head)
    for (size_t r = 0; r < 2 * half; ++r)
      EXPECT_EQ(hf->bytes(*a).slice((head * 8 + r) * row, row),
                gguf->bytes(*b).slice(
                    (head * 8 + 2 * (r % half) + r / half) * row, row));
}

TEST(ReferenceModels, Stories260K) {
  REQUIRE_DATA(path, "models/stories260k/stories260K.gguf");
  auto source = llvm::cantFail(openModel(path));
  DecoderConfig c = llvm::cantFail(readConfig(*source));
  EXPECT_EQ(c.layers, 5);
  EXPECT_EQ(c.headDim, 8);
  EXPECT_EQ(c.kvHeads, 4);
  EXPECT_EQ(c.vocabSize, 512); // no vocab_size: rows of the embedding
  EXPECT_EQ(c.maxPositions, 2048);
  EXPECT_FALSE(c.tiedEmbeddings);
  GgufTokenizer t =
      llvm::cantFail(readTokenizer(*llvm::cast<GgufFile>(source.get())));
  EXPECT_EQ(t.model, "llama");
  EXPECT_EQ(t.tokens.size(), 512u);
  EXPECT_EQ(t.scores.size(), 512u);
  EXPECT_EQ(t.types[3], 6);
  EXPECT_EQ(t.bosId, 1u);
  EXPECT_EQ(t.padId, std::nullopt);
}

/// Families of later work: opened, and refused by name.
TEST(ReferenceModels, WhatOtherFamiliesSay) {
  auto read = [](const std::string &path) {
    auto source = llvm::cantFail(openModel(path));
    return llvm::cantFail(readConfig(*source));
  };
  REQUIRE_DATA(gemma2, "reference/gemma2");
  DecoderConfig c = read(gemma2);
  EXPECT_GT(c.attentionSoftcap, 0);
  EXPECT_GT(c.logitSoftcap, 0);
  EXPECT_EQ(c.embeddingScale, double(std::sqrt(72.0f)));
  EXPECT_GT(c.windowOf(0), 0);
  EXPECT_EQ(c.windowOf(1), 0);
  REQUIRE_DATA(gemma3, "reference/gemma3");
  c = read(gemma3);
  EXPECT_EQ(c.windowOf(2), 0); // a pattern of three
  EXPECT_GT(c.windowOf(3), 0);
  EXPECT_NE(c.ropeOf(2).theta, c.ropeOf(3).theta);
  REQUIRE_DATA(falcon, "reference/falcon-rw-1b");
  c = read(falcon);
  EXPECT_TRUE(c.alibi);
  EXPECT_FALSE(c.parallelResidual);
  EXPECT_EQ(c.qkvLayout, QkvLayout::PerHead);
  REQUIRE_DATA(grouped, "reference/falcon-40b-style");
  c = read(grouped);
  EXPECT_TRUE(c.separateMlpNorm);
  EXPECT_EQ(c.qkvLayout, QkvLayout::Grouped);
  REQUIRE_DATA(longrope, "reference/phi3-longrope");
  c = read(longrope);
  EXPECT_EQ(c.rope.scaling, RopeScaling::LongRope);
  EXPECT_EQ(c.rope.originalContext, 64);
  REQUIRE_DATA(neox, "reference/gpt_neox-serial");
  c = read(neox);
  EXPECT_FALSE(c.parallelResidual);
  REQUIRE_DATA(parallel, "reference/gpt_neox");
  c = read(parallel);
  EXPECT_TRUE(c.parallelResidual);
  EXPECT_EQ(c.rope.dim * 4, c.headDim);
}
