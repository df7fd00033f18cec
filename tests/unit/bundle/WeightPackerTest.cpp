// From model files to shards: layouts, order of rows, GGUF blocks, bad numbers,
// inputs that change; rows 14, 25 and 30 of the fault list.
#include "Modules.h"
#include "compiler/import/DequantRows.h"

#include <cmath>
#include <unistd.h>

using namespace sinter;
using namespace sinter::test;

namespace {

/// q, k and v of two heads as one matrix, a norm, a rotary table.
const char kProgram[] = R"(
xf.weight @qkv from [#xf.source<"q", "f32">, #xf.source<"k", "f32">, #xf.source<"v", "f32">] : tensor<40x48xf32, #xf.quant<SCHEME>>
xf.weight @norm from [#xf.source<"n1", "f32">, #xf.source<"n2", "bf16">] : tensor<7xf32, #xf.quant<f32>>
xf.weight @table rope <theta = 1.0e4 : f64, dim = 8, none> : tensor<32x8xf32, #xf.quant<f32>>
plan.program attributes {context = 32, chunk = 8, vocab_size = 40, weight_bytes = END, arena_bytes = 64, state_bytes = 64} {
  plan.weight @qkv of @qkv "rows16" at 0 bytes BYTES
  plan.weight @norm of @norm "vector" at NORM bytes 28
  plan.weight @table of @table "rope" at TABLE bytes 1024
})";

std::string replaced(std::string text, llvm::StringRef from, std::string to) {
  size_t at = text.find(from.str());
  return text.replace(at, from.size(), to);
}

/// The program for a scheme; offsets follow from the panel size.
std::string programFor(const quant::Scheme &scheme) {
  int64_t bytes = 3 * scheme.panelBytes(48);
  int64_t norm = (bytes + 255) / 256 * 256, table = norm + 256;
  std::string text = replaced(kProgram, "SCHEME", scheme.name().str());
  text = replaced(text, "END", std::to_string(table + 1024));
  text = replaced(text, "BYTES", std::to_string(bytes));
  text = replaced(text, "NORM", std::to_string(norm));
  return replaced(text, "TABLE", std::to_string(table));
}

std::vector<float> qkv() { return randomNumbers(40 * 48, 1); }

std::string writeModel(TempFolder &folder, std::vector<float> all = qkv()) {
  auto rows = [&](int first, int count) {
    return std::vector<float>(all.begin() + first * 48,
                              all.begin() + (first + count) * 48);
  };
  std::string bf16;
  for (float x : {0.5f, 2.0f, -1.0f})
    bf16 += le<uint16_t>(floatToBfloat(x));
  return SafetensorsBuilder()
      .f32("v", "[12,48]", rows(28, 12))
      .f32("q", "[20,48]", rows(0, 20))
      .f32("k", "[8,48]", rows(20, 8))
      .f32("n1", "[4]", {1, 2, 3, 4})
      .tensor("n2", "BF16", "[3]", bf16)
      .write(folder, "model");
}

/// Opens, packs and finishes; the report or the error.
llvm::Expected<PackReport> packModel(const std::string &model,
                                     const std::string &program,
                                     const std::string &out,
                                     const WeightPackOptions &options = {}) {
  Module module(program);
  EXPECT_TRUE(module.module) << program;
  auto source = openModel(model);
  if (!source)
    return source.takeError();
  auto writer = BundleWriter::create(out);
  if (!writer)
    return writer.takeError();
  auto report = packWeights(module.program(), **source, **writer, options);
  if (report)
    EXPECT_EQ(messageOf((*writer)->finish(smallInfo())), "");
  return report;
}

const uint8_t *at(const std::string &bytes, size_t offset) {
  return reinterpret_cast<const uint8_t *>(bytes.data()) + offset;
}

} // namespace

TEST(WeightPacker, EveryScheme) {
  for (const quant::Scheme *scheme : quant::allSchemes()) {
    TempFolder folder;
    auto report =
        packModel(writeModel(folder), programFor(*scheme), folder.path("out"));
    ASSERT_TRUE(static_cast<bool>(report))
        << llvm::toString(report.takeError());
    std::string bytes = weightBytes(folder.path("out"));
    int64_t panel = scheme->panelBytes(48);
    std::vector<float> all = qkv();
    all.resize(48 * 48, 0.0f); // rows 40..47 are padding
    double error = 0;
    for (int64_t p = 0; p < 3; ++p) {
      std::vector<float> rows(all.begin() + p * 768,
                              all.begin() + (p + 1) * 768);
      std::vector<uint8_t> want(panel);
      quant::PackStats stats;
      scheme->packPanel(rows.data(), 48, {}, want.data(), stats);
      error += stats.squaredError;
      EXPECT_EQ(std::memcmp(want.data(), at(bytes, p * panel), panel), 0)
          << scheme->name().str() << " panel " << p;
    }
    EXPECT_EQ(report->weights[0].stats.squaredError, error);
    EXPECT_EQ(report->weights[0].scheme, scheme->name());
    EXPECT_EQ(report->parameters, 40u * 48 + 7);

    size_t norm = (3 * panel + 255) / 256 * 256;
    float want[7] = {1, 2, 3, 4, 0.5, 2, -1}, got[7];
    std::memcpy(got, at(bytes, norm), 28);
    for (int i = 0; i < 7; ++i)
      EXPECT_EQ(got[i], want[i]);
    for (size_t i = norm + 28; i < norm + 256; ++i)
      EXPECT_EQ(bytes[i], 0);
    float row[8];
    std::memcpy(row, at(bytes, norm + 256 + 3 * 32), 32);
    EXPECT_EQ(row[0], float(std::cos(3.0)));
    EXPECT_EQ(row[5], float(std::sin(3 * 0.1)));
    EXPECT_EQ(bytes.size(), norm + 256 + 1024);
  }
}

TEST(WeightPacker, BytesDoNotDependOnThreads) {
  TempFolder folder;
  std::string model = writeModel(folder), first;
  for (unsigned threads : {1, 2, 3, 7}) {
    std::string out = folder.path("out" + std::to_string(threads));
    WeightPackOptions options;
    options.threads = threads;
    auto report =
        packModel(model, programFor(quant::q4_0Scheme()), out, options);
    ASSERT_TRUE(static_cast<bool>(report));
    std::string manifest = readText(out + "/manifest.json");
    if (first.empty())
      first = manifest;
    EXPECT_EQ(manifest, first); // it holds the hashes
  }
}

TEST(WeightPacker, ManyShardsAndThreads) {
  // 60 MB of f32 in three shards, with jobs that straddle them.
  TempFolder folder;
  const int64_t rows = 15000, columns = 1000;
  std::vector<float> numbers = randomNumbers(rows * columns, 2);
  std::string model =
      SafetensorsBuilder().f32("w", "[15000,1000]", numbers).write(folder, "m");
  int64_t bytes = quant::panelCount(rows) * columns * 64;
  std::string program = R"(
xf.weight @w from [#xf.source<"w", "f32">] : tensor<15000x1000xf32, #xf.quant<f32>>
plan.program attributes {context = 32, chunk = 8, vocab_size = 40, weight_bytes = BYTES, arena_bytes = 64, state_bytes = 64} {
  plan.weight @w of @w "rows16" at 0 bytes BYTES
})";
  program = replaced(program, "BYTES", std::to_string(bytes));
  program = replaced(program, "BYTES", std::to_string(bytes));
  WeightPackOptions options;
  options.threads = 5;
  auto report = packModel(model, program, folder.path("out"), options);
  ASSERT_TRUE(static_cast<bool>(report)) << llvm::toString(report.takeError());
  std::string packed = weightBytes(folder.path("out"));
  ASSERT_EQ(packed.size(), size_t(bytes));
  EXPECT_EQ(namesIn(folder.path("out/weights")).size(), 3u);
  size_t wrong = 0;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t k = 0; k < columns; ++k)
      wrong +=
          std::memcmp(&numbers[r * columns + k],
                      at(packed, ((r / 16 * columns + k) * 16 + r % 16) * 4),
                      4) != 0;
  EXPECT_EQ(wrong, 0u);
}

