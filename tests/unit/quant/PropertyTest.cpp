// Properties of packing on generated panels.
#include "Panels.h"

#include "gtest/gtest.h"
#include <rapidcheck.h>

using namespace sinter::quant;

/// A panel of 1..100 columns whose rows have wildly different sizes.
static std::vector<float> arbitraryPanel() {
  auto columns = *rc::gen::inRange<int64_t>(1, 100);
  auto seed = *rc::gen::arbitrary<uint32_t>();
  std::vector<float> rows = test::randomPanel(columns, seed, 1.0f);
  for (int64_t r = 0; r < kPanelRows; ++r) {
    int exponent = *rc::gen::inRange(-30, 15);
    for (int64_t k = 0; k < columns; ++k)
      rows[r * columns + k] = std::ldexp(rows[r * columns + k], exponent);
  }
  return rows;
}

static int64_t columnsOf(const std::vector<float> &rows) {
  return static_cast<int64_t>(rows.size()) / kPanelRows;
}

static void expectHolds(const char *what, const std::function<void()> &body) {
  EXPECT_TRUE(rc::check(what, body));
}

TEST(Property, WhatTheSchemeHoldsIsKept) {
  expectHolds("scale * integers with the extreme in them pack exactly", [] {
    auto columns = *rc::gen::inRange<int64_t>(1, 100);
    std::vector<float> rows(static_cast<size_t>(kPanelRows * columns));
    auto seed = *rc::gen::arbitrary<uint32_t>();
    for (const Scheme *scheme : {&q8_0Scheme(), &q4_0Scheme()}) {
      bool nibbles = scheme == &q4_0Scheme();
      std::uniform_int_distribution<int> integer(nibbles ? -8 : -127,
                                                 nibbles ? 7 : 127);
      std::uniform_int_distribution<int> normalHalf(0x0400, 0x5fff);
      std::mt19937 engine(seed);
      for (int64_t r = 0; r < kPanelRows; ++r) {
        float scale = 0;
        for (int64_t k = 0; k < columns; ++k) {
          bool first = k % kBlockColumns == 0;
          if (first)
            scale = halfToFloat(static_cast<uint16_t>(normalHalf(engine)));
          int q = first ? integer.a() : integer(engine);
          rows[r * columns + k] = scale * float(q);
        }
      }
      auto back = test::unpack(*scheme, test::pack(*scheme, rows), columns);
      RC_ASSERT(back == rows);
    }
  });
}

TEST(Property, StatsTellTheError) {
  expectHolds("stats equal the measured error", [] {
    std::vector<float> rows = arbitraryPanel();
    for (const Scheme *scheme : allSchemes()) {
      PackStats stats;
      std::vector<float> back = test::unpack(
          *scheme, test::pack(*scheme, rows, &stats), columnsOf(rows));
      double error = test::squaredError(rows, back);
      RC_ASSERT(std::fabs(stats.squaredError - error) <= 1e-4 * error + 1e-25);
      double most = 0;
      for (size_t i = 0; i < rows.size(); ++i)
        most = std::max(most, std::fabs(double(rows[i]) - back[i]));
      RC_ASSERT(std::fabs(stats.maxError - most) <= 1e-5 * most);
      RC_ASSERT(stats.relativeError() <= 1.0001);
    }
  });
}

TEST(Property, EveryBlockBeatsGguf) {
  expectHolds("no block is worse than the absolute maximum's", [] {
    std::vector<float> rows = arbitraryPanel();
    int64_t columns = columnsOf(rows);
    std::vector<float> back =
        test::unpack(q4_0Scheme(), test::pack(q4_0Scheme(), rows), columns);
    for (int64_t r = 0; r < kPanelRows; ++r)
      for (int64_t from = 0; from < columns; from += 32) {
        float x[32] = {};
        double error = 0;
        for (int64_t k = from; k < std::min(columns, from + 32); ++k) {
          x[k - from] = rows[r * columns + k];
          error += std::pow(double(x[k - from]) - back[r * columns + k], 2);
        }
        double gguf = test::ggufQ4Error(x);
        RC_ASSERT(error <= gguf * (1 + 1e-5) + 1e-15);
      }
  });
}

TEST(Property, RowsDoNotInfluenceEachOther) {
  expectHolds("a row packs alike in any company", [] {
    std::vector<float> rows = arbitraryPanel();
    int64_t columns = columnsOf(rows);
    auto keep = *rc::gen::inRange<int64_t>(0, kPanelRows);
    std::vector<float> alone(rows.size(), 0.0f);
    std::copy_n(rows.begin() + keep * columns, columns,
                alone.begin() + keep * columns);
    for (const Scheme *scheme : allSchemes()) {
      auto a = test::unpack(*scheme, test::pack(*scheme, rows), columns);
      auto b = test::unpack(*scheme, test::pack(*scheme, alone), columns);
      for (int64_t k = 0; k < columns; ++k)
        RC_ASSERT(a[keep * columns + k] == b[keep * columns + k]);
    }
  });
}
