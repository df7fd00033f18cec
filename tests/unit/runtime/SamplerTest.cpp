// SamplerTest.cpp: limits, penalties, ranges, bad logits and frequencies of the
// sampler.
#include "runtime/core/Sampler.h"

#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <vector>

using namespace sinter::rt;

namespace {

sinter_sampler_params params(float temperature) {
  sinter_sampler_params p = SINTER_SAMPLER_PARAMS_INIT;
  p.temperature = temperature;
  return p;
}

std::map<int32_t, int> draw(const sinter_sampler_params &p,
                            const std::vector<float> &logits, int times) {
  Fault fault(nullptr);
  Sampler sampler;
  EXPECT_EQ(sampler.create(p, uint32_t(logits.size()), fault), SINTER_OK);
  std::map<int32_t, int> counts;
  for (int i = 0; i < times; ++i) {
    int32_t token = -1;
    EXPECT_EQ(sampler.sample(logits.data(), &token, fault), SINTER_OK);
    ++counts[token];
  }
  return counts;
}

/// Counts against probabilities, within five standard deviations.
void expectShares(const std::map<int32_t, int> &counts,
                  const std::vector<double> &shares, int times) {
  for (size_t i = 0; i < shares.size(); ++i) {
    auto found = counts.find(int32_t(i));
    double count = found == counts.end() ? 0 : found->second;
    double expected = shares[i] * times;
    EXPECT_NEAR(count, expected,
                5 * std::sqrt(times * shares[i] * (1 - shares[i])) + 1e-9)
        << "token " << i;
  }
}

std::vector<float> logsOf(const std::vector<double> &shares) {
  std::vector<float> logits;
  for (double share : shares)
    logits.push_back(float(std::log(share)) + 3);
  return logits;
}

TEST(Sampler, DrawsByProbability) {
  std::vector<double> shares = {0.1, 0.4, 0.05, 0.3, 0.15};
  expectShares(draw(params(1), logsOf(shares), 20000), shares, 20000);
}

TEST(Sampler, Temperature) {
  std::vector<double> shares = {0.2, 0.8};
  double a = std::pow(0.2, 2), b = std::pow(0.8, 2);
  expectShares(draw(params(0.5f), logsOf(shares), 20000),
               {a / (a + b), b / (a + b)}, 20000);
  EXPECT_EQ(draw(params(0), logsOf(shares), 10).at(1), 10);
  EXPECT_EQ(draw(params(1e-30f), logsOf(shares), 10).at(1), 10);
}

TEST(Sampler, TopK) {
  sinter_sampler_params p = params(1);
  p.top_k = 2;
  std::vector<double> shares = {0.1, 0.4, 0.05, 0.3, 0.15};
  expectShares(draw(p, logsOf(shares), 20000), {0, 4. / 7, 0, 3. / 7, 0},
               20000);
  p.top_k = 1;
  EXPECT_EQ(draw(p, logsOf(shares), 50).at(1), 50);
  p.top_k = 1000; // more than there are
  EXPECT_EQ(draw(p, logsOf(shares), 2000).size(), 5u);
}

TEST(Sampler, TopP) {
  sinter_sampler_params p = params(1);
  p.top_p = 0.65f; // 0.4 + 0.3 reach it
  std::vector<double> shares = {0.1, 0.4, 0.05, 0.3, 0.15};
  expectShares(draw(p, logsOf(shares), 20000), {0, 4. / 7, 0, 3. / 7, 0},
               20000);
  p.top_k = 3; // the same through the other way of selecting
  p.top_p = 0.7f / 0.85f - 0.01f;
  expectShares(draw(p, logsOf(shares), 20000), {0, 4. / 7, 0, 3. / 7, 0},
               20000);
  p.top_k = 0;
  p.top_p = 1e-6f;
  EXPECT_EQ(draw(p, logsOf(shares), 50).at(1), 50);
}

TEST(Sampler, MinP) {
  sinter_sampler_params p = params(1);
  p.min_p = 0.3f; // of 0.4: at least 0.12
  std::vector<double> shares = {0.1, 0.4, 0.05, 0.3, 0.15};
  expectShares(draw(p, logsOf(shares), 20000),
               {0, 0.4 / 0.85, 0, 0.3 / 0.85, 0.15 / 0.85}, 20000);
}

// The heaps against plain sorting, on many sizes and with ties.
TEST(Sampler, SelectionIsExact) {
  uint64_t state = 1;
  for (uint32_t vocab : {1u, 2u, 3u, 17u, 100u, 1000u})
    for (int32_t k : {1, 2, 3, 10, 40}) {
      std::vector<float> logits(vocab);
      for (float &l : logits) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        l = float(state >> 60); // many ties
      }
      std::vector<float> sorted = logits;
      std::sort(sorted.rbegin(), sorted.rend());
      float least = sorted[std::min<size_t>(size_t(k), vocab) - 1];
      sinter_sampler_params p = params(1);
      p.top_k = k;
      auto counts = draw(p, logits, 200);
      EXPECT_LE(counts.size(), size_t(k));
      for (auto &c : counts)
        EXPECT_GE(logits[size_t(c.first)], least);
    }
}

