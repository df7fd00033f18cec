// How good the scales are: against every scale there is, and against the
// absolute maximum as GGUF's reference quantizer takes it.
#include "Panels.h"

#include "gtest/gtest.h"

#include <cstdio>

using namespace sinter::quant;
using sinter::quant::test::pack;
using sinter::quant::test::randomPanel;
using sinter::quant::test::unpack;

static double blockError(const float *x, float scale, int least, int most,
                         const double *w = nullptr) {
  double error = 0;
  for (int i = 0; i < 32; ++i) {
    double q = scale != 0 ? std::nearbyint(x[i] / double(scale)) : 0;
    q = std::min<double>(most, std::max<double>(least, q));
    double e = x[i] - scale * q;
    error += (w ? w[i] : 1) * e * e;
  }
  return error;
}

/// Least error over all f16 scales of both signs that matter.
static double bruteForce(const float *x, int least, int most,
                         const double *w = nullptr) {
  float size = 0;
  for (int i = 0; i < 32; ++i)
    size = std::max(size, std::fabs(x[i]));
  double best = blockError(x, 0, least, most, w);
  unsigned last = floatToHalf(size / float(most) * 1.6f);
  for (unsigned bits = floatToHalf(size / float(-least) * 0.5f); bits <= last;
       ++bits)
    for (unsigned sign : {0u, 0x8000u}) {
      float scale = halfToFloat(static_cast<uint16_t>(bits | sign));
      best = std::min(best, blockError(x, scale, least, most, w));
    }
  return best;
}

/// Sum of our errors over the sum of the least possible ones.
static double ratioToOptimum(const Scheme &scheme, float deviation, int least,
                             int most) {
  double ours = 0, optimum = 0;
  const int64_t columns = 64;
  for (unsigned seed = 0; seed < 8; ++seed) {
    std::vector<float> rows = randomPanel(columns, seed, deviation);
    std::vector<float> back = unpack(scheme, pack(scheme, rows), columns);
    for (int64_t at = 0; at < kPanelRows * columns; at += 32) {
      double e = 0;
      for (int i = 0; i < 32; ++i)
        e += std::pow(double(rows[at + i]) - back[at + i], 2);
      double best = bruteForce(&rows[at], least, most);
      EXPECT_GE(e, best * (1 - 1e-5));
      ours += e;
      optimum += best;
    }
  }
  return ours / optimum;
}

TEST(ScaleSearch, Q4IsCloseToTheOptimum) {
  double ratio = ratioToOptimum(q4_0Scheme(), 0.05f, -8, 7);
  std::printf("q4_0 squared error / least possible: %.4f\n", ratio);
  EXPECT_LT(ratio, 1.01);
}

TEST(ScaleSearch, Q8IsCloseToTheOptimum) {
  double ratio = ratioToOptimum(q8_0Scheme(), 0.05f, -127, 127);
  std::printf("q8_0 squared error / least possible: %.4f\n", ratio);
  EXPECT_LT(ratio, 1.05);
}

TEST(ScaleSearch, Q4WithSubnormalScales) {
  EXPECT_LT(ratioToOptimum(q4_0Scheme(), 1e-5f, -8, 7), 1.02);
}

TEST(ScaleSearch, Q4BeatsTheAbsoluteMaximum) {
  const int64_t columns = 2048;
  double ours = 0, gguf = 0;
  for (unsigned seed = 0; seed < 4; ++seed) {
    std::vector<float> rows = randomPanel(columns, seed);
    PackStats stats;
    std::vector<float> back =
        unpack(q4_0Scheme(), pack(q4_0Scheme(), rows, &stats), columns);
    double error = test::squaredError(rows, back);
    EXPECT_NEAR(stats.squaredError, error, 1e-5 * error);
    ours += error;
    for (size_t at = 0; at < rows.size(); at += 32)
      gguf += test::ggufQ4Error(&rows[at]);
  }
  std::printf("q4_0 squared error / GGUF reference: %.4f\n", ours / gguf);
  EXPECT_LT(ours, 0.9 * gguf);
}

