// JsonTest.cpp: the bounded JSON reader: what it accepts, rejects and returns.
#include "runtime/core/Json.h"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

using namespace sinter::rt;

namespace {

/// text must outlive root.
bool check(std::string_view text, JsonValue &root, std::string &why) {
  size_t offset = 0;
  const char *what = "";
  bool good = jsonCheck(text.data(), text.size(), root, offset, what);
  why = std::to_string(offset) + ": " + what;
  return good;
}

bool accepts(const std::string &text) {
  JsonValue root;
  std::string why;
  // An exact-size copy: reading beyond it is an error under asan.
  std::vector<char> exact(text.begin(), text.end());
  return check({exact.data(), exact.size()}, root, why);
}

std::string decoded(const std::string &text) {
  JsonValue root;
  std::string why;
  if (!check(text, root, why))
    return "rejected " + why;
  std::string out(root.rawBytes(), '\0');
  size_t length = 0;
  if (!root.asString(out.data(), length))
    return "no string";
  out.resize(length);
  return out;
}

TEST(Json, AcceptsValues) {
  for (const char *text :
       {"null", " true ", "false", "0", "-0", "12.5e-3", "\"\"", "[]", "{}",
        "[1, [2, {\"a\": [ ]}], \"x\"]", "{\"a\":1,\"b\" : { } }", "1E+9"})
    EXPECT_TRUE(accepts(text)) << text;
}

TEST(Json, RejectsMalformed) {
  for (const char *text : {"",
                           " ",
                           "nul",
                           "truex",
                           "01",
                           "1.",
                           "-",
                           ".5",
                           "1e",
                           "+1",
                           "\"",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\\ud800\"",
                           "\"\\ud800\\u0041\"",
                           "\"\\udc00\"",
                           "\"\n\"",
                           "[1,]",
                           "[1 2]",
                           "[",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{a:1}",
                           "{\"a\":1,}",
                           "{} {}",
                           "\"\xff\"",
                           "\"\xc0\x80\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xf4\x90\x80\x80\"",
                           "\"\xe2\x82\"",
                           "]",
                           "NaN"})
    EXPECT_FALSE(accepts(text)) << text;
}

TEST(Json, BoundsDepth) {
  EXPECT_TRUE(accepts(std::string(32, '[') + std::string(32, ']')));
  EXPECT_FALSE(accepts(std::string(40, '[') + std::string(40, ']')));
  EXPECT_FALSE(accepts(std::string(1000000, '[')));
}

TEST(Json, NamesTheByte) {
  JsonValue root;
  std::string why;
  EXPECT_FALSE(check("{\"a\": tru}", root, why));
  EXPECT_EQ(why, "6: an unknown word");
}

TEST(Json, DecodesStrings) {
  EXPECT_EQ(decoded(R"("a\n\"\\\/\b\f\r\tz")"), "a\n\"\\/\b\f\r\tz");
  EXPECT_EQ(decoded(R"("\u00e9\u20AC\ud83d\ude00")"), "é€😀");
  EXPECT_EQ(decoded(R"("\u0000")"), "no string"); // would end a C string
  EXPECT_EQ(decoded("12"), "no string");
}

TEST(Json, FindsMembers) {
  JsonValue root;
  std::string why;
  ASSERT_TRUE(check(
      R"({ "x\"y": 1, "list": [ {"n":1}, {"n" : 2} ,3], "n": 18446744073709551615,
          "big": 18446744073709551616, "neg": -1, "twice": 1, "twice": 2, "real": -2.5e2})",
      root, why))
      << why;
  uint64_t number = 0;
  double real = 0;
  EXPECT_TRUE(root.member("n").asUnsigned(number));
  EXPECT_EQ(number, UINT64_MAX);
  EXPECT_FALSE(root.member("big").asUnsigned(number));
  EXPECT_FALSE(root.member("neg").asUnsigned(number));
  EXPECT_FALSE(root.member("real").asUnsigned(number));
  EXPECT_TRUE(root.member("real").asNumber(real));
  EXPECT_EQ(real, -250.0);
  EXPECT_TRUE(root.member("nothing").isMissing());
  EXPECT_EQ(root.member("twice").kind(), JsonValue::Kind::Duplicate);
  EXPECT_FALSE(root.member("twice").asUnsigned(number));
  JsonValue element = root.member("list").first();
  ASSERT_TRUE(element.member("n").asUnsigned(number));
  EXPECT_EQ(number, 1u);
  element = element.next();
  ASSERT_TRUE(element.member("n").asUnsigned(number));
  EXPECT_EQ(number, 2u);
  element = element.next();
  EXPECT_TRUE(element.asUnsigned(number));
  EXPECT_TRUE(element.next().isMissing());
  EXPECT_TRUE(element.member("n").isMissing());
}

TEST(Json, ReadsNumbers) {
  const struct {
    const char *text;
    double value;
  } cases[] = {{"0.1", 0.1},
               {"4.5", 4.5},
               {"1e3", 1000},
               {"-0.25", -0.25},
               {"123456789", 123456789},
               {"1e-3", 0.001}};
  for (const auto &c : cases) {
    JsonValue root;
    std::string why;
    double value = 0;
    ASSERT_TRUE(check(c.text, root, why));
    EXPECT_TRUE(root.asNumber(value));
    EXPECT_NEAR(value, c.value, 1e-15 * (c.value < 0 ? -c.value : c.value))
        << c.text;
  }
  JsonValue root;
  std::string why;
  double value = 0;
  ASSERT_TRUE(check("1e999999999999", root, why));
  EXPECT_TRUE(root.asNumber(value)); // large or infinite, but it ends
}

} // namespace
