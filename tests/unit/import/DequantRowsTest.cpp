//===- DequantRowsTest.cpp - Stored numbers to f32, bit for bit
//-------------===//
//
// Small floats: every bit pattern against arithmetic in double. Blocks: outputs
// over 64 pseudo-random blocks hashed, and a few in clear, computed once with
// ggml 0.5.0's own functions (MIT licence).
//
//===------------------------------------------------------------------------===//

#include "compiler/import/DequantRows.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"
#include <cmath>
#include <vector>

using namespace sinter;

static uint32_t bitsOf(float value) { return llvm::bit_cast<uint32_t>(value); }

/// The definition of a binary float with few bits, in double.
static double valueOf(unsigned bits, int exponentBits, int mantissaBits,
                      int bias) {
  int exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1);
  int mantissa = bits & ((1 << mantissaBits) - 1);
  double fraction = std::ldexp(mantissa, -mantissaBits);
  double magnitude = exponent == 0 ? std::ldexp(fraction, 1 - bias)
                                   : std::ldexp(1 + fraction, exponent - bias);
  return bits >> (exponentBits + mantissaBits) ? -magnitude : magnitude;
}

TEST(DequantRows, EveryHalf) {
  std::vector<uint16_t> all(65536);
  for (unsigned i = 0; i < 65536; ++i)
    all[i] = static_cast<uint16_t>(i);
  std::vector<float> row(65536);
  readRowF32(DType::F16, reinterpret_cast<const uint8_t *>(all.data()), 65536,
             row.data());
  for (unsigned i = 0; i < 65536; ++i) {
    ASSERT_EQ(bitsOf(row[i]), bitsOf(halfToFloat(all[i]))) << i;
    if ((i & 0x7C00) != 0x7C00) {
      ASSERT_EQ(static_cast<double>(row[i]), valueOf(i, 5, 10, 15)) << i;
      ASSERT_EQ(std::signbit(row[i]), i >= 0x8000) << i;
      ASSERT_EQ(floatToHalf(row[i]), i);
    } else if ((i & 0x3FF) == 0) {
      ASSERT_EQ(row[i], i & 0x8000 ? -INFINITY : INFINITY) << i;
      ASSERT_EQ(floatToHalf(row[i]), i);
    } else {
      ASSERT_TRUE(std::isnan(row[i])) << i;
      ASSERT_EQ(bitsOf(row[i]) & 0x7FFFFF, (i & 0x3FFu) << 13) << i;
      ASSERT_TRUE(std::isnan(halfToFloat(floatToHalf(row[i])))) << i;
    }
  }
}

TEST(DequantRows, EveryBfloat) {
  std::vector<uint16_t> all(65536);
  for (unsigned i = 0; i < 65536; ++i)
    all[i] = static_cast<uint16_t>(i);
  std::vector<float> row(65536);
  readRowF32(DType::BF16, reinterpret_cast<const uint8_t *>(all.data()), 65536,
             row.data());
  for (unsigned i = 0; i < 65536; ++i) {
    ASSERT_EQ(bitsOf(row[i]), i << 16);
    if (!std::isnan(row[i]))
      ASSERT_EQ(floatToBfloat(row[i]), i);
    else
      ASSERT_TRUE(std::isnan(bfloatToFloat(floatToBfloat(row[i]))));
  }
}

TEST(DequantRows, EveryEightBitFloat) {
  uint8_t all[256];
  float e4m3[256], e5m2[256];
  for (unsigned i = 0; i < 256; ++i)
    all[i] = static_cast<uint8_t>(i);
  readRowF32(DType::F8E4M3, all, 256, e4m3);
  readRowF32(DType::F8E5M2, all, 256, e5m2);
  for (unsigned i = 0; i < 256; ++i) {
    if ((i & 0x7F) == 0x7F)
      EXPECT_TRUE(std::isnan(e4m3[i])) << i;
    else
      EXPECT_EQ(static_cast<double>(e4m3[i]), valueOf(i, 4, 3, 7)) << i;
    if ((i & 0x7C) != 0x7C)
      EXPECT_EQ(static_cast<double>(e5m2[i]), valueOf(i, 5, 2, 15)) << i;
    else
      EXPECT_EQ(std::isinf(e5m2[i]), (i & 3) == 0) << i;
  }
}

