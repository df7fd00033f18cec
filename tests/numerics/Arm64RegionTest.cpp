// A part of the families' cases on arm64, under qemu-user. Skipped where the
// emulator or the cross compiler is missing.
#include "AttentionText.h"
#include "RegionBatch.h"

using namespace sinter;
using namespace sinter::test;

namespace {

class Arm64RegionTest : public testing::Test {
protected:
  Arm64RegionTest() : batch("arm64-dotprod") {}
  void SetUp() override {
    if (!Emulator::available())
      GTEST_SKIP() << "needs qemu-aarch64 and aarch64-linux-gnu-gcc";
  }
  RegionBatch batch;
};

/// As in AttentionTest.cpp: f32 sums and a polynomial exp; f16 rounding.
double toleranceOf(const AttentionCase &shape) {
  return std::string(shape.element) == "f16" ? 1e-3 : 2e-5;
}

TEST_F(Arm64RegionTest, Attention) {
  const AttentionCase cases[] = {
      {2, 4, 64},
      {1, 3, 80, 160, 0, "f16"},
      {2, 2, 32, 160, 12, "f16", 16, true},
      {1, 5, 10},
  };
  for (const AttentionCase &shape : cases) {
    batch.add(decodeText(shape), "attention_decode");
    batch.add(ropeAppendText(shape), "rope_append");
    batch.add(prefillText(shape), "attention_prefill");
  }
  ASSERT_TRUE(batch.compile());
  size_t index = 0;
  for (const AttentionCase &shape : cases) {
    double tolerance = toleranceOf(shape);
    batch.check(index++, {1, 100}, tolerance);
    batch.check(index++, {33, 5}, tolerance);
    batch.check(index++, {33, 100}, tolerance,
                [](std::vector<Datum> &arguments) {
                  std::mt19937 random(3);
                  fillCache(arguments[1], 133, random);
                });
  }
}

TEST_F(Arm64RegionTest, Rows) {
  batch.add("xf.region @r(%t: tensor<?xi32>, %w: tensor<37x80xf32, "
            "#xf.quant<q4_0>>) -> tensor<?x80xf32> {\n"
            "  %0 = xf.embedding %t, %w : (tensor<?xi32>, tensor<37x80xf32, "
            "#xf.quant<q4_0>>) -> tensor<?x80xf32>\n"
            "  xf.yield %0 : tensor<?x80xf32>\n}\n",
            "embedding");
  batch.add("xf.region @r(%x: tensor<?x80xf32>, %g: tensor<80xf32, "
            "#xf.quant<f32>>) -> tensor<?x80xf32, #xf.quant<dyn_i8>> {\n"
            "  %0 = xf.rms_norm %x, %g {epsilon = 1.0e-5 : f64} : "
            "(tensor<?x80xf32>, tensor<80xf32, #xf.quant<f32>>) -> "
            "tensor<?x80xf32>\n"
            "  %1 = xf.quantize %0 : (tensor<?x80xf32>) -> tensor<?x80xf32, "
            "#xf.quant<dyn_i8>>\n"
            "  xf.yield %1 : tensor<?x80xf32, #xf.quant<dyn_i8>>\n}\n",
            "norm");
  batch.add("xf.region @r(%x: tensor<1x1003xf32>) -> tensor<1xi32> {\n"
            "  %0 = xf.argmax %x : (tensor<1x1003xf32>) -> tensor<1xi32>\n"
            "  xf.yield %0 : tensor<1xi32>\n}\n",
            "argmax");
  batch.add("xf.region @r(%x: tensor<?x40xf32, #xf.quant<dyn_i8>>, %w: "
            "tensor<24x40xf32, #xf.quant<q8_0>>) -> tensor<?x24xf32> {\n"
            "  %0 = xf.linear %x, %w : (tensor<?x40xf32, #xf.quant<dyn_i8>>, "
            "tensor<24x40xf32, #xf.quant<q8_0>>) -> tensor<?x24xf32>\n"
            "  %1 = xf.activation gelu %0 : tensor<?x24xf32>\n"
            "  xf.yield %1 : tensor<?x24xf32>\n}\n",
            "fallback", /*forced=*/true);
  ASSERT_TRUE(batch.compile());
  batch.check(0, {9, 0}, 1e-6);
  batch.check(1, {9, 0}, 1.01 / 127); // one step of int8
  batch.check(2, {1, 0}, 0);
  batch.check(3, {9, 0}, 2e-5);
}

} // namespace
