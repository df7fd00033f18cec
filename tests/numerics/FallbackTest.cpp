// The fallback against the definitions: each op alone, every region that other
// families compute, linears of every scheme, and mixes that only it takes.
#include "AttentionText.h"
#include "RegionBatch.h"
#include "RegionText.h"

using namespace sinter;
using namespace sinter::test;

namespace {

/// Sums of up to a few hundred products in f32, polynomial erf and tanh.
constexpr double kTolerance = 2e-5;
/// Where a quantized number may be off by one, its product with a weight is
/// off by 1 / 127 of the largest of 32 terms.
constexpr double kInt8Tolerance = 1e-2;

class FallbackTest : public testing::TestWithParam<std::string> {
protected:
  FallbackTest() : batch(GetParam()) {}
  size_t add(const std::string &text) {
    return batch.add(text, "fallback", /*forced=*/true);
  }
  RegionBatch batch;
};

TEST_P(FallbackTest, Pointwise) {
  size_t last = 0;
  for (const char *kind : {"silu", "gelu", "gelu_tanh", "relu"}) {
    Text text("?");
    std::string x = text.x(77);
    last =
        add(text.done(text.same(std::string("activation ") + kind, x, 77), 77));
  }
  Text text("?");
  std::string a = text.x(45), b = text.x(45);
  std::string sum = text.same("add", a + ", " + b, 45);
  std::string part =
      text.slice(text.same("mul", sum + ", " + a, 45), 45, 13, 30);
  last = add(
      text.done({sum, part, a}, {rows("?", 45), rows("?", 13), rows("?", 45)}));
  ASSERT_TRUE(batch.compile());
  for (size_t i = 0; i <= last; ++i)
    for (double scale : {1.0, 30.0}) {
      RunSize size{19, 0};
      size.scale = scale;
      batch.check(i, size, kTolerance);
    }
}

TEST_P(FallbackTest, Linears) {
  std::vector<double> tolerances;
  for (const char *scheme : {"f32", "f16", "bf16", "q8_0", "q4_0"})
    for (auto [n, k] :
         {std::pair<int64_t, int64_t>{40, 64}, {16, 80}, {7, 33}}) {
      Text text("?");
      std::string x = text.x(k);
      add(text.done(text.linear(x, n, k, scheme, n == 7), n));
      tolerances.push_back(isInteger(scheme) ? kInt8Tolerance : kTolerance);
    }
  ASSERT_TRUE(batch.compile());
  for (size_t i = 0; i < tolerances.size(); ++i)
    for (int64_t tokens : {1, 5})
      batch.check(i, {tokens, 0}, tolerances[i]);
}

/// Int8 activations as an argument, and integer weights of plain activations.
TEST_P(FallbackTest, LinearInputs) {
  for (const char *scheme : {"q8_0", "q4_0"}) {
    Text text("?");
    std::string type = "tensor<?x72xf32, #xf.quant<dyn_i8>>";
    std::string x = text.argument(type);
    std::string w = text.argument(weight(24, 72, scheme));
    add(text.done(text.op("linear", x + ", " + w, "",
                          type + ", " + weight(24, 72, scheme), rows("?", 24)),
                  24));
  }
  ASSERT_TRUE(batch.compile());
  for (size_t i : {0, 1})
    batch.check(i, {18, 0}, kTolerance);
}

/// D2, D4, D5 of one token, P2, P6, P7 of several.
TEST_P(FallbackTest, LinearRegions) {
  std::vector<double> tolerances;
  for (const char *scheme : {"f32", "q8_0", "q4_0"})
    for (const char *tokens : {"1", "?"}) {
      Text projection(tokens);
      std::string n = projection.norm(projection.x(64), 64);
      add(projection.done(projection.linear(n, 48, 64, scheme, true), 48));

      Text residual(tokens);
      std::string y = residual.linear(residual.x(96), 64, 96, scheme);
      add(residual.done(residual.same("add", y + ", " + residual.x(64), 64),
                        64));

      Text gate(tokens);
      std::string both =
          gate.linear(gate.norm(gate.x(64), 64), 2 * 48, 64, scheme);
      std::string g =
          gate.same("activation silu", gate.slice(both, 96, 48, 0), 48);
      std::string up = gate.slice(both, 96, 48, 48);
      add(gate.done(gate.same("mul", g + ", " + up, 48), 48));
      tolerances.insert(tolerances.end(), 3,
                        isInteger(scheme) ? kInt8Tolerance : kTolerance);
    }
  ASSERT_TRUE(batch.compile());
  for (size_t i = 0; i < tolerances.size(); ++i)
    batch.check(i, {i / 3 % 2 ? 9 : 1, 4}, tolerances[i]);
}

TEST_P(FallbackTest, AttentionRegions) {
  const AttentionCase cases[] = {{2, 2, 16},
                                 {1, 3, 24, 160, 0, "f16"},
                                 {2, 1, 64, 160, 12, "f32", 32, true}};
  for (const AttentionCase &shape : cases) {
    add(decodeText(shape));
    add(ropeAppendText(shape));
    add(prefillText(shape));
  }
  ASSERT_TRUE(batch.compile());
  for (size_t i = 0; i < std::size(cases); ++i) {
    double tolerance = i == 1 ? 1e-3 : kTolerance;
    for (int64_t position : {0, 5, 100}) {
      batch.check(3 * i, {1, position}, tolerance);
      batch.check(3 * i + 1, {7, position}, tolerance);
      batch.check(3 * i + 2, {7, position}, tolerance,
                  [&](std::vector<Datum> &arguments) {
                    std::mt19937 random(3);
                    fillCache(arguments[1], position + 7, random);
                  });
    }
  }
}

/// H1, whose hidden rows are many; the row is selected before or after a norm.
TEST_P(FallbackTest, SelectRow) {
  for (bool early : {true, false}) {
    Text text("?");
    std::string x = text.x(64);
    if (!early)
      x = text.norm(x, 64);
    x = text.op("select_row", x, "", rows("?", 64), rows("1", 64));
    text.tokens = "1";
    if (early)
      x = text.norm(x, 64);
    add(text.done(text.linear(x, 50, 64, "f32"), 50));
  }
  ASSERT_TRUE(batch.compile());
  for (size_t i : {0, 1})
    for (int64_t row : {0, 3, 16})
      batch.check(i, {17, 2, row}, kTolerance);
}

TEST_P(FallbackTest, LookupsAndChoices) {
  for (const char *scheme : {"f32", "q4_0"}) {
    Text text("?");
    std::string ids = text.argument("tensor<?xi32>");
    std::string table = text.argument(weight(37, 40, scheme));
    std::string x =
        text.op("embedding", ids + ", " + table, "",
                "tensor<?xi32>, " + weight(37, 40, scheme), rows("?", 40));
    std::string n = text.norm(x, 40, 5);
    std::string best = text.op("argmax", n, "", rows("?", 40), "tensor<?xi32>");
    std::string int8 = "tensor<?x40xf32, #xf.quant<dyn_i8>>";
    std::string q = text.op("quantize", x, "", rows("?", 40), int8);
    add(text.done({n, best, q}, {rows("?", 40), "tensor<?xi32>", int8}));
  }
  ASSERT_TRUE(batch.compile());
  for (size_t i : {0, 1})
    batch.check(i, {21, 0}, kInt8Tolerance);
}

/// A whole layer in one region, tokens in order: later ones attend to earlier
/// ones of the same chunk.
TEST_P(FallbackTest, WholeLayer) {
  Text text("?");
  std::string cache = text.argument("!xf.kv_cache<1 x 160 x 16, f32>");
  std::string table = text.argument(weight(160, 16, "f32"));
  std::string x = text.x(32);
  std::string qkv = text.linear(text.norm(x, 32), 64, 32, "f32");
  auto rotated = [&](int64_t heads, int64_t offset) {
    std::string type = rows("?", heads * 16);
    return text.op("rope",
                   text.slice(qkv, 64, heads * 16, offset) + " table " + table,
                   "{heads = " + std::to_string(heads) +
                       ", rope = #xf.rope<theta = 1.0e+4 : f64, dim = 16, "
                       "none>}",
                   type + ", " + weight(160, 16, "f32"), type);
  };
  std::string q = rotated(2, 0), k = rotated(1, 32);
  std::string v = text.slice(qkv, 64, 16, 48);
  text.append(k, v, cache);
  std::string a = text.op(
      "attention", q + ", " + cache, "{heads = 2, scale = 0.25 : f64}",
      rows("?", 32) + ", !xf.kv_cache<1 x 160 x 16, f32>", rows("?", 32));
  std::string o =
      text.same("add", text.linear(a, 32, 32, "f32") + ", " + x, 32);
  add(text.done(o, 32));
  ASSERT_TRUE(batch.compile());
  for (int64_t position : {0, 31})
    batch.check(0, {33, position}, kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Variants, FallbackTest,
                         testing::ValuesIn(runnableVariants()),
                         [](const auto &info) { return testName(info.param); });

} // namespace
