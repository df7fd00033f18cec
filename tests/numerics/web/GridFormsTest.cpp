// What models beyond Llama's family ask of the grid families: layer norms,
// activations without a gate, caps, biases of positions, scaled and positioned
// embeddings, norms that are added; and the fallback for the same ops. Every
// variant is validated, those of SwiftShader are run.
#include "../AttentionText.h"
#include "../RegionText.h"
#include "GridBatch.h"

using namespace sinter;
using namespace sinter::test;

namespace {

/// Sums of up to a few hundred products in f32, relative to the row's largest.
constexpr double kTolerance = 3e-5;
/// f16 caches: a number that rounds the other way is off by 2^-11 of itself.
constexpr double kHalfTolerance = 1e-3;

class GridFormsTest : public testing::TestWithParam<std::string> {};

/// Rows far from zero: the mean is twenty times the deviation.
void shift(std::vector<Datum> &arguments) {
  Datum &x = arguments.front();
  for (size_t i = 0; i < x.matrix.values.size(); ++i)
    x.matrix.values[i] = x.memory->as<float>()[i] += 20;
}

struct LayerNormCase {
  const char *scheme;
  int64_t columns;
  bool bias;
};
const LayerNormCase kLayerNorms[] = {{"f32", 64, true},
                                     {"f16", 60, false},
                                     {"q8_0", 100, false},
                                     {"q4_0", 60, true}};

TEST_P(GridFormsTest, LayerNormIntoDecode) {
  GridBatch batch(GetParam());
  for (auto [scheme, columns, bias] : kLayerNorms) {
    Text text("1", /*grid=*/true);
    std::string n = text.layerNorm(text.x(columns), columns, bias);
    std::string y = text.linear(n, 40, columns, scheme, bias);
    batch.check(batch.add(text.done(y, 40), "grid_decode"), {1},
                batch.linearTolerance(scheme, kTolerance));
  }
  // The last row of many, as logits are computed; rows far from zero.
  Text last("?", /*grid=*/true);
  std::string row = last.selectRow(64);
  size_t index = batch.add(
      last.done(last.linear(last.layerNorm(row, 64, true), 90, 64, "q8_0"), 90),
      "grid_decode");
  batch.check(index, {6, 0, 4}, batch.linearTolerance("q8_0", kTolerance));
  batch.check(index, {6, 0, 0}, batch.linearTolerance("q8_0", 1e-4), shift);
  batch.run();
}

struct ActivationCase {
  const char *scheme;
  const char *kind;
};
const ActivationCase kActivations[] = {
    {"f32", "gelu"}, {"q4_0", "gelu_tanh"}, {"f32", "silu"}, {"q8_0", "relu"}};

/// Plain activations, caps, and a layer norm before a gate; also for numbers
/// where exp overflows.
TEST_P(GridFormsTest, Epilogues) {
  GridBatch batch(GetParam());
  for (const char *tokens : {"1", "?"}) {
    bool one = *tokens == '1';
    const char *family = one ? "grid_decode" : "grid_prefill";
    auto add = [&](Text &text, const std::string &value, double tolerance,
                   double ofLarge) {
      size_t index = batch.add(text.done(value, 50), family);
      RunSize size{one ? 1 : 11}, large = size;
      batch.check(index, size, tolerance);
      large.scale = 1e4; // what cancels in a sum is large, too
      batch.check(index, large, ofLarge);
    };
    for (auto [scheme, kind] : kActivations) {
      Text text(tokens, /*grid=*/true);
      std::string y = text.linear(text.x(72), 50, 72, scheme, true);
      add(text, text.activation(kind, y, 50),
          batch.linearTolerance(scheme, kTolerance),
          batch.linearTolerance(scheme, 1e-3));
    }
    Text text(tokens, /*grid=*/true);
    std::string y = text.linear(text.x(64), 50, 64, "q8_0");
    std::string capped = text.softcap(y, 50, one ? "2.0" : "30.0");
    // Sums are five times the cap, and their errors; of large ones that cancel
    // f16 knows only that they are within the cap.
    if (batch.linearTolerance("q8_0", 0) > 0)
      add(text, capped, 5 * kHalfSums, 2);
    else
      add(text, capped, kTolerance, 1e-3);
  }
  Text gate("1", /*grid=*/true);
  std::string n = gate.layerNorm(gate.x(64), 64, true);
  n = gate.gate("silu", gate.linear(n, 96, 64, "q4_0", true), 48);
  batch.check(batch.add(gate.done(n, 48), "grid_decode"), {1},
              batch.linearTolerance("q4_0", kTolerance));
  batch.run();
}

TEST_P(GridFormsTest, Norms) {
  GridBatch batch(GetParam());
  for (int64_t columns : {7, 100})
    for (int form = 0; form < 5; ++form) {
      Text text("?", /*grid=*/true);
      std::string x = text.x(columns);
      std::string y = form < 2 ? text.norm(x, columns)
                               : text.layerNorm(x, columns, form != 3);
      bool added = form == 1 || form == 4;
      if (added)
        y = text.add(text.x(columns), y, columns);
      size_t index = batch.add(text.done(y, columns), "grid_norm");
      for (int64_t tokens : {1, 6, 16})
        batch.check(index, {tokens}, 1e-5);
      if (form >= 2)
        batch.check(index, {5}, 1e-4, shift);
    }
  batch.run();
}

TEST_P(GridFormsTest, Embeddings) {
  GridBatch batch(GetParam());
  for (const char *scheme : {"f32", "q4_0"})
    for (const char *tokens : {"?", "1"})
      for (bool scaled : {true, false}) {
        Text text(tokens, /*grid=*/true);
        std::string x = text.embedding(50, 72, scheme);
        if (scaled)
          x = text.scale(x, 72, "8.4852813742385695");
        else
          x = text.addPositions(x, 40, 72, scheme);
        size_t index = batch.add(text.done(x, 72), "grid_embedding");
        batch.check(index, {*tokens == '1' ? 1 : 7, scaled ? 0 : 9}, 1e-6);
      }
  batch.run();
}

/// A cap of scores, biases of positions, layer norms of heads, windows, odd
/// numbers of heads; both caches.
const AttentionCase kAttention[] = {
    {2, 2, 16, 160, 0, "f32", 0, false, 0, false, /*softcap=*/1.5},
    {1, 2, 24, 160, 40, "f16", 0, false, 0.3, false, /*softcap=*/50},
    {5, 1, 16, 160, 0, "f32", 0, false, 0, false, 0, /*biases=*/true},
    {1, 3, 20, 80, 0, "f16", 0, false, 0, false, 0, /*biases=*/true},
    {2, 2, 32, 160, 0, "f32", 8, true, 0, /*layerNorm=*/true},
};

double toleranceOf(const AttentionCase &shape) {
  return std::string(shape.element) == "f16" ? kHalfTolerance : kTolerance;
}

TEST_P(GridFormsTest, AttentionDecode) {
  GridBatch batch(GetParam());
  for (const AttentionCase &shape : kAttention) {
    size_t index = batch.add(decodeText(shape), "grid_attention_decode");
    for (int64_t position : {0, 5, 70})
      batch.check(index, {1, position}, toleranceOf(shape));
  }
  batch.run();
}

TEST_P(GridFormsTest, AttentionPrefill) {
  GridBatch batch(GetParam());
  for (const AttentionCase &shape : kAttention) {
    size_t append = batch.add(ropeAppendText(shape), "grid_rope_append");
    batch.check(append, {18, 13}, toleranceOf(shape));
    size_t index = batch.add(prefillText(shape), "grid_attention_prefill");
    for (RunSize size : {RunSize{17, 0}, RunSize{5, 30}})
      batch.check(index, size, toleranceOf(shape),
                  [size](std::vector<Datum> &arguments) {
                    std::mt19937 random(7);
                    for (Datum &argument : arguments)
                      if (argument.isCache())
                        fillCache(argument, size.position + size.tokens,
                                  random);
                  });
  }
  batch.run();
}

TEST_P(GridFormsTest, Fallback) {
  GridBatch batch(GetParam());
  auto add = [&](const std::string &text, const RunSize &size) {
    batch.check(batch.add(text, "grid_fallback", /*forced=*/true), size,
                kTolerance);
  };
  for (bool ofEachGroup : {true, false}) {
    Text text("?", /*grid=*/true);
    std::string x = text.layerNorm(text.x(48), 48, true, 4, ofEachGroup);
    x = text.softcap(text.scale(x, 48, "3.0"), 48, "2.5");
    add(text.done(text.add(x, text.x(48), 48), 48), {5});
  }
  for (const char *scheme : {"f32", "q8_0"}) {
    Text text("?", /*grid=*/true);
    std::string x = text.embedding(50, 40, scheme);
    x = text.addPositions(text.scale(x, 40, "1.5"), 32, 40, scheme);
    add(text.done(x, 40), {5, 7});
  }
  // A gate of 24 rows is cut where no panel begins: its product stands alone.
  Text gate("?", /*grid=*/true);
  add(gate.done(gate.gate("gelu_tanh", gate.x(48), 24), 24), {6});
  batch.run();
}

INSTANTIATE_TEST_SUITE_P(Variants, GridFormsTest,
                         testing::ValuesIn(kGridVariants), gridTestName);

} // namespace
