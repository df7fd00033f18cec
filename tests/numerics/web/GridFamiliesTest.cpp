// The grid families against the definitions of their regions' ops: every
// scheme, shapes with and without padding, in every variant.
#include "../AttentionText.h"
#include "GridBatch.h"
#include "KernelForms.h"
#include "QuantizedTwin.h"
#include "SamplingText.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace sinter;
using namespace sinter::test;

namespace {

/// Sums of up to some hundred products in f32, and of 128 times as much where
/// bytes are taken as unsigned; relative to the row's largest.
constexpr double kTolerance = 3e-5;
/// f16 caches: a number that rounds the other way is off by 2^-11 of itself.
constexpr double kHalfTolerance = 1e-3;

const char *const kSchemes[] = {"f32", "f16", "bf16", "q8_0", "q4_0"};

/// Where inputs are quantized, linears of floats are those of other variants;
/// where matrices are multiplied, those of f32 and bf16.
std::vector<const char *> linearSchemes(const GridBatch &batch) {
  if (batch.caps().getMatrix())
    return {"f16", "q8_0", "q4_0"};
  llvm::ArrayRef<const char *> all = kSchemes;
  return batch.quantizes() ? all.take_back(2) : all;
}

class GridScheduleTest : public testing::TestWithParam<std::string> {};
class GridFamiliesTest : public testing::TestWithParam<std::string> {};
/// In all variants.
class GridLinearsTest : public testing::TestWithParam<std::string> {};
class GridDotTest : public testing::TestWithParam<std::string> {};
class GridHalfTest : public testing::TestWithParam<std::string> {};
class GridMatrixTest : public testing::TestWithParam<std::string> {};

/// What stands around a linear.
struct LinearShape {
  int64_t outputs = 32, columns = 64;
  bool norm = false, bias = false, residual = false, row = false;
  const char *activation = nullptr; ///< with it outputs count once
};

/// Where matrices are multiplied, inputs and expanded weights are f16, each off
/// by 2^-11 of itself at most. Both factors of a gate are off.
double linearTolerance(const GridBatch &batch, const LinearShape &shape,
                       const char *scheme) {
  double one = batch.caps().getMatrix()
                   ? kHalfTolerance
                   : batch.linearTolerance(scheme, kTolerance);
  return shape.activation && one > kTolerance ? 3 * one : one;
}

std::string linearText(const LinearShape &shape, const char *scheme,
                       const char *tokens) {
  int64_t rows = shape.outputs * (shape.activation ? 2 : 1);
  auto rowsOf = [](llvm::StringRef t, int64_t columns) {
    return llvm::formatv("tensor<{0}x{1}xf32>", t, columns).str();
  };
  auto vector = [](int64_t columns) {
    return llvm::formatv("tensor<{0}xf32, #xf.quant<f32>>", columns).str();
  };
  std::string x = rowsOf(tokens, shape.columns), y = rowsOf(tokens, rows);
  std::string w = llvm::formatv("tensor<{0}x{1}xf32, #xf.quant<{2}>>", rows,
                                shape.columns, scheme);
  std::string out = rowsOf(tokens, shape.outputs);
  std::string in = shape.row ? rowsOf("?", shape.columns) : x;
  std::string text = "xf.region @r(%x: " + in + ", %w: " + w;
  if (shape.norm)
    text += ", %g: " + vector(shape.columns);
  if (shape.bias)
    text += ", %b: " + vector(rows);
  if (shape.residual)
    text += ", %z: " + out;
  text += ") -> " + out + " {\n";
  std::string last = "%x";
  if (shape.row) {
    text += "  %s = xf.select_row %x : (" + in + ") -> " + x + "\n";
    last = "%s";
  }
  if (shape.norm) {
    text += "  %n = xf.rms_norm " + last + ", %g {epsilon = 1.0e-5 : f64} : (" +
            x + ", " + vector(shape.columns) + ") -> " + x + "\n";
    last = "%n";
  }
  text += "  %y = xf.linear " + last + ", %w" + (shape.bias ? " bias %b" : "") +
          " : (" + x + ", " + w + (shape.bias ? ", " + vector(rows) : "") +
          ") -> " + y + "\n";
  last = "%y";
  if (shape.activation) {
    auto slice = [&](const char *name, int64_t offset) {
      text += llvm::formatv("  {0} = xf.slice %y {{offset = {1} : i64} : ({2}) "
                            "-> {3}\n",
                            name, offset, y, out);
    };
    slice("%gate", 0);
    slice("%up", shape.outputs);
    text += "  %a = xf.activation " + std::string(shape.activation) +
            " %gate : " + out + "\n  %h = xf.mul %a, %up : " + out + "\n";
    last = "%h";
  }
  if (shape.residual) {
    text += "  %r = xf.add %z, " + last + " : " + out + "\n";
    last = "%r";
  }
  return text + "  xf.yield " + last + " : " + out + "\n}\n";
}

const LinearShape kLinears[] = {
    {32, 64},
    {96, 96, true},
    {40, 72, true, true},
    {144, 160, false, false, true},
    {48, 64, true, false, false, true},
    {64, 64, true, false, false, false, "silu"},
};

void decodeCases(GridBatch &batch) {
  for (const char *scheme : linearSchemes(batch))
    for (const LinearShape &shape : kLinears) {
      size_t index = batch.add(linearText(shape, scheme, "1"), "grid_decode");
      batch.check(index, {shape.row ? 5 : 1, 0, shape.row ? 3 : 0},
                  linearTolerance(batch, shape, scheme));
    }
  for (const char *activation : {"gelu", "gelu_tanh", "relu"}) {
    LinearShape shape{32, 40, false, true, false, false, activation};
    batch.check(batch.add(linearText(shape, "q4_0", "1"), "grid_decode"), {1},
                linearTolerance(batch, shape, "q4_0"));
  }
}

void prefillCases(GridBatch &batch) {
  const LinearShape shapes[] = {
      {144, 64},
      {40, 72, false, true, true},
      {48, 96, false, false, false, false, "silu"},
  };
  for (const char *scheme : linearSchemes(batch))
    for (const LinearShape &shape : shapes) {
      size_t index = batch.add(linearText(shape, scheme, "?"), "grid_prefill");
      for (int64_t tokens : {1, 8, 19})
        batch.check(index, {tokens}, linearTolerance(batch, shape, scheme));
    }
}

/// Every value of every parameter that may be tuned (docs/tuning.md).
void scheduleCases(GridBatch &batch) {
  for (const LinearShape &shape :
       {LinearShape{80, 64, true, false, false, true},
        LinearShape{48, 64, true, false, false, false, "silu"}})
    for (size_t index :
         batch.addSchedules(linearText(shape, "q4_0", "1"), "grid_decode"))
      batch.check(index, {shape.row ? 5 : 1, 0, shape.row ? 3 : 0}, kTolerance);
  const LinearShape many = {80, 64, false, false, true};
  for (size_t index :
       batch.addSchedules(linearText(many, "q4_0", "?"), "grid_prefill"))
    batch.check(index, {11}, kTolerance);
  const AttentionCase attention = {2, 3, 64, 160, 0, "f16", 0, true};
  for (size_t index :
       batch.addSchedules(decodeText(attention), "grid_attention_decode"))
    batch.check(index, {1, 130}, kHalfTolerance);
}

void embeddingCases(GridBatch &batch) {
  for (const char *scheme : kSchemes)
    for (const char *tokens : {"?", "1"}) {
      int64_t columns = scheme[0] == 'q' ? 72 : 40;
      std::string text = llvm::formatv(
          "xf.region @r(%t: tensor<{0}xi32>, %w: tensor<50x{1}xf32, "
          "#xf.quant<{2}>>) -> tensor<{0}x{1}xf32> {{\n"
          "  %0 = xf.embedding %t, %w : (tensor<{0}xi32>, "
          "tensor<50x{1}xf32, #xf.quant<{2}>>) -> tensor<{0}x{1}xf32>\n"
          "  xf.yield %0 : tensor<{0}x{1}xf32>\n}\n",
          tokens, columns, scheme);
      size_t index = batch.add(text, "grid_embedding");
      batch.check(index, {*tokens == '1' ? 1 : 7}, 1e-6);
    }
}

void normAndArgmaxCases(GridBatch &batch) {
  for (int64_t columns : {7, 64, 100}) {
    std::string norm =
        llvm::formatv("xf.region @r(%x: tensor<?x{0}xf32>, %g: tensor<{0}xf32, "
                      "#xf.quant<f32>>) -> tensor<?x{0}xf32> {{\n"
                      "  %n = xf.rms_norm %x, %g {{epsilon = 1.0e-5 : f64} : "
                      "(tensor<?x{0}xf32>, tensor<{0}xf32, #xf.quant<f32>>) -> "
                      "tensor<?x{0}xf32>\n"
                      "  xf.yield %n : tensor<?x{0}xf32>\n}\n",
                      columns);
    size_t index = batch.add(norm, "grid_norm");
    for (int64_t tokens : {1, 6, 16})
      batch.check(index, {tokens}, 1e-5);
    std::string argmax =
        llvm::formatv("xf.region @r(%x: tensor<1x{0}xf32>) -> tensor<1xi32> "
                      "{{\n"
                      "  %0 = xf.argmax %x : (tensor<1x{0}xf32>) -> "
                      "tensor<1xi32>\n"
                      "  xf.yield %0 : tensor<1xi32>\n}\n",
                      columns);
    batch.check(batch.add(argmax, "grid_argmax"), {1}, 0);
  }
}

/// Groups, windows, norms of heads, partial rotation, both caches.
const AttentionCase kAttention[] = {
    {2, 2, 16},
    {3, 1, 24, 160, 0, "f16"},
    {1, 5, 10},
    {2, 2, 64, 160, 40},
    {1, 2, 32, 160, 1},
    {2, 2, 32, 160, 0, "f32", 16},
    {2, 3, 64, 160, 0, "f16", 0, true},
    {1, 2, 256, 48},
};

double toleranceOf(const AttentionCase &shape) {
  return std::string(shape.element) == "f16" ? kHalfTolerance : kTolerance;
}

void attentionDecodeCases(GridBatch &batch) {
  for (const AttentionCase &shape : kAttention) {
    size_t index = batch.add(decodeText(shape), "grid_attention_decode");
    for (int64_t position : {0, 5, 64, 130})
      if (position < shape.capacity)
        batch.check(index, {1, position}, toleranceOf(shape));
  }
}

void ropeAppendCases(GridBatch &batch) {
  for (const AttentionCase &shape : kAttention) {
    size_t index = batch.add(ropeAppendText(shape), "grid_rope_append");
    batch.check(index, {7, 0}, toleranceOf(shape));
    batch.check(index, {18, 13}, toleranceOf(shape));
  }
}

void attentionPrefillCases(GridBatch &batch) {
  for (const AttentionCase &shape : kAttention) {
    size_t index = batch.add(prefillText(shape), "grid_attention_prefill");
    // The chunk's own keys are in the cache already.
    for (RunSize size : {RunSize{1, 0}, RunSize{17, 0}, RunSize{5, 30}})
      batch.check(index, size, toleranceOf(shape),
                  [size](std::vector<Datum> &arguments) {
                    std::mt19937 random(7);
                    for (Datum &argument : arguments)
                      if (argument.isCache())
                        fillCache(argument, size.position + size.tokens,
                                  random);
                  });
  }
}

void fallbackCases(GridBatch &batch) {
  // An activation alone, a sum with a norm of each head, a linear of a norm.
  const char *const texts[] = {
      R"(xf.region @r(%x: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %a = xf.activation gelu %x : tensor<?x40xf32>
  xf.yield %a : tensor<?x40xf32>
})",
      R"(xf.region @r(%x: tensor<?x32xf32>, %y: tensor<?x48xf32>, %g: tensor<8xf32, #xf.quant<f32>>) -> tensor<?x32xf32> {
  %s = xf.slice %y {offset = 16 : i64} : (tensor<?x48xf32>) -> tensor<?x32xf32>
  %n = xf.rms_norm %s, %g {epsilon = 1.0e-5 : f64, groups = 4 : i64} : (tensor<?x32xf32>, tensor<8xf32, #xf.quant<f32>>) -> tensor<?x32xf32>
  %a = xf.add %x, %n : tensor<?x32xf32>
  xf.yield %a : tensor<?x32xf32>
})",
      R"(xf.region @r(%x: tensor<1x40xf32>, %w: tensor<24x40xf32, #xf.quant<q4_0>>) -> tensor<1x24xf32> {
  %a = xf.activation silu %x : tensor<1x40xf32>
  %y = xf.linear %a, %w : (tensor<1x40xf32>, tensor<24x40xf32, #xf.quant<q4_0>>) -> tensor<1x24xf32>
  xf.yield %y : tensor<1x24xf32>
})"};
  for (const char *text : texts) {
    size_t index = batch.add(text, "grid_fallback");
    batch.check(index, {llvm::StringRef(text).contains("<1x") ? 1 : 5},
                kTolerance);
  }
}

