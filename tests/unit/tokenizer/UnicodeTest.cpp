//===- UnicodeTest.cpp - UTF-8, classes, NFC
//--------------------------------===//
//
// Spot checks against the Unicode standard's own examples, and properties over
// all code points.
//
//===------------------------------------------------------------------------===//

#include "runtime/text/Unicode.h"
#include "SmallTokenizers.h"
#include "TokenizerTesting.h"
#include <rapidcheck/gtest.h>

using namespace sinter;
using namespace sinter::text;

namespace {

Char decoded(const std::string &text) {
  return decodeUtf8(reinterpret_cast<const uint8_t *>(text.data()),
                    text.size());
}

TEST(Unicode, DecodesStrictly) {
  for (uint32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code < 0xE000)
      continue;
    uint8_t bytes[4];
    uint32_t size = encodeUtf8(code, bytes);
    Char c = decodeUtf8(bytes, size);
    ASSERT_EQ(c.code, code);
    ASSERT_EQ(c.size, size);
    if (size > 1) {
      ASSERT_EQ(decodeUtf8(bytes, size - 1).size, 1u); // cut off
    }
  }
  const std::string invalid[] = {"\x80",
                                 "\xC0\x80",
                                 "\xC1\xBF",
                                 "\xE0\x80\x80",
                                 "\xED\xA0\x80",
                                 "\xF0\x80\x80\x80",
                                 "\xF4\x90\x80\x80",
                                 "\xF5\x80\x80\x80",
                                 "\xFF",
                                 "\xE2\x28\xA1"};
  for (const std::string &text : invalid) {
    EXPECT_EQ(decoded(text).size, 1u);
    EXPECT_EQ(decoded(text).code, kInvalidByte + uint8_t(text[0]));
  }
}

TEST(Unicode, Classes) {
  EXPECT_EQ(charClass('A'), CharClass::Upper);
  EXPECT_EQ(charClass('z'), CharClass::Lower);
  EXPECT_EQ(charClass(0x1C5), CharClass::Title);
  EXPECT_EQ(charClass(0x100), CharClass::Upper); // alternating range
  EXPECT_EQ(charClass(0x101), CharClass::Lower);
  EXPECT_EQ(charClass(0x139), CharClass::Upper); // the other parity
  EXPECT_EQ(charClass(0x13A), CharClass::Lower);
  EXPECT_EQ(charClass(0x4E00), CharClass::Letter);
  EXPECT_EQ(charClass(0x301), CharClass::Mark);
  EXPECT_EQ(charClass(0x664), CharClass::Digit);
  EXPECT_EQ(charClass(0x2163), CharClass::LetterNumber);
  EXPECT_EQ(charClass(0xBD), CharClass::OtherNumber);
  EXPECT_EQ(charClass('_'), CharClass::Connector);
  EXPECT_EQ(charClass(0x2014), CharClass::Punctuation);
  EXPECT_EQ(charClass(0x3000), CharClass::Space);
  EXPECT_EQ(charClass(0x85), CharClass::Space);
  EXPECT_EQ(charClass(0x200B), CharClass::Other);
  EXPECT_EQ(charClass('$'), CharClass::Other);
  EXPECT_EQ(charClass(0x10FFFF), CharClass::Other);
  EXPECT_EQ(charClass(kInvalidByte + 0xFF), CharClass::Other);
  EXPECT_TRUE(isPunctuation('$') && isPunctuation('~') && isPunctuation('_'));
  EXPECT_FALSE(isPunctuation('a') || isPunctuation(' ') || isPunctuation('0'));
  EXPECT_TRUE(isWordChar(0x200D) && isWordChar('_') && isWordChar(0x24B6));
  EXPECT_FALSE(isWordChar('-') || isWordChar(0xBD));
}

/// NFC by way of a tokenizer that does nothing else.
class Nfc : public ::testing::Test {
protected:
  void SetUp() override {
    SmallTokenizer small = byteLevelTokenizer();
    small.normalizer = "{\"type\":\"NFC\"}";
    compiled = loadCompiled(compileTokenizerJson(small.json(), {}));
    ASSERT_TRUE(compiled);
  }
  std::string nfc(const std::string &text) {
    Encoder encoder(compiled->tokenizer);
    Bytes result;
    EXPECT_EQ(encoder.normalizeOnly(
                  {reinterpret_cast<const uint8_t *>(text.data()), text.size()},
                  true, result),
              Status::Ok);
    return std::string(result.data, result.data + result.size);
  }
  std::unique_ptr<Compiled> compiled;
};

TEST_F(Nfc, Examples) {
  EXPECT_EQ(nfc("plain"), "plain");
  EXPECT_EQ(nfc("A\u030A"), "\u00C5");
  EXPECT_EQ(nfc("\u212B"), "\u00C5");               // singleton
  EXPECT_EQ(nfc("\u0958"), "\u0915\u093C");         // composition exclusion
  EXPECT_EQ(nfc("q\u0307\u0323"), "q\u0323\u0307"); // reordered
  EXPECT_EQ(nfc("\u1E0B\u0323"), "\u1E0D\u0307");
  EXPECT_EQ(nfc("\u1112\u1161\u11AB"), "\uD55C"); // Hangul
  EXPECT_EQ(nfc("\uD55C"), "\uD55C");
  EXPECT_EQ(nfc("a\u0315\u0300\u05AE\u0300b"), "\u00E0\u05AE\u0300\u0315b");
  EXPECT_EQ(nfc("a\u0305\u0300"), "a\u0305\u0300"); // blocked
  EXPECT_EQ(nfc("\u0300\u0301"), "\u0300\u0301");   // no starter
  EXPECT_EQ(nfc("\U0002F800"), "\u4E3D");
  EXPECT_EQ(nfc("\U00011099\U000110BA"), "\U0001109A");
  EXPECT_EQ(nfc("A\xFF\u030A"), "A\xFF\u030A"); // invalid byte in between
}

TEST_F(Nfc, ManyMarksAreSortedStably) {
  std::string text = "a", expected = "a";
  for (int i = 0; i < 50; ++i)
    text += "\u0305\u0316"; // classes 230 and 220
  for (int i = 0; i < 50; ++i)
    expected += "\u0316";
  for (int i = 0; i < 50; ++i)
    expected += "\u0305";
  EXPECT_EQ(nfc(text), expected);
}

TEST_F(Nfc, AllCodePointsAreStable) {
  for (uint32_t code = 0x80; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code < 0xE000)
      continue;
    uint8_t bytes[4];
    std::string text(bytes, bytes + encodeUtf8(code, bytes));
    std::string once = nfc(text);
    ASSERT_EQ(nfc(once), once) << code;
    uint32_t first, second;
    if (!decompose(code, first, second)) {
      ASSERT_EQ(once, text) << code;
    }
  }
}

} // namespace
