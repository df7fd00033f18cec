//===- DecimalTest.cpp - Numbers as text and back -------------------------===//
//
// Against the C library, whose conversions are exact, and Python's spelling.
//
//===----------------------------------------------------------------------===//

#include "Rendering.h"
#include <cmath>
#include <cstring>
#include <random>

using namespace sinter::text::jinja;

namespace {

std::string print(double x) {
  char digits[32];
  return std::string(digits, printDouble(x, digits));
}

double parse(const std::string &text) {
  double x = -1;
  EXPECT_TRUE(parseDouble(text.data(), text.size(), x)) << text;
  return x;
}

TEST(Decimal, PythonsSpelling) {
  const std::pair<double, const char *> cases[] = {
      {0, "0.0"},
      {-0.0, "-0.0"},
      {1, "1.0"},
      {0.1, "0.1"},
      {1.0 / 3, "0.3333333333333333"},
      {100, "100.0"},
      {1e15, "1000000000000000.0"},
      {1e16, "1e+16"},
      {123456789012345680, "1.2345678901234568e+17"},
      {0.0001, "0.0001"},
      {0.00001, "1e-05"},
      {-2.5e-7, "-2.5e-07"},
      {5e-324, "5e-324"},
      {2.2250738585072014e-308, "2.2250738585072014e-308"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {9007199254740993, "9007199254740992.0"},
      {5e22, "5e+22"},
      {1e23, "1e+23"},
      {HUGE_VAL, "inf"},
      {-HUGE_VAL, "-inf"}};
  for (const auto &[x, text] : cases)
    EXPECT_EQ(print(x), text);
  EXPECT_EQ(print(NAN), "nan");
}

TEST(Decimal, RandomNumbersComeBackAndAreShort) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 4000; ++i) {
    uint64_t bits = random();
    double x;
    std::memcpy(&x, &bits, sizeof(x));
    if (!std::isfinite(x))
      continue;
    std::string text = print(x);
    EXPECT_EQ(std::strtod(text.c_str(), nullptr), x) << text;
    EXPECT_EQ(parse(text), x) << text;
    // No shorter text reads back as the same number.
    char shorter[40];
    size_t digits = 0;
    for (char c : text.substr(0, text.find('e')))
      digits += c >= '0' && c <= '9';
    if (digits > 1 && digits <= 17 && text.find('e') != std::string::npos) {
      std::snprintf(shorter, sizeof(shorter), "%.*e", int(digits) - 2, x);
      EXPECT_NE(std::strtod(shorter, nullptr), x) << text;
    }
  }
}

TEST(Decimal, ReadsAsTheLibraryDoes) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 4000; ++i) {
    std::string text;
    size_t digits = 1 + random() % 40;
    for (size_t k = 0; k < digits; ++k)
      text += char('0' + random() % 10);
    text.insert(random() % (digits + 1), ".");
    if (text == ".")
      continue;
    text += "e" + std::to_string(int(random() % 720) - 360);
    EXPECT_EQ(parse(text), std::strtod(text.c_str(), nullptr)) << text;
  }
  // Half way between two numbers, and just beside it.
  for (const char *text :
       {"9007199254740993", "9007199254740993.0000000000000000000000000000001",
        "9007199254740992.9999999999999999999999999999999",
        "2.2250738585072011e-308", "2.4703282292062327e-324",
        "2.4703282292062328e-324", "1.7976931348623158e308",
        "1.797693134862315808e308", "0.000000000000000000000000000001"})
    EXPECT_EQ(parse(text), std::strtod(text, nullptr)) << text;
}

TEST(Decimal, Refuses) {
  for (const char *text : {"", ".", "e5", "1e", "1e+", "1x", "--1", "1.2.3",
                           " 1", "0x10", "inf", "nan"}) {
    double x;
    EXPECT_FALSE(parseDouble(text, strlen(text), x)) << text;
  }
  int64_t n;
  for (const char *text :
       {"", "-", "1.0", "9223372036854775808", "-9223372036854775809", "1 "})
    EXPECT_FALSE(parseWhole(text, strlen(text), n)) << text;
  EXPECT_TRUE(parseWhole("-9223372036854775808", 20, n));
  EXPECT_EQ(n, INT64_MIN);
  EXPECT_TRUE(parseWhole("+9223372036854775807", 20, n));
  EXPECT_EQ(n, INT64_MAX);
}

TEST(Decimal, RoundsExactly) {
  EXPECT_EQ(roundDouble(2.675, 2), 2.67);
  EXPECT_EQ(roundDouble(0.5, 0), 0);
  EXPECT_EQ(roundDouble(1.5, 0), 2);
  EXPECT_EQ(roundDouble(-2.5, 0), -2);
  EXPECT_EQ(roundDouble(1e300, -299), 1e300);
  EXPECT_EQ(roundDouble(149, -2), 100);
  EXPECT_EQ(roundDouble(250, -2), 200);
  EXPECT_EQ(roundDouble(1e-310, 310), 1e-310);
  EXPECT_EQ(roundDouble(0.1, 400), 0.1);
}

} // namespace
