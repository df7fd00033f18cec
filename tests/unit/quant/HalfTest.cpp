// binary16 conversions: exhaustive against the compiler's own half type.
#include "Panels.h"

#include "gtest/gtest.h"

using namespace sinter::quant;

TEST(Half, AllBitsToFloat) {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    uint16_t half = static_cast<uint16_t>(bits);
    _Float16 native;
    std::memcpy(&native, &half, 2);
    float want = native, got = halfToFloat(half);
    if (std::isnan(want)) {
      EXPECT_TRUE(std::isnan(got)) << bits;
      continue;
    }
    EXPECT_EQ(std::memcmp(&want, &got, 4), 0) << bits;
    EXPECT_EQ(floatToHalf(got), half);
  }
}

TEST(Half, RoundsToNearestEven) {
  // All f32 with 16 leading bits set freely, and the neighbours of ties.
  for (uint32_t high = 0; high < 65536; ++high)
    for (uint32_t low : {0u, 1u, 0xfffu, 0x1000u, 0x1001u, 0x2fffu, 0x3000u,
                         0x3001u, 0x8000u, 0xf000u, 0xffffu}) {
      uint32_t bits = high << 16 | low;
      float x;
      std::memcpy(&x, &bits, 4);
      if (std::isnan(x))
        continue;
      _Float16 native = static_cast<_Float16>(x);
      uint16_t want;
      std::memcpy(&want, &native, 2);
      ASSERT_EQ(floatToHalf(x), want) << std::hex << bits;
    }
}

TEST(Half, PanelsRoundLikeTheScalarCode) {
  // The f16 scheme's vector code, over every exponent and many fractions.
  const int64_t columns = 4096;
  std::vector<float> rows(kPanelRows * columns);
  std::mt19937 engine(5);
  for (float &x : rows) {
    uint32_t bits = static_cast<uint32_t>(engine());
    std::memcpy(&x, &bits, 4);
  }
  std::vector<uint8_t> panel = test::pack(f16Scheme(), rows);
  for (int64_t k = 0; k < columns; ++k)
    for (int64_t r = 0; r < kPanelRows; ++r) {
      uint16_t got, want = floatToHalf(rows[r * columns + k]);
      std::memcpy(&got, panel.data() + (k * kPanelRows + r) * 2, 2);
      ASSERT_EQ(got, want) << rows[r * columns + k];
    }
}
