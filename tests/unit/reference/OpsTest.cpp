// Small cases of every op, computed by hand.
#include "compiler/reference/Ops.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace sinter;
using namespace sinter::reference;

namespace {

void expectNear(const Tensor &got, int64_t rows, std::vector<double> wanted,
                double tolerance = 1e-6) {
  ASSERT_EQ(got.rows, rows);
  ASSERT_EQ(got.values.size(), wanted.size());
  ASSERT_EQ(got.rows * got.columns, int64_t(wanted.size()));
  for (size_t i = 0; i < wanted.size(); ++i)
    EXPECT_NEAR(got.values[i], wanted[i], tolerance) << "element " << i;
}

template <typename T>
void expectError(llvm::Expected<T> result, const char *part) {
  ASSERT_FALSE(bool(result));
  EXPECT_NE(llvm::toString(result.takeError()).find(part), std::string::npos);
}

TEST(Ops, Embedding) {
  Tensor table(3, 2, {1, 2, 3, 4, 5, 6});
  expectNear(*embedding({2, 0, 2}, table), 3, {5, 6, 1, 2, 5, 6});
  expectError(embedding({3}, table), "token 3 lies outside");
  expectError(embedding({-1}, table), "token -1 lies outside");
}

TEST(Ops, SelectRow) {
  Tensor x(2, 2, {1, 2, 3, 4});
  expectNear(*selectRow(x, 1), 1, {3, 4});
  expectError(selectRow(x, 2), "row 2 lies outside 2 rows");
}

TEST(Ops, ArgmaxTakesTheFirstOfEquals) {
  EXPECT_EQ(argmax(Tensor(2, 3, {1, 7, 7, -1, -3, -2})), (Tokens{1, 0}));
}

/// temperature, top-k, top-p, min-p, repeat, frequency, presence, uniform, said
Tensor sampling(std::vector<float> settings) {
  settings.resize(16);
  return Tensor(1, 16, std::move(settings));
}

TEST(Ops, SortLogits) {
  // Token 1 was said twice: 4 / 2 - (0.5 + 2 * 0.25); token 0 once: -1 * 2 -
  // 0.75. What stands behind is not counted.
  SortedLogits out = sortLogits(Tensor(1, 3, {-1, 4, 2}),
                                sampling({0.5f, 0, 1, 0, 2, 0.25f, 0.5f, 0, 3}),
                                {1, 0, 1, 2}, 2);
  float none = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(out.penalised.values, (std::vector<float>{-2.75f, 1, 2, none}));
  EXPECT_EQ(out.sorted.values, (std::vector<float>{1, -2.75f, 2, none}));
  expectNear(out.sums, 2, {1, 1 + std::exp(-3.75 / 0.5), 1, 1});
}

TEST(Ops, Sample) {
  // Weights 1, 2, 4, 2 at temperature 1.
  float two = std::log(2.0f);
  Tensor logits(2, 2, {0, two, 2 * two, two});
  auto drawn = [&](std::vector<float> settings, float uniform) {
    settings.resize(8);
    settings[7] = uniform;
    return sample(logits, sampling(settings));
  };
  for (auto [uniform, token] : std::vector<std::pair<float, int32_t>>{
           {0, 0}, {0.1f, 0}, {0.12f, 1}, {0.34f, 2}, {0.77f, 2}, {0.8f, 3}})
    EXPECT_EQ(drawn({1, 0, 1, 0}, uniform), token) << uniform;
  // The first of equals remains; in order of tokens it stands first.
  EXPECT_EQ(drawn({1, 2, 1, 0}, 0.3f), 1);
  EXPECT_EQ(drawn({1, 2, 1, 0}, 0.99f), 2);
  EXPECT_EQ(drawn({1, 0, 0.6f, 0}, 0.99f), 2); // 4 + 2 of 9
  EXPECT_EQ(drawn({1, 0, 0.7f, 0}, 0.99f), 3);
  EXPECT_EQ(drawn({1, 0, 1, 0.4f}, 0), 1);
  EXPECT_EQ(drawn({0, 0, 1, 0}, 0.99f), 2);
  logits.values[3] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(drawn({1, 0, 1, 0}, 0.5f), -1);
}

TEST(Ops, RmsNorm) {
  // mean(9, 16) = 12.5
  double scale = 1 / std::sqrt(12.5 + 0.5);
  expectNear(rmsNorm(Tensor(1, 2, {3, -4}), Tensor(1, 2, {1, 2}), 0.5, 1), 1,
             {3 * scale, -8 * scale});
}

TEST(Ops, RmsNormPerHead) {
  // Two heads of one weight; each has its own mean.
  expectNear(
      rmsNorm(Tensor(1, 4, {3, 4, 0, 2}), Tensor(1, 2, {1, 10}), 0, 2), 1,
      {3 / std::sqrt(12.5), 40 / std::sqrt(12.5), 0, 20 / std::sqrt(2.0)});
}

TEST(Ops, Linear) {
  Tensor x(2, 2, {1, 2, 3, 4}), weight(3, 2, {1, 0, 0, 1, 1, -1});
  expectNear(linear(x, weight, nullptr), 2, {1, 2, -1, 3, 4, -1});
  Tensor bias(1, 3, {10, 20, 30});
  expectNear(linear(x, weight, &bias), 2, {11, 22, 29, 13, 24, 29});
}

TEST(Ops, LinearSumsInDouble) {
  // In f32 the ones would be lost beside 2^25.
  Tensor x(1, 4, {33554432.0f, 1, 1, -33554432.0f}), weight(1, 4, {1, 1, 1, 1});
  expectNear(linear(x, weight, nullptr), 1, {2});
}

TEST(Ops, FakeQuantize) {
  // Blocks of 32: the second one, of two elements, has its own scale.
  Tensor x(1, 34);
  x.values[0] = 127;
  x.values[1] = 2.5; // ties go to even
  x.values[2] = 3.5;
  x.values[3] = -1.4f;
  x.values[32] = -254;
  x.values[33] = 3;
  Tensor out = fakeQuantize(x);
  EXPECT_EQ(out.values[0], 127);
  EXPECT_EQ(out.values[1], 2);
  EXPECT_EQ(out.values[2], 4);
  EXPECT_EQ(out.values[3], -1);
  EXPECT_EQ(out.values[4], 0);
  EXPECT_EQ(out.values[32], -254);
  EXPECT_EQ(out.values[33], 4);
}

TEST(Ops, Activations) {
  Tensor x(1, 3, {0, 1, -2});
  auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  expectNear(activation(x, xf::ActivationKind::silu), 1,
             {0, sigmoid(1), -2 * sigmoid(-2)});
  // The normal distribution's integral: 0.841345 below 1, 0.022750 below -2.
  expectNear(activation(x, xf::ActivationKind::gelu), 1,
             {0, 0.8413447461, -0.0455002639});
  expectNear(activation(x, xf::ActivationKind::gelu_tanh), 1,
             {0, 0.8411919906, -0.0454022884});
  expectNear(activation(x, xf::ActivationKind::relu), 1, {0, 1, 0});
}

TEST(Ops, AddMulSlice) {
  Tensor a(2, 2, {1, 2, 3, 4}), b(2, 2, {5, 6, 7, 8});
  expectNear(add(a, b), 2, {6, 8, 10, 12});
  expectNear(mul(a, b), 2, {5, 12, 21, 32});
  expectNear(slice(a, 1, 1), 2, {2, 4});
}

TEST(Ops, AppendPlacesAndRounds) {
  KvCache exact(2, 16, 1, /*half=*/false), half(2, 16, 1, /*half=*/true);
  Tensor k(2, 2, {1.0001f, 2, 3, 4}), v(2, 2, {5, 6, 7, 8});
  ASSERT_FALSE(bool(append(k, v, 3, exact)));
  ASSERT_FALSE(bool(append(k, v, 3, half)));
  EXPECT_EQ(exact.keys[exact.index(0, 3)], 1.0001f);
  EXPECT_EQ(half.keys[half.index(0, 3)], 1.0f);
  EXPECT_EQ(exact.keys[exact.index(1, 4)], 4);
  EXPECT_EQ(exact.values[exact.index(1, 3)], 6);
  EXPECT_EQ(exact.values[exact.index(1, 5)], 0);
  llvm::Error full = append(k, v, 15, exact);
  EXPECT_TRUE(bool(full));
  llvm::consumeError(std::move(full));
}

/// One kv head of one dimension: keys 0, ln 2, ln 4 and values 1, 10, 100.
KvCache powersOfTwo() {
  KvCache cache(1, 16, 1, false);
  float log2 = std::log(2.0f);
  llvm::cantFail(append(Tensor(3, 1, {0, log2, 2 * log2}),
                        Tensor(3, 1, {1, 10, 100}), 0, cache));
  return cache;
}

TEST(Ops, AttentionIsCausal) {
  // q = 1: weights 1, 2, 4 over the positions seen; q = 2: 1, 4, 16.
  Tensor q(2, 2, {1, 2, 1, 2}); // two heads share the kv head
  Tensor out = llvm::cantFail(attention(q, powersOfTwo(), 2, {1.0}, 1));
  expectNear(out, 2, {21 / 3.0, 41 / 5.0, 421 / 7.0, (1 + 40 + 1600) / 21.0},
             1e-4);
}

TEST(Ops, AttentionScales) {
  Tensor out =
      llvm::cantFail(attention(Tensor(1, 1, {4}), powersOfTwo(), 1, {0.25}, 2));
  expectNear(out, 1, {421 / 7.0}, 1e-4);
}

TEST(Ops, AttentionWindowCountsTheTokenItself) {
  Tensor out = llvm::cantFail(
      attention(Tensor(1, 1, {1}), powersOfTwo(), 1, {1.0, 2}, 2));
  expectNear(out, 1, {(20 + 400) / 6.0}, 1e-4);
  out = llvm::cantFail(
      attention(Tensor(1, 1, {1}), powersOfTwo(), 1, {1.0, 1}, 2));
  expectNear(out, 1, {100});
}

TEST(Ops, AttentionHeadsOfAGroupAreNeighbours) {
  // Heads 0, 1 read kv head 0, heads 2, 3 kv head 1.
  KvCache cache(2, 16, 1, false);
  llvm::cantFail(append(Tensor(1, 2), Tensor(1, 2, {5, 7}), 0, cache));
  expectNear(llvm::cantFail(attention(Tensor(1, 4), cache, 4, {1.0}, 0)), 1,
             {5, 5, 7, 7});
}

TEST(Ops, AttentionSurvivesLargeScores) {
  KvCache cache(1, 16, 1, false);
  llvm::cantFail(
      append(Tensor(2, 1, {1000, 2000}), Tensor(2, 1, {1, 2}), 0, cache));
  expectNear(
      llvm::cantFail(attention(Tensor(1, 1, {1000}), cache, 1, {1.0}, 1)), 1,
      {2});
}

TEST(Ops, AttentionCapsScores) {
  // tanh(1000) = tanh(2000) = 1: both positions weigh the same.
  KvCache cache(1, 16, 1, false);
  llvm::cantFail(
      append(Tensor(2, 1, {1000, 2000}), Tensor(2, 1, {1, 2}), 0, cache));
  expectNear(
      llvm::cantFail(attention(Tensor(1, 1, {1}), cache, 1, {1.0, 0, 3.0}, 1)),
      1, {1.5});
}

TEST(Ops, AttentionAddsBiasesOfItsHead) {
  KvCache cache(1, 16, 1, false);
  llvm::cantFail(append(Tensor(2, 1, {0, 0}), Tensor(2, 1, {1, 2}), 0, cache));
  Tensor bias(2, 16);
  bias.row(0)[1] = 1000;
  bias.row(1)[0] = 1000;
  Scoring scoring;
  scoring.bias = &bias;
  expectNear(
      llvm::cantFail(attention(Tensor(1, 2, {1, 1}), cache, 2, scoring, 1)), 1,
      {2, 1});
}

TEST(Ops, AlibiSlopes) {
  // Six heads: 2^-2, 2^-4, 2^-6, 2^-8, then 2^-1, 2^-3 (of eight heads).
  mlir::MLIRContext context;
  context.loadDialect<xf::XfDialect>();
  mlir::Builder builder(&context);
  Tensor table = alibiTable(
      xf::AlibiAttr::get(&context, 6, builder.getF64FloatAttr(0.5)), 4);
  const float slopes[] = {0.25f, 0.0625f, 0.015625f, 0.00390625f, 0.5f, 0.125f};
  for (int64_t head = 0; head < 6; ++head)
    EXPECT_EQ(table.at(head, 3), 0.5f * 3 * slopes[head]);
  // With 32 heads slopes and products are rounded to eight bits:
  // bf16(2^-1/4) = 0.83984375, times 1001 is 840.68..., which gives 840.
  table = alibiTable(
      xf::AlibiAttr::get(&context, 32, builder.getF64FloatAttr(1)), 1002);
  EXPECT_EQ(table.at(0, 1001), 840.0f);
}

TEST(Ops, LayerNorm) {
  Tensor x(1, 4, {1, 3, 10, 20}), weight(1, 2, {1, 2}), bias(1, 2, {0, 5});
  // Parts (1, 3) and (10, 20): both -1, 1 after the norm.
  expectNear(layerNorm(x, weight, &bias, 0.0, 2), 1, {-1, 7, -1, 7});
  Tensor each(1, 4, {1, 1, 3, 4});
  expectNear(layerNorm(x, each, nullptr, 0.0, 2), 1, {-1, 1, -3, 4});
}

TEST(Ops, AddPositions) {
  Tensor x(1, 2, {1, 2}), table(3, 2, {0, 0, 10, 20, 30, 40});
  expectNear(llvm::cantFail(addPositions(x, table, 2)), 1, {31, 42});
  EXPECT_FALSE(bool(llvm::expectedToOptional(addPositions(x, table, 3))));
}

TEST(Ops, ScaleAndSoftcap) {
  Tensor x(1, 2, {1, -1e6f});
  expectNear(scale(x, 3), 1, {3, -3e6});
  expectNear(softcap(x, 2), 1, {2 * std::tanh(0.5), -2});
}

TEST(Ops, RoundToHalf) {
  EXPECT_EQ(roundToHalf(1.0f + 1.0f / 2048), 1.0f);         // tie to even
  EXPECT_EQ(roundToHalf(1.0f + 3.0f / 2048), 1.001953125f); // tie to even
  EXPECT_EQ(roundToHalf(65519.0f), 65504.0f);
  EXPECT_TRUE(std::isinf(roundToHalf(65520.0f)));
  EXPECT_EQ(roundToHalf(std::ldexp(1.0f, -24)), std::ldexp(1.0f, -24));
}

} // namespace