TEST(WeightPacker, InterleavedRotaryRowsAreSplit) {
  // Two heads of four rows: stored pairs (0,1), (2,3) become halves 0 2 | 1 3.
  TempFolder folder;
  std::vector<float> numbers(8 * 2), bias(8);
  for (int r = 0; r < 8; ++r)
    numbers[2 * r] = numbers[2 * r + 1] = bias[r] = float(r);
  std::string model = SafetensorsBuilder()
                          .f32("q", "[8,2]", numbers)
                          .f32("b", "[8]", bias)
                          .write(folder, "m");
  std::string program = R"(
xf.weight @q from [#xf.source<"q", "f32", unpermute_rope 2>] : tensor<8x2xf32, #xf.quant<f32>>
xf.weight @b from [#xf.source<"b", "f32", unpermute_rope 2>] : tensor<8xf32, #xf.quant<f32>>
plan.program attributes {context = 32, chunk = 8, vocab_size = 40, weight_bytes = 288, arena_bytes = 64, state_bytes = 64} {
  plan.weight @q of @q "rows16" at 0 bytes 128
  plan.weight @b of @b "vector" at 256 bytes 32
})";
  auto report = packModel(model, program, folder.path("out"));
  ASSERT_TRUE(static_cast<bool>(report)) << llvm::toString(report.takeError());
  std::string bytes = weightBytes(folder.path("out"));
  const float want[8] = {0, 2, 1, 3, 4, 6, 5, 7};
  for (int r = 0; r < 8; ++r) {
    float x, b;
    std::memcpy(&x, at(bytes, 4 * r), 4);
    std::memcpy(&b, at(bytes, 256 + 4 * r), 4);
    EXPECT_EQ(x, want[r]);
    EXPECT_EQ(b, want[r]);
  }
}

/// A GGUF with q4_0 blocks in "a" [20, 64] and f32 in "b" [12, 64].
static std::string writeGguf(TempFolder &folder) {
  std::mt19937 engine(4);
  std::string blocks, floats;
  for (int b = 0; b < 20 * 2; ++b) {
    blocks += le<uint16_t>(static_cast<uint16_t>(0x2000 + engine() % 0x800));
    for (int i = 0; i < 16; ++i)
      blocks += static_cast<char>(engine());
  }
  for (float x : randomNumbers(12 * 64, 5))
    floats += leFloat(x);
  return folder.write("m.gguf", llamaGguf()
                                    .tensor("a", {64, 20}, 2, blocks.size())
                                    .data(blocks)
                                    .tensor("b", {64, 12}, 0, floats.size())
                                    .data(floats)
                                    .build());
}

TEST(WeightPacker, GgufBlocksAreTakenOver) {
  TempFolder folder;
  std::string model = writeGguf(folder);
  // The second panel mixes blocks and floats.
  std::string program = R"(
xf.weight @w from [#xf.source<"a", "q4_0">, #xf.source<"b", "f32">] : tensor<32x64xf32, #xf.quant<q4_0>>
plan.program attributes {context = 32, chunk = 8, vocab_size = 40, weight_bytes = 1152, arena_bytes = 64, state_bytes = 64} {
  plan.weight @w of @w "rows16" at 0 bytes 1152
})";
  auto report = packModel(model, program, folder.path("out"));
  ASSERT_TRUE(static_cast<bool>(report)) << llvm::toString(report.takeError());
  EXPECT_TRUE(report->weights[0].repacked);
  std::string bytes = weightBytes(folder.path("out"));
  auto source = openModel(model);
  ASSERT_TRUE(static_cast<bool>(source));
  const TensorInfo &a = *(*source)->find("a"), &b = *(*source)->find("b");
  double error = 0, sum = 0;
  for (int64_t r = 0; r < 32; ++r) {
    std::vector<float> panel(16 * 64), want(64);
    quant::q4_0Scheme().unpackPanel(at(bytes, r / 16 * 576), 64, panel.data());
    bool stored = r < 20;
    readRowF32(stored ? DType::Q4_0 : DType::F32,
               stored ? (*source)->bytes(a).data() + r * 36
                      : (*source)->bytes(b).data() + (r - 20) * 256,
               64, want.data());
    for (int k = 0; k < 64; ++k) {
      float got = panel[r % 16 * 64 + k];
      if (stored)
        ASSERT_EQ(got, want[k]) << r << " " << k;
      error += stored ? 0 : std::pow(got - want[k], 2);
      sum += stored ? 0 : want[k] * want[k];
    }
  }
  EXPECT_LT(error, 0.02 * sum);
  EXPECT_NEAR(report->total.squaredError, error, 1e-4 * error);
}

TEST(WeightPacker, NumbersThatAreNotFinite) {
  TempFolder folder;
  std::vector<float> all = qkv();
  all[5] = NAN, all[700] = INFINITY;
  std::string model = writeModel(folder, all);
  auto report =
      packModel(model, programFor(quant::q4_0Scheme()), folder.path("lenient"));
  ASSERT_TRUE(static_cast<bool>(report));
  ASSERT_EQ(report->warnings().size(), 1u);
  EXPECT_EQ(report->warnings()[0],
            "weight qkv holds 2 numbers that are NaN or infinite");
  WeightPackOptions strict;
  strict.strict = true;
  EXPECT_FAILS(packModel(model, programFor(quant::q4_0Scheme()),
                         folder.path("strict"), strict),
               kExitInput, {model, "qkv (2)"});
  EXPECT_FALSE(llvm::sys::fs::exists(folder.path("strict")));
}

TEST(WeightPacker, InputThatChangesIsNoticed) {
  TempFolder folder;
  std::string model = writeModel(folder);
  Module module(programFor(quant::q4_0Scheme()));
  auto source = openModel(model);
  ASSERT_TRUE(static_cast<bool>(source));
  auto writer = BundleWriter::create(folder.path("out"));
  ASSERT_TRUE(static_cast<bool>(writer));
  std::string file = model + "/model.safetensors", text = readText(file);
  text.back() ^= 1;
  ::usleep(20000); // the clock of the file system is coarse
  folder.write("model/model.safetensors", text);
  EXPECT_FAILS(packWeights(module.program(), **source, **writer, {}),
               kExitInput, {file, "changed"});
}

TEST(WeightPacker, TensorsThatDoNotFit) {
  TempFolder folder;
  std::string model = writeModel(folder);
  std::string good = programFor(quant::q4_0Scheme());
  EXPECT_FAILS(
      packModel(model, replaced(good, "\"q\"", "\"nope\""), folder.path("out")),
      kExitInput, {"nope"});
  EXPECT_FAILS(
      packModel(model, replaced(good, "\"q\"", "\"v\""), folder.path("out")),
      kExitInput, {"32 rows, not 40"});
  EXPECT_FAILS(
      packModel(model, replaced(good, "\"q\"", "\"n1\""), folder.path("out")),
      kExitInput, {"n1", "[4] f32", "48 columns"});
  EXPECT_FAILS(packModel(model,
                         replaced(good, "\"q\", \"f32\"",
                                  "\"q\", \"f32\", unpermute_rope 3"),
                         folder.path("out")),
               kExitInput, {"3 heads"});
  EXPECT_TRUE(namesIn(folder.path()) == std::vector<std::string>{"model"});
}

TEST(WeightPacker, FullDiskStopsAllThreads) {
  TempFolder folder;
  std::string model = writeModel(folder);
  Module module(programFor(quant::f32Scheme()));
  auto source = openModel(model);
  ASSERT_TRUE(static_cast<bool>(source));
  BundleOptions options;
  options.fault = [](llvm::StringRef operation) {
    return operation == "write" ? ENOSPC : 0;
  };
  auto writer = BundleWriter::create(folder.path("out"), options);
  ASSERT_TRUE(static_cast<bool>(writer));
  WeightPackOptions pack;
  pack.threads = 4;
  EXPECT_FAILS(packWeights(module.program(), **source, **writer, pack),
               kExitResource, {"weights/00000.bin", "are free"});
}