/// Nearest even, checked against the two neighbours of every rounding interval:
/// its middle, and one step of f32 to either side.
TEST(DequantRows, HalfRoundsToNearestEven) {
  for (unsigned i = 0; i < 0x7BFF; ++i) {
    float low = halfToFloat(static_cast<uint16_t>(i));
    float high = halfToFloat(static_cast<uint16_t>(i + 1));
    float middle = static_cast<float>((double(low) + double(high)) / 2);
    unsigned even = i & 1 ? i + 1 : i;
    ASSERT_EQ(floatToHalf(middle), even) << i;
    ASSERT_EQ(floatToHalf(std::nextafter(middle, 0.0f)), i);
    ASSERT_EQ(floatToHalf(std::nextafter(middle, INFINITY)), i + 1);
    ASSERT_EQ(floatToHalf(-middle), even | 0x8000u);
  }
  EXPECT_EQ(floatToHalf(65519.99f), 0x7BFF);
  EXPECT_EQ(floatToHalf(65520.0f), 0x7C00);
  EXPECT_EQ(floatToHalf(1e30f), 0x7C00);
  EXPECT_EQ(floatToHalf(-1e-30f), 0x8000);
}

TEST(DequantRows, BfloatRoundsToNearestEven) {
  EXPECT_EQ(floatToBfloat(llvm::bit_cast<float>(0x3F808000u)), 0x3F80);
  EXPECT_EQ(floatToBfloat(llvm::bit_cast<float>(0x3F808001u)), 0x3F81);
  EXPECT_EQ(floatToBfloat(llvm::bit_cast<float>(0x3F818000u)), 0x3F82);
  EXPECT_EQ(floatToBfloat(llvm::bit_cast<float>(0x7F7FFFFFu)), 0x7F80);
}

TEST(DequantRows, PlainNumbersFromUnalignedBytes) {
  uint8_t buffer[33] = {};
  float out[4];
  auto put = [&](auto value) {
    std::memcpy(buffer + 1, &value, sizeof(value));
    return buffer + 1;
  };
  auto first = [&](DType dtype, const uint8_t *row) {
    readRowF32(dtype, row, 1, out);
    return out[0];
  };
  EXPECT_EQ(first(DType::F32, put(-1.5f)), -1.5f);
  EXPECT_EQ(first(DType::F64, put(0.1)), 0.1f);
  EXPECT_EQ(first(DType::I8, put(int8_t(-3))), -3.0f);
  EXPECT_EQ(first(DType::U8, put(uint8_t(253))), 253.0f);
  EXPECT_EQ(first(DType::Bool, put(uint8_t(1))), 1.0f);
  EXPECT_EQ(first(DType::I16, put(int16_t(-300))), -300.0f);
  EXPECT_EQ(first(DType::U16, put(uint16_t(65000))), 65000.0f);
  EXPECT_EQ(first(DType::I32, put(int32_t(-70000))), -70000.0f);
  EXPECT_EQ(first(DType::U32, put(uint32_t(4000000000u))), 4e9f);
  EXPECT_EQ(first(DType::I64, put(-(int64_t(1) << 40))), -0x1p40f);
  EXPECT_EQ(first(DType::U64, put(uint64_t(1) << 63)), 0x1p63f);
  readRowF32(DType::F32, buffer, 0, out); // nothing to read
}

namespace {

struct BlockCase {
  DType dtype;
  /// Of the bytes of 64 blocks widened, FNV-1a.
  uint64_t hash;
  /// Bits of elements 0, 17, the last of the first block, the last of all.
  uint32_t samples[4];
  /// Places of the f16 scales in a block.
  std::vector<unsigned> scales;
};

class BlockTest : public ::testing::TestWithParam<BlockCase> {};

} // namespace

