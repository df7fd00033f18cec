//===- DetokenizerTest.cpp - Streaming never cuts a character
//---------------===//
//
// Over single-byte tokens any split is possible; what comes out must be whole
// characters, in order, and U+FFFD for what is no UTF-8.
//
//===------------------------------------------------------------------------===//

#include "SmallTokenizers.h"
#include "TokenizerTesting.h"
#include <rapidcheck/gtest.h>

using namespace sinter;

namespace {

const std::string kReplacement = "\uFFFD";

Ids byteIds(const std::string &bytes, uint32_t offset = 0) {
  Ids ids;
  for (char c : bytes)
    ids.push_back(offset + uint8_t(c));
  return ids;
}

/// What Rust's from_utf8_lossy gives: one U+FFFD a maximal subpart.
std::string lossy(const std::string &bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size();) {
    size_t best = 0; // longest prefix of some valid sequence
    for (size_t n = 1; n <= 4 && i + n <= bytes.size(); ++n) {
      std::string part = bytes.substr(i, n);
      if (isUtf8(part) && (n == 1 || !isUtf8(bytes.substr(i, 1)))) {
        out += part;
        best = n;
        break;
      }
    }
    if (best) {
      i += best;
      continue;
    }
    // No valid sequence: find how far one could have gone.
    size_t subpart = 1;
    const char *tails[] = {"\x80", "\x90", "\xA0", "\xBF"};
    for (size_t n = 1; n <= 3 && i + n <= bytes.size(); ++n) {
      std::string part = bytes.substr(i, n);
      bool extends = false;
      for (const char *a : tails) {
        extends |= isUtf8(part + a);
        for (const char *b : tails) {
          extends |= isUtf8(part + a + b);
          for (const char *c : tails)
            extends |= isUtf8(part + a + b + c);
        }
      }
      if (extends && uint8_t(part[0]) >= 0x80)
        subpart = n;
    }
    out += kReplacement;
    i += subpart;
  }
  return out;
}

class Detokenizing : public ::testing::Test {
protected:
  void SetUp() override {
    bytes = loadCompiled(compileTokenizerJson(byteLevelTokenizer().json(), {}));
    pieces = loadCompiled(compileTokenizerJson(
        characterTokenizer({"\u2581", "a", "\u2581a"}, {{"\u2581", "a"}}, true)
            .json(),
        {}));
    ASSERT_TRUE(bytes && pieces);
  }
  std::unique_ptr<Compiled> bytes, pieces;
};

TEST_F(Detokenizing, HoldsBackIncompleteCharacters) {
  text::Detokenizer stream(bytes->tokenizer);
  stream.reset();
  uint8_t out[64];
  size_t written;
  const std::string text = "\U0001F600";
  for (size_t i = 0; i < 4; ++i) {
    ASSERT_EQ(stream.push(uint8_t(text[i]), out, sizeof(out), written),
              text::Status::Ok);
    EXPECT_EQ(written, i == 3 ? 4u : 0u);
  }
  EXPECT_EQ(std::string(out, out + 4), text);
}

TEST_F(Detokenizing, ReplacesMaximalSubparts) {
  EXPECT_EQ(bytes->decode(byteIds("a\xF0\x9F\x98")), "a" + kReplacement);
  EXPECT_EQ(bytes->decode(byteIds("\xF0\x9F\x41")), kReplacement + "A");
  EXPECT_EQ(bytes->decode(byteIds("\xED\xA0\x80")),
            kReplacement + kReplacement + kReplacement);
  EXPECT_EQ(bytes->decode(byteIds("\xC3\xC3\xA9")), kReplacement + "\u00E9");
}

TEST_F(Detokenizing, ByteFallbackReplacesEachByte) {
  EXPECT_EQ(pieces->decode(byteIds("\xE4\xBD", 3)),
            kReplacement + kReplacement);
  EXPECT_EQ(pieces->decode(byteIds("\xE4\xBD\xA0", 3)), "\u4F60");
}

TEST_F(Detokenizing, DropsTheFirstSpaceOnly) {
  uint32_t word = pieces->id("\u2581a");
  ASSERT_NE(word, text::kNoToken);
  EXPECT_EQ(pieces->decode({1, word, word}), "a a");
  text::Detokenizer stream(pieces->tokenizer);
  stream.reset(/*continuation=*/true);
  uint8_t out[64];
  size_t written;
  ASSERT_EQ(stream.push(word, out, sizeof(out), written), text::Status::Ok);
  EXPECT_EQ(std::string(out, out + written), " a");
}

TEST_F(Detokenizing, SpecialTokensOnRequest) {
  EXPECT_EQ(pieces->decode({1, pieces->id("a"), 2}), "a");
  EXPECT_EQ(pieces->decode({1, pieces->id("a"), 2}, false), "<s>a</s>");
}

TEST_F(Detokenizing, UnknownIdsAndSmallBuffers) {
  text::Detokenizer stream(bytes->tokenizer);
  stream.reset();
  uint8_t out[64];
  size_t written = 1;
  EXPECT_EQ(stream.push(1u << 30, out, sizeof(out), written), text::Status::Ok);
  EXPECT_EQ(written, 0u);
  EXPECT_EQ(stream.push('a', out, 2, written), text::Status::BadArgument);
  EXPECT_EQ(stream.finish(out, 2, written), text::Status::BadArgument);
  text::Tokenizer empty;
  text::Detokenizer none(empty);
  EXPECT_EQ(none.push(0, out, sizeof(out), written), text::Status::BadArgument);
}

RC_GTEST_FIXTURE_PROP(Detokenizing, AnyBytesBecomeLossyUtf8, ()) {
  // Bytes that often continue each other.
  auto some = *rc::gen::container<std::string>(rc::gen::oneOf(
      rc::gen::arbitrary<char>(),
      rc::gen::element('\xE2', '\x96', '\x81', '\xF0', '\x9F', '\x98', '\xC3',
                       '\xA9', '\xED', '\xA0', '\xF4', '\x8F', 'a')));
  RC_ASSERT(bytes->decode(byteIds(some)) == lossy(some));
}

} // namespace
