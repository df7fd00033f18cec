// The attention families against their definition: decode, rope + append,
// prefill; f32 and f16 caches, groups, head dimensions, windows, positions.
#include "AttentionText.h"
#include "RegionBatch.h"

#include <cmath>

using namespace sinter;
using namespace sinter::test;

namespace {

/// f32: sums of up to 160 terms in f32 and a polynomial exp (1e-6 relative) on
/// results of order 1.
constexpr double kTolerance = 2e-5;
/// f16 caches: a key or value that rounds the other way than in double
/// precision is off by 2^-11 of itself.
constexpr double kHalfTolerance = 1e-3;

double toleranceOf(const AttentionCase &shape) {
  return std::string(shape.element) == "f16" ? kHalfTolerance : kTolerance;
}

/// Every head dimension with some group, every group with some dimension, both
/// cache types, partial rotation, norms, windows.
const std::vector<AttentionCase> kCases = {
    {1, 1, 64},
    {2, 2, 16},
    {3, 1, 24, 160, 0, "f16"},
    {2, 4, 32},
    {4, 8, 64},
    {2, 8, 64, 160, 0, "f16"},
    {1, 3, 80, 160, 0, "f16"},
    {2, 2, 128},
    {1, 4, 96, 160, 0, "f16"},
    {2, 1, 7 * 4}, // not a multiple of 8
    {1, 5, 10},
    {2, 2, 64, 160, 40},
    {1, 4, 32, 160, 16, "f16"},
    {1, 2, 32, 160, 1},
    {1, 1, 16, 32, 5000000000}, // wider than any cache
    {2, 2, 32, 160, 0, "f32", 16},
    {2, 3, 64, 160, 0, "f32", 0, true},
    {1, 2, 128, 160, 0, "f16", 0, true},
    {1, 1, 8, 16},
    {1, 2, 16, 1024}, // several chunks of positions
    {1, 2, 16, 1024, 300},
    {1, 9, 256, 48},
};

class AttentionTest : public testing::TestWithParam<std::string> {};

TEST_P(AttentionTest, Decode) {
  RegionBatch batch(GetParam());
  for (const AttentionCase &shape : kCases)
    batch.add(decodeText(shape), "attention_decode");
  ASSERT_TRUE(batch.compile());
  for (size_t i = 0; i < kCases.size(); ++i)
    for (int64_t position : {0, 5, 15, 16, 100, 159, 255, 256, 257, 1023})
      if (position < kCases[i].capacity)
        batch.check(i, {1, position}, toleranceOf(kCases[i]));
}

TEST_P(AttentionTest, RopeAppend) {
  RegionBatch batch(GetParam());
  for (const AttentionCase &shape : kCases)
    batch.add(ropeAppendText(shape), "rope_append");
  ASSERT_TRUE(batch.compile());
  for (size_t i = 0; i < kCases.size(); ++i)
    for (int64_t tokens : {1, 2, 7, 16, 33})
      for (int64_t position : {0, 5, 100})
        if (position + tokens <= kCases[i].capacity)
          batch.check(i, {tokens, position}, toleranceOf(kCases[i]));
}

TEST_P(AttentionTest, Prefill) {
  RegionBatch batch(GetParam());
  for (const AttentionCase &shape : kCases)
    batch.add(prefillText(shape), "attention_prefill");
  ASSERT_TRUE(batch.compile());
  for (size_t i = 0; i < kCases.size(); ++i)
    for (int64_t tokens : {1, 2, 7, 16, 33})
      for (int64_t position : {0, 5, 100, 700}) {
        RunSize size{tokens, position};
        if (position + tokens <= kCases[i].capacity)
          batch.check(i, size, toleranceOf(kCases[i]),
                      [&](std::vector<Datum> &arguments) {
                        // rope_append has written the chunk's own positions.
                        std::mt19937 random(3);
                        fillCache(arguments[1], position + tokens, random);
                      });
      }
}

/// Scores of order 1e4: exp without subtracting the maximum would overflow.
TEST_P(AttentionTest, LargeScores) {
  RegionBatch batch(GetParam());
  AttentionCase shape{1, 2, 32};
  shape.scale = 100;
  AttentionCase half = shape;
  half.element = "f16";
  batch.add(decodeText(shape), "attention_decode");
  batch.add(decodeText(half), "attention_decode");
  ASSERT_TRUE(batch.compile());
  // A score of 1e4 has an absolute error of 1e-3, and so its weight.
  for (size_t i : {0, 1})
    for (int64_t position : {3, 90}) {
      RunSize size{1, position};
      size.scale = 5;
      batch.check(i, size, i ? 0.5 : 2e-2);
    }
}

/// What does not fit an f16 saturates instead of becoming infinite.
TEST_P(AttentionTest, HalfCacheSaturates) {
  RegionBatch batch(GetParam());
  AttentionCase shape{1, 1, 32, 16, 0, "f16"};
  batch.add(decodeText(shape), "attention_decode");
  ASSERT_TRUE(batch.compile());
  RunSize size{1, 0};
  size.scale = 1e6;
  batch.check(0, size, kHalfTolerance);
}

INSTANTIATE_TEST_SUITE_P(Variants, AttentionTest,
                         testing::ValuesIn(runnableVariants()),
                         [](const auto &info) { return testName(info.param); });

} // namespace