TEST_P(BlockTest, MatchesThePublishedDefinition) {
  const BlockCase &test = GetParam();
  const DTypeInfo &info = dtypeInfo(test.dtype);
  constexpr unsigned kBlocks = 64;
  std::vector<uint8_t> raw;
  uint32_t state = 12345;
  for (unsigned block = 0; block < kBlocks; ++block) {
    size_t begin = raw.size();
    for (unsigned i = 0; i < info.blockBytes; ++i) {
      state = state * 1664525u + 1013904223u;
      raw.push_back(static_cast<uint8_t>(state >> 24));
    }
    for (unsigned scale : test.scales) // finite, below 2
      raw[begin + scale + 1] &= 0xBF;
  }
  int64_t elements = kBlocks * info.blockElements;
  ASSERT_EQ(rowBytes(test.dtype, static_cast<uint64_t>(elements)), raw.size());
  std::vector<float> out(static_cast<size_t>(elements));
  readRowF32(test.dtype, raw.data(), elements, out.data());
  size_t places[4] = {0, 17, info.blockElements - 1u, out.size() - 1};
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(bitsOf(out[places[i]]), test.samples[i]) << places[i];
  uint64_t hash = 0xcbf29ce484222325ull;
  for (float value : out)
    for (unsigned byte = 0; byte < 4; ++byte)
      hash = (hash ^ ((bitsOf(value) >> (8 * byte)) & 255u)) * 0x100000001b3ull;
  EXPECT_EQ(hash, test.hash);
}

INSTANTIATE_TEST_SUITE_P(
    DequantRows, BlockTest,
    ::testing::Values(
        BlockCase{DType::Q4_0,
                  0xf81e5f9fd33dc75eull,
                  {0x3940f000u, 0x3900a000u, 0x39e11800u, 0xbb8b4c00u},
                  {0}},
        BlockCase{DType::Q4_1,
                  0x7798bd74f5b29df0ull,
                  {0xbc495600u, 0xbc505ec0u, 0xbc424d40u, 0xbe39f700u},
                  {0, 2}},
        BlockCase{DType::Q5_0,
                  0x849c848cff4f9701ull,
                  {0x3a611800u, 0xba00a000u, 0xb9c0f000u, 0xbf1aa800u},
                  {0}},
        BlockCase{DType::Q5_1,
                  0x904bc1e57443dcaeull,
                  {0xbc495600u, 0xbc353d00u, 0xbc3a4340u, 0x3f7cf71cu},
                  {0, 2}},
        BlockCase{DType::Q8_0,
                  0xcd1601a87c43c51dull,
                  {0xbbeb2480u, 0xba510400u, 0x3b94b900u, 0x3a1b0000u},
                  {0}},
        BlockCase{DType::Q4_K,
                  0xd98d5ab15602328bull,
                  {0x3ea34fd0u, 0x3ea997a0u, 0x3f0312d6u, 0xc0343400u},
                  {0, 2}},
        BlockCase{DType::Q5_K,
                  0xa3e295e9335cf8bfull,
                  {0x3eb768d0u, 0x3ea85610u, 0x3f0aa03bu, 0x445369b8u},
                  {0, 2}},
        BlockCase{DType::Q6_K,
                  0x5c906d3dfb9ef64full,
                  {0xc424de10u, 0x448963b8u, 0xc397fa00u, 0x3d5fd280u},
                  {208}}),
    [](const ::testing::TestParamInfo<BlockCase> &info) {
      return dtypeName(info.param.dtype).str();
    });

TEST(DType, SizesAreChecked) {
  EXPECT_EQ(tensorBytes(DType::F32, {}), 4u);
  EXPECT_EQ(tensorBytes(DType::Q4_0, {3, 64}), 3u * 36);
  EXPECT_EQ(tensorBytes(DType::Q4_0, {64, 3}), std::nullopt);
  EXPECT_EQ(tensorBytes(DType::Q4_K, {0, 256}), 0u);
  EXPECT_EQ(tensorBytes(DType::F32, {INT64_MAX, 2}), std::nullopt);
  EXPECT_EQ(tensorBytes(DType::F64, {INT64_MAX}), std::nullopt);
  EXPECT_EQ(tensorBytes(DType::I8, {-1}), std::nullopt);
  EXPECT_EQ(rowBytes(DType::Q6_K, 512), 420u);
  EXPECT_EQ(rowBytes(DType::Q6_K, 500), std::nullopt);
}