using Cases = void (*)(GridBatch &batch);

void runCases(Cases add, const std::string &where) {
  GridBatch batch(where);
  add(batch);
  batch.run();
}

TEST_P(GridLinearsTest, Decode) { runCases(decodeCases, GetParam()); }
TEST_P(GridLinearsTest, Prefill) { runCases(prefillCases, GetParam()); }
TEST_P(GridScheduleTest, EveryValue) { runCases(scheduleCases, GetParam()); }
TEST_P(GridFamiliesTest, Embedding) { runCases(embeddingCases, GetParam()); }
TEST_P(GridFamiliesTest, NormAndArgmax) {
  runCases(normAndArgmaxCases, GetParam());
}
TEST_P(GridFamiliesTest, AttentionDecode) {
  runCases(attentionDecodeCases, GetParam());
}
TEST_P(GridFamiliesTest, RopeAppend) { runCases(ropeAppendCases, GetParam()); }
TEST_P(GridFamiliesTest, AttentionPrefill) {
  runCases(attentionPrefillCases, GetParam());
}
TEST_P(GridFamiliesTest, Fallback) { runCases(fallbackCases, GetParam()); }

/// What GridSamplingTest.cpp runs.
void samplingCases(GridBatch &batch) {
  for (int64_t vocabulary : {1000, 32000}) {
    batch.add(sortText(vocabulary), "grid_sort_logits");
    batch.add(sampleText(vocabulary), "grid_sample");
  }
}

