//===- SentencePieceTest.cpp - tokenizer.model and its damage
//---------------===//
//
// Models written field by field here; the real one (Mistral) is in GoldenTest.
//
//===------------------------------------------------------------------------===//

#include "TokenizerTesting.h"
#include <cstring>
#include <rapidcheck/gtest.h>

using namespace sinter;

namespace {

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7)
    out.push_back(char(value | 0x80));
  out.push_back(char(value));
  return out;
}
std::string number(unsigned field, uint64_t value) {
  return varint(field << 3) + varint(value);
}
std::string message(unsigned field, const std::string &bytes) {
  return varint(field << 3 | 2) + varint(bytes.size()) + bytes;
}
std::string piece(const std::string &text, float score, unsigned type = 1) {
  char bits[4];
  std::memcpy(bits, &score, 4);
  return message(1, message(1, text) + varint(2 << 3 | 5) +
                        std::string(bits, 4) + number(3, type));
}

/// Pieces 0 to 2 are unknown, begin, end; "ab" beats "bc".
std::string model(unsigned type, const std::string &normalizer,
                  bool byteFallback = false) {
  std::string bytes = piece("<unk>", 0, 2) + piece("<s>", 0, 3) +
                      piece("</s>", 0, 3) + piece("\u2581", -1) +
                      piece("a", -2) + piece("b", -2) + piece("c", -2) +
                      piece("ab", -3) + piece("bc", -3.5) + piece("QQ", 0, 4);
  for (unsigned b = 0; byteFallback && b < 256; ++b) {
    char text[8];
    std::snprintf(text, sizeof(text), "<0x%02X>", b);
    bytes += piece(text, 0, 6);
  }
  return bytes + message(2, number(3, type) + number(35, byteFallback)) +
         message(3, normalizer);
}

const std::string kPlain = number(4, 0); // no removal of extra white space

std::string fails(const std::string &bytes) {
  return failure(compileSentencePiece(bytes, {}));
}

TEST(SentencePiece, Bpe) {
  auto compiled = loadCompiled(compileSentencePiece(model(2, kPlain), {}));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("abc"), (Ids{1, 3, 7, 6}));
  EXPECT_EQ(compiled->encode("a  QQb</s>"), (Ids{1, 3, 4, 3, 3, 9, 5, 2}));
  EXPECT_EQ(compiled->encode("xyz"), (Ids{1, 3, 0}));
  EXPECT_EQ(compiled->decode({1, 3, 7, 3, 6}), "ab c");
  EXPECT_TRUE(compiled->tokenizer.isEndOfText(2));
}

TEST(SentencePiece, EqualScoresMergeLeftmost) {
  std::string bytes = piece("<unk>", 0, 2) + piece("a", -1) + piece("b", -1) +
                      piece("ba", -2) + piece("ab", -2) +
                      message(2, number(3, 2)) +
                      message(3, number(3, 0) + number(4, 0));
  auto compiled = loadCompiled(compileSentencePiece(bytes, {}));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("aba", 0), (Ids{4, 1}));
  EXPECT_EQ(compiled->encode("bab", 0), (Ids{3, 2}));
}

TEST(SentencePiece, UnigramAndWhiteSpaceRules) {
  auto compiled = loadCompiled(compileSentencePiece(model(1, ""), {}));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("  ab   c "), (Ids{1, 3, 7, 3, 6}));
  EXPECT_EQ(compiled->encode("   "), (Ids{1}));
}

TEST(SentencePiece, ByteFallback) {
  auto compiled =
      loadCompiled(compileSentencePiece(model(2, kPlain, true), {}));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("\u00E9", 0), (Ids{3, 10 + 0xC3, 10 + 0xA9}));
  EXPECT_EQ(compiled->decode(compiled->encode("a\u00E9\nb")), "a\u00E9\nb");
}

TEST(SentencePiece, LegacyPrefixesEverySegment) {
  TokenizerSideFiles side;
  auto plain = loadCompiled(compileSentencePiece(model(2, kPlain), side));
  side.tokenizerConfig = "{\"legacy\":true,\"tokenizer_class\":"
                         "\"LlamaTokenizer\",\"add_bos_token\":false}";
  auto legacy = loadCompiled(compileSentencePiece(model(2, kPlain), side));
  ASSERT_TRUE(plain && legacy);
  EXPECT_EQ(plain->encode("a<s>a"), (Ids{1, 3, 4, 1, 4}));
  EXPECT_EQ(legacy->encode("a<s>a"), (Ids{3, 4, 1, 3, 4}));
}

TEST(SentencePiece, Refused) {
  EXPECT_EQ(fails("").substr(0, 7), "exit 1:");
  EXPECT_EQ(fails("hello world").substr(0, 7), "exit 1:");
  EXPECT_EQ(fails(model(3, "")).substr(0, 7), "exit 3:"); // word model
  EXPECT_EQ(fails(model(2, "") + message(2, number(24, 1))).substr(0, 7),
            "exit 3:"); // white space as suffix
  EXPECT_EQ(fails(model(2, "") + piece("a", -1)).substr(0, 7), "exit 1:");
  EXPECT_EQ(fails(model(2, "") + piece("", -1)).substr(0, 7), "exit 1:");
  EXPECT_EQ(fails(model(2, "") + piece("z", -1, 9)).substr(0, 7), "exit 1:");
  EXPECT_EQ(fails(model(2, "") + piece("z", -1, 6)).substr(0, 7), "exit 1:");
  EXPECT_EQ(fails(model(2, "") + piece("z", NAN)).substr(0, 7), "exit 1:");
  EXPECT_EQ(fails(model(2, message(2, "abc"))).substr(0, 7), "exit 1:");
}

TEST(SentencePiece, DamageNeverCrashes) {
  const std::string good =
      model(1, message(2, std::string("\4\0\0\0\0\4\0\0x\0", 10)));
  ASSERT_EQ(fails(good), "");
  for (size_t size = 0; size < good.size(); ++size)
    (void)fails(good.substr(0, size));
  for (size_t at = 0; at < good.size(); ++at)
    for (unsigned mask : {0x01u, 0x08u, 0x80u, 0xFFu}) {
      std::string bad = good;
      bad[at] = char(uint8_t(bad[at]) ^ mask);
      (void)fails(bad);
    }
}

} // namespace
