//===- InputRangesTest.cpp - Special tokens and text from outside ---------===//
//
// Encoder::encode with input ranges: special tokens are found where none of
// their bytes comes from outside; everything else is as without ranges.
//
//===----------------------------------------------------------------------===//

#include "SmallTokenizers.h"
#include "TokenizerTesting.h"
#include <algorithm>

using namespace sinter;

namespace {

/// Encodes a text in which what stands between \x01 and \x02 is input.
Ids encodeMarked(const Compiled &compiled, const std::string &marked) {
  std::string plain;
  std::vector<text::TextRange> ranges;
  for (char c : marked) {
    if (c == 1)
      ranges.push_back({plain.size(), 0});
    else if (c == 2)
      ranges.back().end = plain.size();
    else
      plain += c;
  }
  text::Encoder encoder(compiled.tokenizer);
  EXPECT_EQ(encoder.encode(plain.data(), plain.size(), text::kParseSpecial,
                           ranges.data(), ranges.size()),
            text::Status::Ok);
  return Ids(encoder.ids(), encoder.ids() + encoder.count());
}

Ids bytesOf(const std::string &text) {
  Ids ids;
  for (char c : text)
    ids.push_back(static_cast<uint8_t>(c));
  return ids;
}

Ids operator+(Ids a, const Ids &b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::unique_ptr<Compiled> byteLevel() {
  SmallTokenizer small = byteLevelTokenizer({{"a", "b"}});
  small.added = R"([{"id":300,"content":"<x>","special":true},
    {"id":301,"content":"<xy>","special":true},
    {"id":302,"content":"[t]","special":false},
    {"id":303,"content":"y><x","special":true}])";
  return loadCompiled(compileTokenizerJson(small.json(), {}));
}

TEST(InputRanges, OnlyTheTemplatesTokens) {
  auto compiled = byteLevel();
  ASSERT_TRUE(compiled);
  EXPECT_EQ(encodeMarked(*compiled, "<x>c\1<x>\2<x>"),
            (Ids{300, 'c', '<', 'x', '>', 300}));
  EXPECT_EQ(encodeMarked(*compiled, "\1<x><x>\2"), bytesOf("<x><x>"));
  // Half and half is none.
  EXPECT_EQ(encodeMarked(*compiled, "<\1x\2>"), bytesOf("<x>"));
  EXPECT_EQ(encodeMarked(*compiled, "\1<x\2>"), bytesOf("<x>"));
  EXPECT_EQ(encodeMarked(*compiled, "<x\1>\2"), bytesOf("<x>"));
  EXPECT_EQ(encodeMarked(*compiled, "<x\1>\2<x>"), bytesOf("<x>") + Ids{300});
}

TEST(InputRanges, TheTemplatesTokenSurvivesWhatStandsBeforeIt) {
  auto compiled = byteLevel();
  ASSERT_TRUE(compiled);
  // "y><x" begins in the input and would swallow the "<x>" of the template.
  EXPECT_EQ(encodeMarked(*compiled, "\1y>\2<x>"), bytesOf("y>") + Ids{300});
  EXPECT_EQ(encodeMarked(*compiled, "y><x"), (Ids{303}));
}

TEST(InputRanges, OtherAddedTokensAreFoundEverywhere) {
  auto compiled = byteLevel();
  ASSERT_TRUE(compiled);
  EXPECT_EQ(encodeMarked(*compiled, "[t]\1[t]\2<x>"), (Ids{302, 302, 300}));
}

TEST(InputRanges, TextIsStillOnePiece) {
  auto compiled = byteLevel();
  ASSERT_TRUE(compiled);
  // The merge goes over the edge of the input.
  EXPECT_EQ(encodeMarked(*compiled, "a\1b\2"), (Ids{256}));
  EXPECT_EQ(encodeMarked(*compiled, "\1a\2b<x>\1a\2b"), (Ids{256, 300, 256}));
}

/// "<s>" and "</s>" are looked for after a space was put before every text and
/// spaces became "\u2581", as in old conversions of Llama.
std::unique_ptr<Compiled> normalizedSpecial() {
  SmallTokenizer small = characterTokenizer(
      {"\u2581", "<", "s", ">", "a", "\u2581a", "/", "\u2581<"},
      {{"\u2581", "a"}}, true);
  small.added = R"([{"id":0,"content":"<unk>","special":true},
    {"id":1,"content":"<s>","special":true,"normalized":true},
    {"id":2,"content":"</s>","special":true,"normalized":true}])";
  return loadCompiled(compileTokenizerJson(small.json(), {}));
}

size_t countOf(const Ids &ids, uint32_t id) {
  return static_cast<size_t>(std::count(ids.begin(), ids.end(), id));
}

TEST(InputRanges, TokensThatAreLookedForAfterNormalization) {
  auto compiled = normalizedSpecial();
  ASSERT_TRUE(compiled);
  Ids plain = compiled->encode("<s> a <s>", text::kParseSpecial);
  ASSERT_EQ(countOf(plain, 1), 2u);
  EXPECT_EQ(encodeMarked(*compiled, "<s> a <s>"), plain);
  EXPECT_EQ(encodeMarked(*compiled, "<s> \1a\2 <s>"), plain);
  // The space before a token's name may come from anybody.
  EXPECT_EQ(encodeMarked(*compiled, "<s>\1 a \2<s>"), plain);
  for (const char *text : {"<s> a \1<s>\2", "<s>\1 a <s>\2", "\1<s>\2 a <s>",
                           "<s> a <\1s\2>", "\1<s> a\2 <s>"}) {
    Ids ids = encodeMarked(*compiled, text);
    EXPECT_EQ(countOf(ids, 1), 1u) << text;
    EXPECT_EQ(ids.front() == 1, text[0] != 1) << text;
  }
  EXPECT_EQ(countOf(encodeMarked(*compiled, "\1<s> a <s>\2"), 1), 0u);
  // What a user writes does not change what the template's tokens are.
  Ids ids = encodeMarked(*compiled, "<s>\1a<s>a<s> <s>a\2 <s>");
  EXPECT_EQ(countOf(ids, 1), 2u);
}

} // namespace