/// Every table; a family that is in none of them fails the next test.
constexpr Cases kTables[] = {
    decodeCases,           prefillCases,         embeddingCases,
    normAndArgmaxCases,    attentionDecodeCases, ropeAppendCases,
    attentionPrefillCases, samplingCases,        fallbackCases};

/// What a family builds for one of the two targets only. An entry needs a
/// reason.
const std::vector<PrivateForm> kPrivateForms = {
    {"grid_prefill", "vulkan",
     "WGSL has no matrices of subgroups, so no variant of it has caps with "
     "them"}};

TEST(GridKernelsTest, OneBuilderServesBothTargets) {
  KernelForms forms;
  for (Cases add : kTables) {
    GridBatch batch("soft");
    add(batch);
    batch.addTo(forms);
  }
  EXPECT_EQ(forms.problems(kPrivateForms), "") << forms.table();
  std::printf("%s", forms.table().c_str());
}

/// Forms are told apart, and reasons are asked for.
TEST(GridKernelsTest, PrivateFormsNeedAReason) {
  KernelForms forms;
  GridBatch batch("soft");
  prefillCases(batch);
  batch.addTo(forms);
  std::string problems =
      forms.problems({{"grid_prefill", "webgpu", "a reason"}});
  EXPECT_NE(problems.find("grid_decode has no kernel"), std::string::npos);
  EXPECT_NE(problems.find("grid_prefill builds nothing for webgpu only"),
            std::string::npos);
  EXPECT_NE(problems.find("forms for vulkan only, and nothing says why"),
            std::string::npos);
}