TEST(ScaleSearch, ExtremesOfBothSignsCanBeExact) {
  // -8..7 times a scale and its mirror: no error for either sign of scale.
  for (float sign : {1.0f, -1.0f}) {
    std::vector<float> rows(kPanelRows * 32);
    for (int64_t r = 0; r < kPanelRows; ++r)
      for (int k = 0; k < 32; ++k)
        rows[r * 32 + k] = sign * 0.25f * float(k % 16 - 8);
    PackStats stats;
    pack(q4_0Scheme(), rows, &stats);
    EXPECT_EQ(stats.squaredError, 0);
  }
}

TEST(ScaleSearch, ImportanceLowersTheWeightedError) {
  const int64_t columns = 512;
  std::vector<float> rows = randomPanel(columns, 3), importance(columns);
  for (int64_t k = 0; k < columns; ++k)
    importance[k] = k % 5 == 0 ? 100.0f : 0.1f;
  PackOptions weighted;
  weighted.columnImportance = importance.data();
  auto weightedError = [&](const PackOptions &options) {
    std::vector<float> back = unpack(
        q4_0Scheme(), pack(q4_0Scheme(), rows, nullptr, options), columns);
    double sum = 0;
    for (int64_t i = 0; i < kPanelRows * columns; ++i)
      sum += importance[i % columns] * std::pow(double(rows[i]) - back[i], 2);
    return sum;
  };
  EXPECT_LT(weightedError(weighted), 0.7 * weightedError({}));
}

TEST(ScaleSearch, MagnitudeWeightsLowerTheErrorOfLargeWeights) {
  const int64_t columns = 512;
  std::vector<float> rows = randomPanel(columns, 4);
  for (MagnitudeWeight kind :
       {MagnitudeWeight::linear, MagnitudeWeight::square}) {
    PackOptions options;
    options.magnitude = kind;
    int power = kind == MagnitudeWeight::linear ? 1 : 2;
    auto error = [&](const PackOptions &o) {
      std::vector<float> back =
          unpack(q4_0Scheme(), pack(q4_0Scheme(), rows, nullptr, o), columns);
      double sum = 0;
      for (size_t i = 0; i < rows.size(); ++i)
        sum += std::pow(std::fabs(rows[i]), power) *
               std::pow(double(rows[i]) - back[i], 2);
      return sum;
    };
    EXPECT_LT(error(options), error({}));
  }
}

TEST(ScaleSearch, ZeroImportanceIsHarmless) {
  std::vector<float> rows = randomPanel(64, 5), importance(64, 0.0f);
  PackOptions options;
  options.columnImportance = importance.data();
  std::vector<float> back =
      unpack(q4_0Scheme(), pack(q4_0Scheme(), rows, nullptr, options), 64);
  for (float x : back)
    EXPECT_TRUE(std::isfinite(x));
}

TEST(ScaleSearch, NotFiniteAndTooLargeAreCounted) {
  std::vector<float> rows = randomPanel(64, 6);
  rows[3] = NAN;
  rows[70] = INFINITY;
  rows[700] = -INFINITY;
  rows[900] = 1e30f;
  for (const Scheme *scheme : {&q8_0Scheme(), &q4_0Scheme()}) {
    PackStats stats;
    std::vector<float> back = unpack(*scheme, pack(*scheme, rows, &stats), 64);
    EXPECT_EQ(stats.nonFinite, 3u);
    EXPECT_EQ(stats.clipped, 1u);
    EXPECT_EQ(back[3], 0);
    EXPECT_EQ(back[70], 0);
    for (float x : back)
      EXPECT_TRUE(std::isfinite(x));
    EXPECT_TRUE(std::isfinite(stats.squaredError));
  }
  PackStats stats;
  std::vector<float> back =
      unpack(f16Scheme(), pack(f16Scheme(), rows, &stats), 64);
  EXPECT_EQ(stats.nonFinite, 3u);
  EXPECT_EQ(stats.clipped, 1u);
  EXPECT_TRUE(std::isnan(back[3]));
  PackStats wide;
  pack(f32Scheme(), rows, &wide);
  EXPECT_EQ(wide.nonFinite, 3u);
  EXPECT_EQ(wide.clipped, 0u);
}
