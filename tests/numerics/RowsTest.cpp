// Embedding, norm, quantization and argmax against their definitions.
#include "RegionBatch.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <limits>

using namespace sinter;
using namespace sinter::test;

namespace {

/// A product or quotient or two in f32, and a sum of squares.
constexpr double kTolerance = 2e-6;
/// A number that lies between two int8 in f32 and not in double precision is
/// off by one: 1 / 127 of the largest in its block.
constexpr double kOneStep = 1.01 / 127;

const int64_t kWidths[] = {1, 7, 16, 31, 32, 64, 80, 96, 176, 200, 1024, 1100};

std::string embeddingText(const char *scheme, const char *tokens, int64_t rows,
                          int64_t columns) {
  return llvm::formatv(
      "xf.region @r(%t: tensor<{0}xi32>, %w: tensor<{1}x{2}xf32, "
      "#xf.quant<{3}>>) -> tensor<{0}x{2}xf32> {{\n"
      "  %0 = xf.embedding %t, %w : (tensor<{0}xi32>, tensor<{1}x{2}xf32, "
      "#xf.quant<{3}>>) -> tensor<{0}x{2}xf32>\n"
      "  xf.yield %0 : tensor<{0}x{2}xf32>\n}\n",
      tokens, rows, columns, scheme);
}

std::string normText(const char *tokens, int64_t columns, bool norm,
                     bool quantize) {
  std::string plain = llvm::formatv("tensor<{0}x{1}xf32>", tokens, columns);
  std::string int8 =
      llvm::formatv("tensor<{0}x{1}xf32, #xf.quant<dyn_i8>>", tokens, columns);
  std::string weight =
      llvm::formatv("tensor<{0}xf32, #xf.quant<f32>>", columns);
  const std::string &result = quantize ? int8 : plain;
  std::string text = "xf.region @r(%x: " + plain +
                     (norm ? ", %g: " + weight : "") + ") -> " + result +
                     " {\n";
  if (norm)
    text += "  %n = xf.rms_norm %x, %g {epsilon = 1.0e-5 : f64} : (" + plain +
            ", " + weight + ") -> " + plain + "\n";
  std::string last = norm ? "%n" : "%x";
  if (quantize) {
    text +=
        "  %q = xf.quantize " + last + " : (" + plain + ") -> " + int8 + "\n";
    last = "%q";
  }
  return text + "  xf.yield " + last + " : " + result + "\n}\n";
}

std::string argmaxText(const char *tokens, int64_t columns) {
  return llvm::formatv("xf.region @r(%x: tensor<{0}x{1}xf32>) -> "
                       "tensor<{0}xi32> {{\n"
                       "  %0 = xf.argmax %x : (tensor<{0}x{1}xf32>) -> "
                       "tensor<{0}xi32>\n"
                       "  xf.yield %0 : tensor<{0}xi32>\n}\n",
                       tokens, columns);
}

class RowsTest : public testing::TestWithParam<std::string> {};

TEST_P(RowsTest, Embedding) {
  RegionBatch batch(GetParam());
  size_t count = 0;
  for (const char *scheme : {"f32", "f16", "bf16", "q8_0", "q4_0"})
    for (int64_t columns : {64, 80, 176, 7})
      for (const char *tokens : {"?", "1"})
        count =
            batch.add(embeddingText(scheme, tokens, 37, columns), "embedding");
  ASSERT_TRUE(batch.compile());
  for (size_t i = 0; i <= count; ++i)
    for (int64_t tokens : {1, 7, 33})
      batch.check(i, {i % 2 ? 1 : tokens, 5}, kTolerance);
}

TEST_P(RowsTest, NormAndQuantize) {
  RegionBatch batch(GetParam());
  struct Case {
    size_t index;
    double tolerance;
  };
  std::vector<Case> cases;
  for (int64_t columns : kWidths)
    for (int kind = 1; kind < 4; ++kind)
      cases.push_back(
          {batch.add(normText("?", columns, kind & 1, kind & 2), "norm"),
           kind & 2 ? kOneStep : kTolerance});
  cases.push_back({batch.add(normText("1", 96, true, true), "norm"), kOneStep});
  ASSERT_TRUE(batch.compile());
  for (const Case &test : cases)
    for (int64_t tokens : {1, 2, 7, 16, 33})
      batch.check(test.index, {&test == &cases.back() ? 1 : tokens, 0},
                  test.tolerance);
}

/// A block of zeros has scale 0 and numbers 0; tiny and huge rows are exact to
/// the same relative error.
TEST_P(RowsTest, QuantizeExtremes) {
  RegionBatch batch(GetParam());
  batch.add(normText("?", 80, false, true), "norm");
  ASSERT_TRUE(batch.compile());
  for (double scale : {0.0, 1e-25, 1e30}) {
    RunSize size{5, 0};
    size.scale = scale;
    batch.check(0, size, scale < 1 ? 1e-9 : kOneStep);
  }
}

TEST_P(RowsTest, Argmax) {
  RegionBatch batch(GetParam());
  for (int64_t columns : {1, 3, 64, 100, 1000, 32003})
    batch.add(argmaxText("1", columns), "argmax");
  batch.add(argmaxText("?", 333), "argmax");
  ASSERT_TRUE(batch.compile());
  for (size_t i = 0; i < 6; ++i)
    batch.check(i, {1, 0}, 0);
  batch.check(6, {33, 0}, 0);
}

/// Ties, NaN and infinities; the reference knows none of the kernel's lanes.
TEST_P(RowsTest, ArgmaxOddities) {
  RegionBatch batch(GetParam());
  constexpr int64_t kColumns = 333;
  batch.add(argmaxText("1", kColumns), "argmax");
  ASSERT_TRUE(batch.compile());
  float nan = std::numeric_limits<float>::quiet_NaN();
  float infinity = std::numeric_limits<float>::infinity();
  struct Oddity {
    float all;
    std::vector<std::pair<int64_t, float>> some;
  };
  const Oddity oddities[] = {
      {0, {}},
      {1, {{20, 7}, {19, 7}, {300, 7}}},
      {1, {{332, 7}, {331, 7}, {16, 7}, {80, 7}}},
      {-infinity, {}},
      {-infinity, {{0, nan}, {64, nan}}},
      {nan, {}},
      {nan, {{200, -3}, {201, -3}}},
      {0, {{0, nan}, {100, infinity}, {99, nan}, {101, infinity}}},
      {-1, {{332, 0}, {5, nan}}},
  };
  for (const Oddity &oddity : oddities)
    batch.check(0, {1, 0}, 0, [&](std::vector<Datum> &arguments) {
      auto *x = arguments[0].memory->as<float>();
      std::fill(x, x + kColumns, oddity.all);
      for (auto [column, value] : oddity.some)
        x[column] = value;
      std::copy(x, x + kColumns, arguments[0].matrix.values.begin());
    });
}

INSTANTIATE_TEST_SUITE_P(Variants, RowsTest,
                         testing::ValuesIn(runnableVariants()),
                         [](const auto &info) { return testName(info.param); });

} // namespace
