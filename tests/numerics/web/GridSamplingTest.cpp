// Sampling on a grid against the native sampler: the same logits, settings,
// tokens said before and random number must give the same token. Where they do
// not, a limit or the point of the draw must lie within the rounding of f32
// sums; how much that may be is stated, and how often it happens is bounded.
#include "GridBatch.h"
#include "SamplingText.h"

#include "compiler/reference/Ops.h"
#include "runtime/core/Sampler.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <limits>
#include <map>

using namespace sinter;
using namespace sinter::test;

namespace {

/// Of a running sum of at most 4096 weights and 256 runs, and of exponentials
/// that WGSL allows 3 + 2 |x| ulp.
constexpr double kRounding = 2e-5;

class GridSamplingTest : public testing::TestWithParam<std::string> {};

sinter_sampler_params settings(float temperature = 1) {
  sinter_sampler_params params = SINTER_SAMPLER_PARAMS_INIT;
  params.temperature = temperature;
  return params;
}

/// Logits, settings and what was said; what the device makes of them.
struct Draw {
  std::string name;
  std::vector<float> logits;
  sinter_sampler_params params;
  std::vector<int32_t> said;
  int32_t wanted = -1; ///< the native sampler's; -1 for bad logits
  Memory in, sampling{64}, history{kHistory * 4}, penalised, sorted, sums,
      token{4};

