// Rotary tables against the formulas in extended precision.
#include "compiler/bundle/RopeTable.h"
#include "Modules.h"
#include "mlir/AsmParser/AsmParser.h"

#include <cmath>

using namespace sinter;
using namespace sinter::test;

static RopeFrequencies frequenciesOf(const std::string &attr) {
  mlir::MLIRContext context;
  context.loadDialect<xf::XfDialect>();
  auto rope = mlir::dyn_cast_or_null<xf::RopeAttr>(
      mlir::parseAttribute(attr, &context));
  EXPECT_TRUE(rope) << attr;
  return ropeFrequencies(rope);
}

static long double exact(double theta, int64_t dim, int64_t i) {
  return powl(theta, -2.0L * static_cast<long double>(i) /
                         static_cast<long double>(dim));
}

static double plain(double theta, int64_t dim, int64_t i) {
  return static_cast<double>(exact(theta, dim, i));
}

TEST(RopeTable, SineAndCosine) {
  double worst = 0;
  for (int i = 0; i < 400000; ++i) {
    double x = i < 200000 ? i * 1e-4 : i * 3.14159;
    double s, c;
    sineCosine(x, s, c);
    worst = std::max<double>(
        worst, std::fabs(static_cast<double>(sinl((long double)x) - s)));
    worst = std::max<double>(
        worst, std::fabs(static_cast<double>(cosl((long double)x) - c)));
  }
  EXPECT_LT(worst, 2.3e-16);
  double s, c;
  sineCosine(0, s, c);
  EXPECT_EQ(s, 0);
  EXPECT_EQ(c, 1);
}

TEST(RopeTable, PlainFrequenciesAreCorrectlyRounded) {
  for (double theta : {10000.0, 500000.0, 1000000.0, 8000000.0, 10000.123})
    for (int64_t dim : {2, 64, 96, 128, 80}) {
      RopeFrequencies f =
          frequenciesOf("#xf.rope<theta = " + std::to_string(theta) +
                        " : f64, dim = " + std::to_string(dim) + ", none>");
      ASSERT_EQ(f.perPosition.size(), size_t(dim / 2));
      EXPECT_EQ(f.magnitude, 1);
      for (int64_t i = 0; i < dim / 2; ++i) {
        long double want = exact(theta, dim, i);
        double unit = std::nextafter(f.perPosition[i], 2) - f.perPosition[i];
        // powl's own error is a thousandth of that.
        EXPECT_LE(fabsl(f.perPosition[i] - want), 0.501L * unit)
            << theta << " " << dim << " " << i;
      }
    }
}

TEST(RopeTable, Linear) {
  RopeFrequencies f =
      frequenciesOf("#xf.rope<theta = 10000.0 : f64, dim = 8, linear, "
                    "[4.0]>");
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_DOUBLE_EQ(f.perPosition[i], plain(10000, 8, i) / 4);
}

TEST(RopeTable, Llama3) {
  RopeFrequencies f =
      frequenciesOf("#xf.rope<theta = 500000.0 : f64, dim = 128, llama3, "
                    "[8.0, 1.0, 4.0, 8192.0]>");
  int kept = 0, divided = 0, between = 0;
  for (int64_t i = 0; i < 64; ++i) {
    double base = plain(500000, 128, i), wavelength = 2 * M_PI / base;
    if (wavelength < 2048) {
      ++kept;
      EXPECT_DOUBLE_EQ(f.perPosition[i], base);
    } else if (wavelength > 8192) {
      ++divided;
      EXPECT_DOUBLE_EQ(f.perPosition[i], base / 8);
    } else {
      ++between;
      double smooth = (8192 / wavelength - 1) / 3;
      EXPECT_NEAR(f.perPosition[i], (1 - smooth) * base / 8 + smooth * base,
                  1e-15 * base);
    }
  }
  EXPECT_TRUE(kept && divided && between);
}

TEST(RopeTable, Yarn) {
  // The published example: low and high dimensions of theta 10000, dim 128,
  // context 4096 are 20 and 46 (beta 32 and 1).
  for (bool truncate : {true, false}) {
    RopeFrequencies f = frequenciesOf(
        std::string("#xf.rope<theta = 10000.0 : f64, dim = 128, yarn, "
                    "[16.0, 32.0, 1.0, 4096.0, 1.25, ") +
        (truncate ? "1.0]>" : "0.0]>"));
    EXPECT_EQ(f.magnitude, 1.25);
    double low =
        128 * std::log(4096 / (32 * 2 * M_PI)) / (2 * std::log(10000.0));
    double high = 128 * std::log(4096 / (2 * M_PI)) / (2 * std::log(10000.0));
    if (truncate) {
      low = std::floor(low), high = std::ceil(high);
      EXPECT_EQ(low, 20);
      EXPECT_EQ(high, 46);
    }
    for (int64_t i = 0; i < 64; ++i) {
      double base = plain(10000, 128, i);
      double ramp = std::clamp((i - low) / (high - low), 0.0, 1.0);
      EXPECT_NEAR(f.perPosition[i], base / 16 * ramp + base * (1 - ramp),
                  1e-8 * base);
    }
    EXPECT_EQ(f.perPosition[0], 1);
    EXPECT_DOUBLE_EQ(f.perPosition[63], plain(10000, 128, 63) / 16);
  }
}

TEST(RopeTable, Factors) {
  RopeFrequencies f =
      frequenciesOf("#xf.rope<theta = 10000.0 : f64, dim = 4, factors, "
                    "[2.0, 8.0, 1.5]>");
  EXPECT_DOUBLE_EQ(f.perPosition[0], 0.5);
  EXPECT_DOUBLE_EQ(f.perPosition[1], 0.01 / 8);
  EXPECT_EQ(f.magnitude, 1.5);
}

TEST(RopeTable, Rows) {
  RopeFrequencies f{{1.0, 0.01}, 2.0};
  std::vector<float> table(3 * 4);
  fillRopeTable(f, 100000, 3, table.data());
  for (int p = 0; p < 3; ++p)
    for (int i = 0; i < 2; ++i) {
      double angle = (100000 + p) * f.perPosition[i];
      EXPECT_EQ(table[4 * p + i], float(2 * std::cos(angle)));
      EXPECT_EQ(table[4 * p + 2 + i], float(2 * std::sin(angle)));
    }
}