TEST(Sampler, Penalties) {
  Fault fault(nullptr);
  sinter_sampler_params p = params(0);
  p.repeat_penalty = 2;
  Sampler sampler;
  ASSERT_EQ(sampler.create(p, 3, fault), SINTER_OK);
  const float logits[] = {4, 3, -1};
  std::vector<int32_t> chosen;
  for (int i = 0; i < 3; ++i) {
    int32_t token = -1;
    ASSERT_EQ(sampler.sample(logits, &token, fault), SINTER_OK);
    chosen.push_back(token);
  }
  // 4; then 4/2 < 3; then 2 > 1.5 > -1.
  EXPECT_EQ(chosen, (std::vector<int32_t>{0, 1, 0}));

  p.repeat_penalty = 1;
  p.frequency_penalty = 0.3f;
  p.presence_penalty = 0.5f;
  Sampler second;
  ASSERT_EQ(second.create(p, 3, fault), SINTER_OK);
  chosen.clear();
  for (int i = 0; i < 4; ++i) {
    int32_t token = -1;
    ASSERT_EQ(second.sample(logits, &token, fault), SINTER_OK);
    chosen.push_back(token);
  }
  // Token 0: 4, 3.2, 2.9 (below 3), then 2.9 against 2.2.
  EXPECT_EQ(chosen, (std::vector<int32_t>{0, 0, 1, 0}));
}

TEST(Sampler, Biases) {
  Fault fault(nullptr);
  const float logits[] = {4, 3, -1, -1};
  auto chosen = [&](Sampler &sampler) {
    int32_t token = -1;
    EXPECT_EQ(sampler.sample(logits, &token, fault), SINTER_OK);
    return token;
  };
  Sampler greedy;
  ASSERT_EQ(greedy.create(params(0), 4, fault), SINTER_OK);
  EXPECT_TRUE(greedy.isGreedy());
  // A token twice: the sum. Token 2: -1 + 2 + 2.5 = 3.5, below 4.
  sinter_logit_bias some[] = {{2, 2}, {2, 2.5f}};
  ASSERT_EQ(greedy.setBiases(some, 2, fault), SINTER_OK);
  EXPECT_FALSE(greedy.isGreedy());
  EXPECT_EQ(chosen(greedy), 0);
  some[0].bias = 2.75f; // 4.25
  ASSERT_EQ(greedy.setBiases(some, 2, fault), SINTER_OK);
  EXPECT_EQ(chosen(greedy), 2);
  greedy.reset(1);
  EXPECT_EQ(chosen(greedy), 2) << "they outlast a reset";
  ASSERT_EQ(greedy.setBiases(nullptr, 0, fault), SINTER_OK);
  EXPECT_EQ(chosen(greedy), 0);

  // Before penalties: (3 + 2) / 2 = 2.5 and not 3 / 2 + 2, below 4 / 1.
  sinter_sampler_params p = params(0);
  p.repeat_penalty = 2;
  Sampler penalised;
  ASSERT_EQ(penalised.create(p, 4, fault), SINTER_OK);
  const sinter_logit_bias second = {1, 2};
  ASSERT_EQ(penalised.setBiases(&second, 1, fault), SINTER_OK);
  EXPECT_EQ(chosen(penalised), 1);
  EXPECT_EQ(chosen(penalised), 0);
  EXPECT_EQ(chosen(penalised), 1) << "2.5 against 4 / 2";

  // Drawn: e^1, 1, and what is forbidden.
  Sampler drawing;
  ASSERT_EQ(drawing.create(params(1), 4, fault), SINTER_OK);
  const sinter_logit_bias three[] = {{0, -100}, {1, -3}, {2, 1}};
  ASSERT_EQ(drawing.setBiases(three, 3, fault), SINTER_OK);
  std::map<int32_t, int> counts;
  for (int i = 0; i < 20000; ++i)
    ++counts[chosen(drawing)];
  double sum = 1 + 1 + std::exp(-1);
  expectShares(counts, {0, 1 / sum, 1 / sum, std::exp(-1) / sum}, 20000);
}