  Draw(std::string name, std::vector<float> logits,
       const sinter_sampler_params &params, std::vector<int32_t> said)
      : name(std::move(name)), logits(std::move(logits)), params(params),
        said(std::move(said)), in(this->logits.size() * 4), penalised(bytes()),
        sorted(bytes()), sums(bytes()) {
    std::memcpy(in.data(), this->logits.data(), in.size());
    // Tokens that are not counted must not be looked at.
    std::fill_n(history.as<int32_t>(), kHistory, int32_t(this->logits.size()));
    askNative();
  }
  size_t bytes() const {
    auto size = int64_t(logits.size()), run = xf::runTokens(size);
    return size_t(llvm::divideCeil(size, run) * run) * 4;
  }
  void askNative() {
    rt::Fault fault(nullptr);
    rt::Sampler one, two;
    auto count = uint32_t(logits.size());
    ASSERT_EQ(one.create(params, count, fault), SINTER_OK);
    ASSERT_EQ(two.create(params, count, fault), SINTER_OK);
    for (int32_t token : said) {
      one.accept(token);
      two.accept(token);
    }
    float values[rt::kSamplingSize];
    one.describe(values, history.as<int32_t>());
    std::memcpy(sampling.data(), values, sizeof(values));
    rt::Status status = two.sample(logits.data(), &wanted, fault);
    if (status == SINTER_BAD_LOGITS)
      wanted = -1;
    else
      ASSERT_EQ(status, SINTER_OK) << name;
  }
};

/// What the definition gives for the device's penalised logits with random
/// number, top-p and min-p moved by the rounding, each by itself and together.
bool isWithinRounding(Draw &draw, int32_t got) {
  auto count = int64_t(draw.penalised.size() / 4);
  reference::Tensor logits(1, count), sampling(1, rt::kSamplingSize);
  std::memcpy(logits.values.data(), draw.penalised.data(),
              draw.penalised.size());
  for (double u : {0., -1., 1.})
    for (double p : {0., -1., 1.})
      for (double m : {0., -1., 1.}) {
        std::memcpy(sampling.values.data(), draw.sampling.data(),
                    draw.sampling.size());
        auto move = [&](size_t index, double by, double most) {
          float &v = sampling.values[index];
          v = float(std::min(std::max(0., double(v) + by * kRounding), most));
        };
        move(7, u, 1 - 0x1p-24);
        if (sampling.values[2] < 1)
          sampling.values[2] *= float(1 + p * kRounding);
        sampling.values[3] *= float(1 + m * kRounding);
        if (reference::sample(logits, sampling) == got)
          return true;
      }
  return false;
}

void checkSorted(Draw &draw) {
  auto size = int64_t(draw.logits.size()), run = xf::runTokens(size);
  reference::Tensor logits(1, size, draw.logits), sampling(1, 16);
  std::memcpy(sampling.values.data(), draw.sampling.data(), 64);
  reference::Tokens history(draw.history.as<int32_t>(),
                            draw.history.as<int32_t>() + kHistory);
  reference::SortedLogits wanted =
      reference::sortLogits(logits, sampling, history, run);
  size_t count = wanted.sorted.values.size();
  auto differs = [](float got, float want, double tolerance) {
    return !(got == want || std::fabs(double(got) - double(want)) <=
                                tolerance * std::fabs(double(want)));
  };
  const float *sorted = draw.sorted.as<float>();
  bool failed = false;
  for (size_t i = 0; i < count && !failed; ++i) {
    size_t first = i - i % size_t(run);
    bool bad = sorted[first] == std::numeric_limits<float>::infinity();
    // A division in WGSL may be off by 2.5 ulp.
    failed = differs(draw.penalised.as<float>()[i], wanted.penalised.values[i],
                     4e-7) ||
             differs(sorted[i], wanted.sorted.values[i], 4e-7) ||
             (!bad && differs(draw.sums.as<float>()[i], wanted.sums.values[i],
                              kRounding));
    EXPECT_FALSE(failed) << draw.name << ": number " << i << " is "
                         << draw.penalised.as<float>()[i] << ", " << sorted[i]
                         << ", " << draw.sums.as<float>()[i] << ", wanted "
                         << wanted.penalised.values[i] << ", "
                         << wanted.sorted.values[i] << ", "
                         << wanted.sums.values[i];
  }
}

/// Runs both kernels on all draws, of one vocabulary or several.
void run(const std::string &variant,
         std::vector<std::unique_ptr<Draw>> &draws) {
  bool executed = false;
  {
    GridBatch batch(variant);
    std::map<size_t, size_t> regions;
    for (auto &draw : draws) {
      size_t size = draw->logits.size();
      if (!regions.count(size))
        regions[size] = batch.add(sortText(int64_t(size)), "grid_sort_logits");
      batch.check(regions[size],
                  {&draw->in, &draw->sampling, &draw->history, &draw->penalised,
                   &draw->sorted, &draw->sums},
                  [&] {
                    executed = true;
                    checkSorted(*draw);
                  });
    }
    batch.run();
  }
  if (testing::Test::HasFailure() || testing::Test::IsSkipped())
    return;
  GridBatch batch(variant);
  std::map<size_t, size_t> regions;
  int rounded = 0, made = 0;
  for (auto &draw : draws) {
    size_t size = draw->logits.size();
    if (!regions.count(size))
      regions[size] = batch.add(sampleText(int64_t(size)), "grid_sample");
    batch.check(regions[size],
                {&draw->penalised, &draw->sorted, &draw->sums, &draw->sampling,
                 &draw->token},
                [&] {
                  int32_t got = *draw->token.as<int32_t>();
                  ++made;
                  if (got == draw->wanted)
                    return;
                  ++rounded;
                  EXPECT_TRUE(isWithinRounding(*draw, got))
                      << draw->name << ": drew " << got << ", native "
                      << draw->wanted << " with "
                      << draw->sampling.as<float>()[7];
                });
  }
  batch.run();
  EXPECT_EQ(executed, made == int(draws.size()));
  EXPECT_LE(rounded, 1 + made / 50) << "too often something else than native";
}

/// Random logits: `kind` 0 as of a model, 1 with many ties, 2 far apart, 3 all
/// the same, 4 with tokens that are forbidden.
std::vector<float> makeLogits(size_t size, int kind, std::mt19937 &random) {
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> logits(size);
  for (float &v : logits) {
    v = normal(random);
    if (kind == 1)
      v = std::round(v);
    if (kind == 2)
      v *= 1e6f;
    if (kind == 3)
      v = 1.5f;
    if (kind == 4 && random() % 4)
      v = -std::numeric_limits<float>::infinity();
  }
  if (kind == 4)
    logits[size / 2] = 2;
  return logits;
}

/// Every setting alone, and all together.
std::vector<std::pair<std::string, sinter_sampler_params>> allSettings() {
  std::vector<std::pair<std::string, sinter_sampler_params>> all;
  auto add = [&](const char *name, auto change) {
    sinter_sampler_params params = settings();
    change(params);
    all.push_back({name, params});
  };
  using P = sinter_sampler_params;
  add("plain", [](P &) {});
  add("cold", [](P &p) { p.temperature = 0.05f; });
  add("hot", [](P &p) { p.temperature = 5; });
  add("greedy", [](P &p) { p.temperature = 0; });
  add("top-1", [](P &p) { p.top_k = 1; });
  add("top-5", [](P &p) { p.top_k = 5; });
  add("top-300", [](P &p) { p.top_k = 300; });
  add("top-p", [](P &p) { p.top_p = 0.9f; });
  add("top-p, nearly nothing", [](P &p) { p.top_p = 1e-4f; });
  add("top-p, nearly all", [](P &p) { p.top_p = 0.9995f; });
  add("min-p", [](P &p) { p.min_p = 0.1f; });
  add("repeat", [](P &p) { p.repeat_penalty = 1.4f; });
  add("frequency", [](P &p) { p.frequency_penalty = 0.7f; });
  add("presence", [](P &p) { p.presence_penalty = -2; });
  add("greedy, penalties", [](P &p) {
    p.temperature = 0;
    p.repeat_penalty = 3;
    p.presence_penalty = 1;
  });
  add("all", [](P &p) {
    p.temperature = 0.8f;
    p.top_k = 40;
    p.top_p = 0.95f;
    p.min_p = 0.02f;
    p.repeat_penalty = 1.1f;
    p.frequency_penalty = 0.2f;
    p.presence_penalty = 0.1f;
  });
  return all;
}

/// Some tokens, the likeliest of them several times.
std::vector<int32_t> makeSaid(const std::vector<float> &logits,
                              std::mt19937 &random) {
  std::vector<int32_t> said;
  auto most = std::max_element(logits.begin(), logits.end()) - logits.begin();
  for (int i = 0; i < 80; ++i) // more than the window of 64
    said.push_back(random() % 3 ? int32_t(random() % logits.size())
                                : int32_t(most));
  return said;
}

TEST_P(GridSamplingTest, EverySetting) {
  std::mt19937 random(1);
  std::vector<std::unique_ptr<Draw>> draws;
  for (size_t size : {5u, 256u, 1000u, 3000u})
    for (int kind = 0; kind < 5; ++kind)
      for (auto &[name, params] : allSettings()) {
        std::vector<float> logits = makeLogits(size, kind, random);
        params.seed = random();
        draws.push_back(std::make_unique<Draw>(
            llvm::formatv("{0} of {1}, kind {2}", name, size, kind), logits,
            params, makeSaid(logits, random)));
      }
  run(GetParam(), draws);
}

TEST_P(GridSamplingTest, LargeVocabularies) {
  std::mt19937 random(2);
  std::vector<std::unique_ptr<Draw>> draws;
  for (size_t size : {32000u, 70001u, 262144u})
    for (const auto &[name, params] : allSettings()) {
      bool some = name == "plain" || name == "top-p" || name == "all";
      if (size > 32000 && !some)
        continue;
      std::vector<float> logits = makeLogits(size, 0, random);
      std::vector<int32_t> said = makeSaid(logits, random);
      draws.push_back(
          std::make_unique<Draw>(llvm::formatv("{0} of {1}", name, size),
                                 std::move(logits), params, std::move(said)));
    }
  run(GetParam(), draws);
}

TEST_P(GridSamplingTest, BadAndExtremeLogits) {
  std::mt19937 random(3);
  constexpr float infinite = std::numeric_limits<float>::infinity();
  std::vector<std::unique_ptr<Draw>> draws;
  for (float temperature : {0.f, 1.f})
    for (float bad : {std::nanf(""), -std::nanf(""), infinite, 1e38f, -1e38f})
      for (size_t at : {0u, 300u, 999u}) {
        std::vector<float> logits = makeLogits(1000, 0, random);
        logits[at] = bad;
        draws.push_back(std::make_unique<Draw>(
            llvm::formatv("{0} at {1}, temperature {2}", bad, at, temperature),
            logits, settings(temperature), std::vector<int32_t>()));
      }
  std::vector<float> none(1000, -infinite);
  draws.push_back(std::make_unique<Draw>("nothing allowed", none, settings(),
                                         std::vector<int32_t>()));
  none[777] = -1e30f;
  sinter_sampler_params limited = settings();
  limited.top_k = 40;
  limited.top_p = 0.9f;
  draws.push_back(std::make_unique<Draw>("one allowed", none, limited,
                                         std::vector<int32_t>()));
  run(GetParam(), draws);
}

/// The token as a function of the random number: shares of a row of points are
/// the probabilities, to within a point.
TEST_P(GridSamplingTest, Distribution) {
  constexpr int kPoints = 400;
  const std::vector<double> shares = {0.1, 0.4, 0.05, 0.3, 0.15};
  std::vector<float> logits;
  for (double share : shares)
    logits.push_back(float(std::log(share)) + 3);
  sinter_sampler_params params = settings();
  params.min_p = 0.2f; // of 0.4: without the third
  std::vector<std::unique_ptr<Draw>> draws;
  for (int i = 0; i < kPoints; ++i) {
    draws.push_back(std::make_unique<Draw>("point", logits, params,
                                           std::vector<int32_t>()));
    draws.back()->sampling.as<float>()[7] = (float(i) + 0.5f) / kPoints;
    reference::Tensor row(1, 5, logits), sampling(1, 16);
    std::memcpy(sampling.values.data(), draws.back()->sampling.data(), 64);
    draws.back()->wanted = reference::sample(row, sampling);
  }
  run(GetParam(), draws);
  std::map<int32_t, double> counts;
  for (auto &draw : draws)
    ++counts[*draw->token.as<int32_t>()];
  bool executed = GetParam() != "f16" && !IsSkipped();
  for (size_t i = 0; executed && i < shares.size(); ++i) {
    double expected = i == 2 ? 0 : shares[i] / 0.95 * kPoints;
    EXPECT_NEAR(counts[int32_t(i)], expected, 1.01) << "token " << i;
  }
}

/// Sampling kernels are the same with f16 and without; one driver of Vulkan
/// does.
INSTANTIATE_TEST_SUITE_P(Variants, GridSamplingTest,
                         testing::Values("soft", "f32", "f16",
                                         "spirv-soft@lavapipe",
                                         "spirv-f32@lavapipe"),
                         gridTestName);

} // namespace