/// Inputs that quantization rounds: what lies next to the middle between two
/// integers may go the other way, which a weight makes a thousandth of the
/// row's largest. Rows longer than a chunk of the workgroup's memory.
TEST_P(GridDotTest, RoundedInputs) {
  GridBatch batch(GetParam());
  batch.anyInputs = true;
  const LinearShape decode{32, 4128, true, false, false, true};
  const LinearShape prefill{32, 544, false, true};
  batch.check(batch.add(linearText(decode, "q4_0", "1"), "grid_decode"),
              {3, 0, 1}, 2e-3);
  batch.check(batch.add(linearText(prefill, "q8_0", "?"), "grid_prefill"), {11},
              2e-3);
  batch.run();
}

/// Rows longer than a chunk of the workgroup's memory; a tall matrix.
TEST_P(GridHalfTest, LongRows) {
  GridBatch batch(GetParam());
  const LinearShape decode{400, 4128, true, false, false, true};
  const LinearShape prefill{32, 544, false, true};
  for (const char *scheme : {"q4_0", "q8_0"}) {
    batch.check(batch.add(linearText(decode, scheme, "1"), "grid_decode"),
                {3, 0, 1}, kHalfSums);
    batch.check(batch.add(linearText(prefill, scheme, "?"), "grid_prefill"),
                {11}, kHalfSums);
  }
  batch.run();
}

