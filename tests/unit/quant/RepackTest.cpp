// GGUF blocks to panels: the same numbers, nothing quantized again.
#include "Panels.h"

#include "gtest/gtest.h"

using namespace sinter::quant;

/// Random bytes as rows of blocks; scales are made finite.
static std::vector<std::vector<uint8_t>> randomBlocks(int64_t rowBytes,
                                                      int64_t blockBytes) {
  std::mt19937 engine(9);
  std::vector<std::vector<uint8_t>> rows(kPanelRows);
  for (auto &row : rows) {
    row.resize(static_cast<size_t>(rowBytes));
    for (uint8_t &byte : row)
      byte = static_cast<uint8_t>(engine());
    for (int64_t at = 1; at < rowBytes; at += blockBytes)
      row[at] &= 0xbf; // exponent below 16
  }
  return rows;
}

static std::vector<uint8_t> repack(const Scheme &scheme,
                                   std::vector<std::vector<uint8_t>> &rows,
                                   int64_t columns, PackStats &stats) {
  const uint8_t *pointers[kPanelRows];
  for (int64_t r = 0; r < kPanelRows; ++r)
    pointers[r] = rows[r].empty() ? nullptr : rows[r].data();
  std::vector<uint8_t> panel(static_cast<size_t>(scheme.panelBytes(columns)));
  scheme.repackPanel(pointers, columns, panel.data(), stats);
  return panel;
}

static float scaleAt(const uint8_t *block) {
  uint16_t bits;
  std::memcpy(&bits, block, 2);
  return halfToFloat(bits);
}

TEST(Repack, Q4) {
  const int64_t columns = 128;
  ASSERT_EQ(q4_0Scheme().blockRowBytes(columns), 4 * 18);
  auto rows = randomBlocks(4 * 18, 18);
  rows[15].clear();
  PackStats stats;
  auto panel = repack(q4_0Scheme(), rows, columns, stats);
  std::vector<float> back = test::unpack(q4_0Scheme(), panel, columns);
  for (int64_t r = 0; r < 15; ++r)
    for (int64_t k = 0; k < columns; ++k) {
      const uint8_t *block = &rows[r][k / 32 * 18];
      int64_t j = k % 32;
      int u = j < 16 ? block[2 + j] & 15 : block[2 + j - 16] >> 4;
      EXPECT_EQ(back[r * columns + k], scaleAt(block) * float(u - 8));
    }
  for (int64_t k = 0; k < columns; ++k)
    EXPECT_EQ(back[15 * columns + k], 0);
  EXPECT_EQ(stats.nonFinite, 0u);
  EXPECT_EQ(stats.squaredError, 0);
}

TEST(Repack, Q8) {
  const int64_t columns = 96;
  ASSERT_EQ(q8_0Scheme().blockRowBytes(columns), 3 * 34);
  auto rows = randomBlocks(3 * 34, 34);
  rows[4].clear();
  PackStats stats;
  auto panel = repack(q8_0Scheme(), rows, columns, stats);
  std::vector<float> back = test::unpack(q8_0Scheme(), panel, columns);
  for (int64_t r = 0; r < kPanelRows; ++r)
    for (int64_t k = 0; k < columns; ++k) {
      if (r == 4) {
        EXPECT_EQ(back[r * columns + k], 0);
        continue;
      }
      const uint8_t *block = &rows[r][k / 32 * 34];
      int8_t q = static_cast<int8_t>(block[2 + k % 32]);
      EXPECT_EQ(back[r * columns + k], scaleAt(block) * float(q));
    }
}

TEST(Repack, ScalesThatAreNotFiniteAreCounted) {
  auto rows = randomBlocks(4 * 18, 18);
  rows[2][1] = 0x7c, rows[2][0] = 0;
  rows[9][19] = 0x7e;
  PackStats stats;
  repack(q4_0Scheme(), rows, 128, stats);
  EXPECT_EQ(stats.nonFinite, 64u);
}

TEST(Repack, FloatSchemesHaveNoBlocks) {
  EXPECT_EQ(f32Scheme().blockRowBytes(64), 0);
  EXPECT_EQ(f16Scheme().blockRowBytes(64), 0);
}