TEST(Sampler, BiasRanges) {
  sinter_error error;
  Fault fault(&error);
  Sampler sampler;
  ASSERT_EQ(sampler.create(params(0), 10, fault), SINTER_OK);
  auto refused = [&](std::vector<sinter_logit_bias> biases, const char *what) {
    EXPECT_EQ(sampler.setBiases(biases.data(), biases.size(), fault),
              SINTER_INVALID_ARGUMENT);
    EXPECT_NE(std::string(error.message).find(what), std::string::npos)
        << error.message;
  };
  const sinter_logit_bias kept = {3, 100};
  ASSERT_EQ(sampler.setBiases(&kept, 1, fault), SINTER_OK);
  refused({{10, 1}}, "token 10, the vocabulary has 10");
  refused({{0, 1}, {-1, 1}}, "token -1");
  refused({{1, 100.5f}}, "token 1 is 100.5");
  refused({{1, std::nanf("")}}, "token 1 is");
  refused({{1, -INFINITY}}, "token 1 is -inf");
  refused(std::vector<sinter_logit_bias>(301), "301 logit biases, at most 300");
  EXPECT_EQ(sampler.setBiases(nullptr, 1, fault), SINTER_INVALID_ARGUMENT);
  EXPECT_TRUE(sampler.hasBiases()) << "the earlier ones stay";
  std::vector<sinter_logit_bias> most(300, {9, -100});
  EXPECT_EQ(sampler.setBiases(most.data(), most.size(), fault), SINTER_OK);
}

TEST(Sampler, WindowForgets) {
  Fault fault(nullptr);
  sinter_sampler_params p = params(0);
  p.presence_penalty = 10;
  p.penalty_window = 2;
  Sampler sampler;
  ASSERT_EQ(sampler.create(p, 3, fault), SINTER_OK);
  const float logits[] = {3, 2, 1};
  std::vector<int32_t> chosen;
  for (int i = 0; i < 6; ++i) {
    int32_t token = -1;
    ASSERT_EQ(sampler.sample(logits, &token, fault), SINTER_OK);
    chosen.push_back(token);
  }
  EXPECT_EQ(chosen, (std::vector<int32_t>{0, 1, 2, 0, 1, 2}));
  sampler.forget();
  int32_t token = -1;
  ASSERT_EQ(sampler.sample(logits, &token, fault), SINTER_OK);
  EXPECT_EQ(token, 0);
}

TEST(Sampler, SeedsDecide) {
  std::vector<float> logits(50, 1.0f);
  sinter_sampler_params p = params(1);
  Fault fault(nullptr);
  auto series = [&](uint64_t seed) {
    Sampler sampler;
    p.seed = seed;
    EXPECT_EQ(sampler.create(p, 50, fault), SINTER_OK);
    std::vector<int32_t> tokens(20);
    for (int32_t &t : tokens)
      EXPECT_EQ(sampler.sample(logits.data(), &t, fault), SINTER_OK);
    return tokens;
  };
  EXPECT_EQ(series(7), series(7));
  EXPECT_NE(series(7), series(8));
}

TEST(Sampler, BadLogits) {
  const float nan = std::nanf(""), inf = INFINITY;
  Fault fault(nullptr);
  for (float temperature : {0.0f, 1.0f})
    for (size_t bad : {0u, 7u, 18u}) {
      Sampler sampler;
      ASSERT_EQ(sampler.create(params(temperature), 19, fault), SINTER_OK);
      int32_t token = -1;
      for (float value : {nan, -nan, inf}) {
        std::vector<float> logits(19, 0.5f);
        logits[bad] = value;
        EXPECT_EQ(sampler.sample(logits.data(), &token, fault),
                  SINTER_BAD_LOGITS);
      }
      std::vector<float> masked(19, -inf);
      EXPECT_EQ(sampler.sample(masked.data(), &token, fault),
                SINTER_BAD_LOGITS);
      masked[bad] = -1e30f;
      EXPECT_EQ(sampler.sample(masked.data(), &token, fault), SINTER_OK);
      EXPECT_EQ(token, int32_t(bad));
    }
}

TEST(Sampler, Ranges) {
  auto check = [](auto change) {
    sinter_sampler_params p = SINTER_SAMPLER_PARAMS_INIT;
    change(p);
    sinter_error error;
    Fault fault(&error);
    return checkSamplerParams(p, fault);
  };
  using P = sinter_sampler_params;
  EXPECT_EQ(check([](P &) {}), SINTER_OK);
  EXPECT_EQ(check([](P &p) {
              p.temperature = 100;
              p.min_p = 0.99f;
            }),
            SINTER_OK);
  const float nan = std::nanf("");
  EXPECT_EQ(check([](P &p) { p.temperature = -1; }), SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(check([&](P &p) { p.temperature = nan; }), SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(check([](P &p) { p.temperature = INFINITY; }),
            SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(check([](P &p) { p.top_k = -1; }), SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(check([](P &p) { p.top_p = 0; }), SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(check([](P &p) { p.top_p = 1.1f; }), SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(check([](P &p) { p.min_p = 1; }), SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(check([&](P &p) { p.min_p = nan; }), SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(check([](P &p) { p.repeat_penalty = 0; }), SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(check([](P &p) { p.presence_penalty = -101; }),
            SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(check([&](P &p) { p.frequency_penalty = nan; }),
            SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(check([](P &p) { p.penalty_window = 70000; }),
            SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(check([](P &p) { p.penalty_window = -1; }),
            SINTER_INVALID_ARGUMENT);
}

} // namespace