/// Every weight the largest of its scheme, -8 or -128.
void setLargest(Datum &weight) {
  bool nibbles = xf::getScheme(weight.type) == xf::Scheme::q4_0;
  size_t blockBytes = nibbles ? 288 : 544;
  auto *bytes = weight.memory->as<uint8_t>();
  for (size_t at = 0; at < weight.memory->size(); at += blockBytes)
    std::memset(bytes + at + 32, nibbles ? 0 : 0x80, blockBytes - 32);
  Matrix &m = weight.matrix;
  for (int64_t r = 0; r < m.rows; ++r)
    for (int64_t c = 0; c < m.columns; ++c) {
      int64_t block = r / 16 * ((m.columns + 31) / 32) + c / 32;
      uint16_t scale;
      std::memcpy(&scale,
                  bytes + static_cast<size_t>(block) * blockBytes + r % 16 * 2,
                  2);
      m.at(r, c) = (nibbles ? -8 : -128) * halfToDouble(scale);
    }
}

/// Rows of equal numbers, far beyond what f16 holds and far below it, times the
/// largest weights: no sum overflows. All of them are exact in f16.
TEST_P(GridHalfTest, RowsOfAnySize) {
  GridBatch batch(GetParam());
  for (const char *scheme : {"q4_0", "q8_0"}) {
    size_t index = batch.add(linearText({48, 96}, scheme, "?"), "grid_prefill");
    batch.check(index, {19}, kTolerance, [](std::vector<Datum> &arguments) {
      setLargest(arguments[1]);
      Matrix &x = arguments.front().matrix;
      for (int64_t r = 0; r < x.rows; ++r)
        for (int64_t c = 0; c < x.columns; ++c) {
          double size = r == 6 ? 0 : std::pow(10.0, double(4 * (r % 6) - 12));
          x.at(r, c) =
              arguments.front()
                  .memory->as<float>()[static_cast<size_t>(r * x.columns + c)] =
                  float(r % 2 ? -size : size);
        }
    });
  }
  batch.run();
}

