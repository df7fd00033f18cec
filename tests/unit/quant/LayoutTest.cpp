// Byte positions of docs/formats/packed-weights.md, written out independently.
#include "Panels.h"

#include "gtest/gtest.h"

using namespace sinter::quant;
using sinter::quant::test::pack;
using sinter::quant::test::unpack;

/// Numbers that the scheme holds exactly: scale 2^-(r % 4), integers that
/// depend on row and column, each block with its extreme in column 0.
static std::vector<float> exactPanel(int64_t columns, int least, int most) {
  std::vector<float> rows(kPanelRows * columns);
  for (int64_t r = 0; r < kPanelRows; ++r)
    for (int64_t k = 0; k < columns; ++k) {
      int range = most - least + 1;
      int q = k % 32 == 0 ? least : least + int((r * 31 + k * 7) % range);
      rows[r * columns + k] = std::ldexp(float(q), -int(r % 4));
    }
  return rows;
}

TEST(Layout, SchemesAreFoundByName) {
  ASSERT_EQ(allSchemes().size(), 4u);
  for (const Scheme *scheme : allSchemes())
    EXPECT_EQ(findScheme(scheme->name()), scheme);
  EXPECT_EQ(findScheme("q4_1"), nullptr);
}

TEST(Layout, PanelBytes) {
  EXPECT_EQ(f32Scheme().panelBytes(33), 33 * 64);
  EXPECT_EQ(f16Scheme().panelBytes(33), 33 * 32);
  EXPECT_EQ(q8_0Scheme().panelBytes(33), 2 * 544);
  EXPECT_EQ(q4_0Scheme().panelBytes(64), 2 * 288);
  EXPECT_EQ(q4_0Scheme().panelBytes(0), 0);
  EXPECT_EQ(panelCount(16), 1);
  EXPECT_EQ(panelCount(17), 2);
}

TEST(Layout, Floats) {
  for (int64_t columns : {1, 15, 16, 17, 100}) {
    std::vector<float> rows = exactPanel(columns, -8, 7);
    std::vector<uint8_t> wide = pack(f32Scheme(), rows);
    std::vector<uint8_t> narrow = pack(f16Scheme(), rows);
    for (int64_t r = 0; r < kPanelRows; ++r)
      for (int64_t k = 0; k < columns; ++k) {
        float x;
        std::memcpy(&x, &wide[4 * (16 * k + r)], 4);
        EXPECT_EQ(x, rows[r * columns + k]);
        uint16_t h;
        std::memcpy(&h, &narrow[2 * (16 * k + r)], 2);
        EXPECT_EQ(halfToFloat(h), rows[r * columns + k]);
      }
    EXPECT_EQ(unpack(f32Scheme(), wide, columns), rows);
    EXPECT_EQ(unpack(f16Scheme(), narrow, columns), rows);
  }
}

TEST(Layout, Q8) {
  const int64_t columns = 96;
  std::vector<float> rows = exactPanel(columns, -127, 127);
  std::vector<uint8_t> panel = pack(q8_0Scheme(), rows);
  for (int64_t r = 0; r < kPanelRows; ++r)
    for (int64_t k = 0; k < columns; ++k) {
      const uint8_t *block = &panel[k / 32 * 544];
      uint16_t scale;
      std::memcpy(&scale, block + 2 * r, 2);
      int64_t j = k % 32 / 4;
      int8_t q = static_cast<int8_t>(block[32 + (j * 16 + r) * 4 + k % 4]);
      EXPECT_EQ(halfToFloat(scale) * q, rows[r * columns + k]);
    }
  EXPECT_EQ(unpack(q8_0Scheme(), panel, columns), rows);
}

TEST(Layout, Q4) {
  const int64_t columns = 96;
  std::vector<float> rows = exactPanel(columns, -8, 7);
  PackStats stats;
  std::vector<uint8_t> panel = pack(q4_0Scheme(), rows, &stats);
  for (int64_t r = 0; r < kPanelRows; ++r)
    for (int64_t k = 0; k < columns; ++k) {
      const uint8_t *block = &panel[k / 32 * 288];
      uint16_t scale;
      std::memcpy(&scale, block + 2 * r, 2);
      int64_t o = k % 32 / 8, i = k % 8;
      uint8_t byte = block[32 + (o * 16 + r) * 4 + i % 4];
      int u = i < 4 ? byte & 15 : byte >> 4;
      EXPECT_EQ(halfToFloat(scale) * (u - 8), rows[r * columns + k]);
    }
  EXPECT_EQ(unpack(q4_0Scheme(), panel, columns), rows);
  EXPECT_EQ(stats.squaredError, 0);
  EXPECT_EQ(stats.maxError, 0);
}

TEST(Layout, ColumnsArePaddedWithZeros) {
  for (const Scheme *scheme : {&q8_0Scheme(), &q4_0Scheme()}) {
    const int64_t columns = 45;
    std::vector<float> rows = test::randomPanel(columns, 1);
    std::vector<uint8_t> panel = pack(*scheme, rows);
    std::vector<float> padded(kPanelRows * 64);
    scheme->unpackPanel(panel.data(), 64, padded.data());
    for (int64_t r = 0; r < kPanelRows; ++r)
      for (int64_t k = columns; k < 64; ++k)
        EXPECT_EQ(padded[r * 64 + k], 0) << scheme->name().str();
  }
}

TEST(Layout, ZeroRows) {
  std::vector<float> rows(kPanelRows * 32, 0.0f);
  std::vector<uint8_t> panel = pack(q4_0Scheme(), rows);
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(panel[i], 0); // scales
  for (int i = 32; i < 288; ++i)
    EXPECT_EQ(panel[i], 0x88); // q = 0
  panel = pack(q8_0Scheme(), rows);
  for (uint8_t byte : panel)
    EXPECT_EQ(byte, 0);
}