/// The f16 variants are there for something: integer weights get kernels of
/// their own, other weights those of the f32 variants.
TEST(GridKernelsTest, HalvesHaveTheirOwnKernels) {
  const std::pair<const char *, const char *> pairs[] = {
      {"f16", "f32"}, {"spirv-f16@lavapipe", "spirv-f32@lavapipe"}};
  for (auto [halves, singles] : pairs)
    for (const char *scheme : kSchemes)
      for (const char *tokens : {"1", "?"}) {
        std::string text = linearText({64, 64}, scheme, tokens);
        const char *family = *tokens == '1' ? "grid_decode" : "grid_prefill";
        GridBatch a(halves), b(singles);
        bool same =
            a.formOf(a.add(text, family)) == b.formOf(b.add(text, family));
        EXPECT_EQ(same, *scheme != 'q')
            << halves << " " << scheme << " " << family;
      }
}

TEST_P(GridMatrixTest, Prefill) { runCases(prefillCases, GetParam()); }

/// Inputs and weights that are f16 already lose nothing; more tokens and rows
/// than a workgroup takes.
TEST_P(GridMatrixTest, ExactInputs) {
  GridBatch batch(GetParam());
  size_t index = batch.add(linearText({272, 80, false, true, true}, "f16", "?"),
                           "grid_prefill");
  for (int64_t tokens : {64, 70})
    batch.check(index, {tokens}, kTolerance, [](std::vector<Datum> &arguments) {
      std::mt19937 random(5);
      makeExact(arguments, random);
    });
  batch.run();
}

/// Rows beyond what f16 holds, and rows that would vanish in it.
TEST_P(GridMatrixTest, RowsOfAnySize) {
  GridBatch batch(GetParam());
  for (const char *scheme : {"f16", "q4_0"}) {
    size_t index = batch.add(linearText({48, 96}, scheme, "?"), "grid_prefill");
    batch.check(index, {19}, kHalfTolerance, [](std::vector<Datum> &arguments) {
      Matrix &x = arguments.front().matrix;
      for (int64_t r = 0; r < x.rows; ++r)
        for (int64_t c = 0; c < x.columns; ++c) {
          double value = x.at(r, c) * std::pow(10.0, double(4 * (r % 6) - 12));
          auto at = static_cast<size_t>(r * x.columns + c);
          x.at(r, c) = arguments.front().memory->as<float>()[at] =
              float(r == 6 ? 0 : value);
        }
    });
  }
  batch.run();
}

TEST_P(GridMatrixTest, EverySchedule) {
  GridBatch batch(GetParam());
  for (size_t index :
       batch.addSchedules(linearText({80, 64, false, false, true}, "q4_0", "?"),
                          "grid_prefill"))
    batch.check(index, {11}, kHalfTolerance);
  batch.run();
}

INSTANTIATE_TEST_SUITE_P(Variants, GridLinearsTest,
                         testing::ValuesIn(kGridVariants), gridTestName);
INSTANTIATE_TEST_SUITE_P(DotVariants, GridLinearsTest,
                         testing::ValuesIn(kDotVariants), gridTestName);
/// One of each kind: schedules change neither types nor targets.
INSTANTIATE_TEST_SUITE_P(Variants, GridScheduleTest,
                         testing::Values("soft", "f32", "spirv-soft@lavapipe"),
                         gridTestName);
INSTANTIATE_TEST_SUITE_P(DotVariants, GridDotTest,
                         testing::ValuesIn(kDotVariants), gridTestName);
INSTANTIATE_TEST_SUITE_P(HalfVariants, GridHalfTest,
                         testing::ValuesIn(kHalfVariants), gridTestName);
INSTANTIATE_TEST_SUITE_P(Variants, GridMatrixTest,
                         testing::ValuesIn(kMatrixVariants), gridTestName);
INSTANTIATE_TEST_SUITE_P(Variants, GridFamiliesTest,
                         testing::ValuesIn(kGridVariants), gridTestName);

} // namespace
