//===- PipelineTest.cpp - Each stage of the tokenizer, on small vocabularies
//===//
//
// Normalizers, pre-tokenizers, BPE, unigram, added tokens and templates with
// expected ids worked out by hand, and round trips of random text.
//
//===------------------------------------------------------------------------===//

#include "SmallTokenizers.h"
#include "TokenizerTesting.h"
#include <ctime>
#include <rapidcheck/gtest.h>

using namespace sinter;

namespace {

std::unique_ptr<Compiled> compile(const SmallTokenizer &small) {
  return loadCompiled(compileTokenizerJson(small.json(), {}));
}

TEST(Pipeline, LowestRankThenLeftmost) {
  auto compiled =
      compile(byteLevelTokenizer({{"b", "c"}, {"a", "b"}, {"a", "a"}}));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("abc"), (Ids{'a', 256}));
  EXPECT_EQ(compiled->encode("aaa"), (Ids{258, 'a'}));
  EXPECT_EQ(compiled->encode("aab"), (Ids{'a', 257}));
}

TEST(Pipeline, IgnoreMergesTakesWholeWords) {
  SmallTokenizer small = byteLevelTokenizer({{"a", "b"}});
  size_t at = small.model.find("\"ab\"");
  small.model.replace(at, 4, "\"abc\":257,\"ab\"");
  auto with = small;
  with.model.replace(1, 0, "\"ignore_merges\":true,");
  EXPECT_EQ(compile(small)->encode("abc"), (Ids{256, 'c'}));
  EXPECT_EQ(compile(with)->encode("abc"), (Ids{257}));
}

TEST(Pipeline, CharacterBpe) {
  auto compiled =
      compile(characterTokenizer({"\u2581", "a", "b", "\u2581a", "\u2581ab"},
                                 {{"\u2581", "a"}, {"\u2581a", "b"}}, true));
  ASSERT_TRUE(compiled);
  uint32_t base = 3 + 256;
  EXPECT_EQ(compiled->encode("ab ab"), (Ids{1, base + 4, base + 4}));
  EXPECT_EQ(compiled->encode("\u00E9"),
            (Ids{1, base, 3 + 0xC3, 3 + 0xA9})); // byte fallback
  EXPECT_EQ(compiled->encode(""), (Ids{1}));
  EXPECT_EQ(compiled->encode("ab", 0), (Ids{base + 4}));
}

TEST(Pipeline, UnknownCharactersFuse) {
  auto compiled = compile(characterTokenizer({"\u2581", "a"}, {}, false));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("axya", 0), (Ids{3, 4, 0, 4}));
}

TEST(Pipeline, SpecialTextOfAUserStaysText) {
  auto compiled = compile(characterTokenizer({"\u2581", "<", "s", ">", "<s"},
                                             {{"<", "s"}, {"<s", ">"}}, true));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("<s>", text::kParseSpecial), (Ids{1}));
  // Not even merges lead to the special token.
  uint32_t base = 3 + 256;
  EXPECT_EQ(compiled->encode("<s>", text::kEncodePlain),
            (Ids{base, base + 4, base + 3}));
  EXPECT_EQ(compiled->decode(compiled->encode("<s>", 0)), "<s>");
}

TEST(Pipeline, AddedTokenFlags) {
  SmallTokenizer small = byteLevelTokenizer();
  small.added =
      "[{\"id\":300,\"content\":\"<l>\",\"lstrip\":true,\"special\":true},"
      "{\"id\":301,\"content\":\"<r>\",\"rstrip\":true,\"special\":true},"
      "{\"id\":302,\"content\":\"word\",\"single_word\":true},"
      "{\"id\":303,\"content\":\"wordy\"},"
      "{\"id\":304,\"content\":\"  \"}]";
  auto compiled = compile(small);
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("a \t<l> b"), (Ids{'a', 300, ' ', 'b'}));
  EXPECT_EQ(compiled->encode("a <r> \n b"), (Ids{'a', ' ', 301, 'b'}));
  EXPECT_EQ(compiled->encode("word!"), (Ids{302, '!'}));
  EXPECT_EQ(compiled->encode("xword"), (Ids{'x', 'w', 'o', 'r', 'd'}));
  EXPECT_EQ(compiled->encode("wordy"), (Ids{303})); // the longest
  EXPECT_EQ(compiled->encode("a   b"), (Ids{'a', 304, ' ', 'b'}));
  EXPECT_EQ(compiled->encode("<r>   b", 0),
            (Ids{'<', 'r', '>', 304, ' ', 'b'}));
  EXPECT_EQ(compiled->id("wordy"), 303u);
  EXPECT_TRUE(compiled->tokenizer.isSpecial(300));
  EXPECT_FALSE(compiled->tokenizer.isSpecial(303));
  EXPECT_EQ(compiled->decode({304, 'a'}), "  a");
}

TEST(Pipeline, PrefixSpaceAndTemplate) {
  SmallTokenizer small = byteLevelTokenizer();
  small.preTokenizer = "{\"type\":\"ByteLevel\",\"add_prefix_space\":true}";
  small.added = "[{\"id\":300,\"content\":\"<b>\",\"special\":true},"
                "{\"id\":301,\"content\":\"<e>\",\"special\":true}]";
  small.postProcessor = "{\"type\":\"RobertaProcessing\",\"sep\":[\"<e>\",301],"
                        "\"cls\":[\"<b>\",300]}";
  auto compiled = compile(small);
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("a<b>b"),
            (Ids{300, ' ', 'a', 300, ' ', 'b', 301}));
}

TEST(Pipeline, DigitsPunctuationWhitespace) {
  SmallTokenizer small =
      byteLevelTokenizer({{"1", "2"}, {"!", "!"}, {"!!", "a"}, {"a", "1"}});
  auto split = [&](const std::string &first) {
    small.preTokenizer =
        "{\"type\":\"Sequence\",\"pretokenizers\":[" + first +
        ",{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":"
        "false}]}";
    return compile(small)->encode("!!a12 b");
  };
  EXPECT_EQ(split("{\"type\":\"Digits\",\"individual_digits\":true}"),
            (Ids{258, '1', '2', ' ', 'b'}));
  EXPECT_EQ(split("{\"type\":\"Digits\",\"individual_digits\":false}"),
            (Ids{258, 256, ' ', 'b'}));
  EXPECT_EQ(split("{\"type\":\"Punctuation\",\"behavior\":\"Isolated\"}"),
            (Ids{'!', '!', 'a', 256, ' ', 'b'}));
  EXPECT_EQ(split("{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"}"),
            (Ids{257, 'a', 256, ' ', 'b'}));
  EXPECT_EQ(split("{\"type\":\"WhitespaceSplit\"}"), (Ids{258, 256, 'b'}));
  EXPECT_EQ(split("{\"type\":\"Split\",\"pattern\":{\"String\":\"a\"},"
                  "\"behavior\":\"MergedWithNext\",\"invert\":false}"),
            (Ids{257, 'a', 256, ' ', 'b'}));
  EXPECT_EQ(split("{\"type\":\"Split\",\"pattern\":{\"String\":\"a\"},"
                  "\"behavior\":\"Removed\",\"invert\":false}"),
            (Ids{257, 256, ' ', 'b'}));
}

TEST(Pipeline, UnigramTakesTheBestPath) {
  auto compiled = compile(unigramTokenizer({{"\u2581", -3},
                                            {"a", -2},
                                            {"b", -2},
                                            {"ab", -5},
                                            {"\u2581ab", -3.5},
                                            {"aba", -3.25}}));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("ab"), (Ids{5}));       // -3.5 against -7
  EXPECT_EQ(compiled->encode("ab ab"), (Ids{5, 5})); // words apart
  EXPECT_EQ(compiled->encode("aba"), (Ids{5, 2}));   // -5.5 against -6.25
  EXPECT_EQ(compiled->encode("xyz"), (Ids{1, 0}));   // unknowns fuse
  EXPECT_EQ(compiled->decode({5, 5, 2}), "ab aba");
}

TEST(Pipeline, MetaspaceFirst) {
  SmallTokenizer small = unigramTokenizer({{"\u2581", -1}, {"a", -1}});
  small.preTokenizer = "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\","
                       "\"prepend_scheme\":\"first\",\"split\":false}";
  small.added = "[{\"id\":0,\"content\":\"<unk>\",\"special\":true}]";
  auto compiled = compile(small);
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("a<unk>a"), (Ids{1, 2, 0, 2}));
  EXPECT_EQ(compiled->encode(" a"), (Ids{1, 2}));
}

TEST(Pipeline, EndOfTextIds) {
  SmallTokenizer small = byteLevelTokenizer();
  TokenizerSideFiles side;
  side.tokenizerConfig =
      "{\"bos_token\":\"a\",\"eos_token\":{\"content\":\"b\"}}";
  side.generationConfig = "{\"eos_token_id\":[99,120]}";
  side.modelConfig = "{\"eos_token_id\":5}"; // the generation config goes first
  auto compiled = loadCompiled(compileTokenizerJson(small.json(), side));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->tokenizer.beginId(), uint32_t('a'));
  EXPECT_EQ(compiled->tokenizer.endId(), uint32_t('b'));
  EXPECT_TRUE(compiled->tokenizer.isEndOfText('b'));
  EXPECT_TRUE(compiled->tokenizer.isEndOfText(120));
  EXPECT_FALSE(compiled->tokenizer.isEndOfText(5));
}

TEST(Pipeline, SameInputSameBytes) {
  std::string json = byteLevelTokenizer({{"a", "b"}}).json();
  auto first = compileTokenizerJson(json, {});
  auto second = compileTokenizerJson(json, {});
  ASSERT_TRUE(bool(first) && bool(second));
  EXPECT_EQ(*first, *second);
}

TEST(Pipeline, EncoderIsReusable) {
  auto compiled = compile(byteLevelTokenizer({{"a", "b"}}));
  ASSERT_TRUE(compiled);
  text::Encoder encoder(compiled->tokenizer);
  for (int round = 0; round < 3; ++round) {
    std::string text(round == 1 ? 10000 : 2, 'a');
    ASSERT_EQ(encoder.encode(text.data(), text.size(), 0), text::Status::Ok);
    EXPECT_EQ(encoder.count(), text.size());
  }
  EXPECT_EQ(encoder.encode(nullptr, 1, 0), text::Status::BadArgument);
  EXPECT_EQ(encoder.encode(nullptr, 0, 0), text::Status::Ok);
}

/// Processor seconds to encode a megabyte of one character.
double secondsFor(const Compiled &compiled, const std::string &unit) {
  std::string text;
  while (text.size() < 1 << 20)
    text += unit;
  text::Encoder encoder(compiled.tokenizer);
  std::clock_t start = std::clock();
  EXPECT_EQ(encoder.encode(text.data(), text.size(), 0), text::Status::Ok);
  EXPECT_GT(encoder.count(), 0u);
  return double(std::clock() - start) / CLOCKS_PER_SEC;
}

TEST(Pipeline, OneMegabyteOfOneCharacterIsNotQuadratic) {
  SmallTokenizer nfc = byteLevelTokenizer({{"a", "a"}, {"aa", "aa"}});
  nfc.normalizer = "{\"type\":\"NFC\"}";
  std::vector<SmallTokenizer> kinds = {
      nfc,
      characterTokenizer({"\u2581", "a", "aa", "aaaa", "\u2581\u2581"},
                         {{"a", "a"}, {"aa", "aa"}, {"\u2581", "\u2581"}},
                         true),
      unigramTokenizer({{"\u2581", -1}, {"a", -1}, {"aaaa", -2}})};
  for (
      const char *pattern :
      {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"})
    kinds.push_back(byteLevelTokenizer({{"a", "a"}}, pattern));
  for (const SmallTokenizer &kind : kinds) {
    auto compiled = compile(kind);
    ASSERT_TRUE(compiled);
    for (const char *unit :
         {"a", " ", "\n", "'", "1", "\u0301", "\xFF", "\u4E00"}) {
      // A fraction of a second; 10^12 steps would take minutes.
      EXPECT_LT(secondsFor(*compiled, unit), 5) << unit;
    }
  }
}

RC_GTEST_PROP(Pipeline, ByteLevelKeepsEveryByte, (const std::string &text)) {
  static auto compiled = compile(byteLevelTokenizer(
      {{"a", "b"}, {"\u0120", "a"}, {"\u00C3", "\u00A9"}, {"ab", "ab"}}));
  std::string together;
  for (uint32_t id : compiled->encode(text, 0)) {
    text::Bytes piece = compiled->tokenizer.piece(id);
    together.append(piece.data, piece.data + piece.size);
  }
  RC_ASSERT(together == text);
}

/// A fine-tune that added tokens to the tokenizer but no rows to the embedding.
TEST(Pipeline, AddedTokensBeyondTheModel) {
  SmallTokenizer small = byteLevelTokenizer({{"a", "b"}});
  small.added =
      R"([{"id":257,"content":"<pad>","special":true},)"
      R"({"id":300,"content":"<x>"},{"id":5,"content":"\u0105","special":true}])";
  TokenizerSideFiles side;
  std::string remark;
  side.remark = &remark;
  side.modelVocabSize = 301;
  EXPECT_EQ(
      loadCompiled(compileTokenizerJson(small.json(), side))->encode("<pad>"),
      (Ids{257}));
  EXPECT_EQ(remark, "");
  side.modelVocabSize = 257;
  auto compiled = loadCompiled(compileTokenizerJson(small.json(), side));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("<pad>ab"), (Ids{'<', 'p', 'a', 'd', '>', 256}));
  EXPECT_NE(remark.find("2 added tokens ('<pad>', '<x>') beyond"),
            std::string::npos)
      << remark;
  // Where text begins with such a token the model cannot be meant.
  small.postProcessor =
      R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<pad>",)"
      R"("type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],)"
      R"("special_tokens":{"<pad>":{"id":"<pad>","ids":[257],"tokens":["<pad>"]}}})";
  EXPECT_NE(failure(compileTokenizerJson(small.json(), side))
                .find("exit 1: the tokenizer has the token id 300"),
            std::string::npos);
}

RC_GTEST_PROP(Pipeline, TextComesBack, ()) {
  static auto bytes = compile(byteLevelTokenizer({{"a", "b"}}));
  static auto pieces = compile(characterTokenizer(
      {"\u2581", "a", "b", "\u2581a"}, {{"\u2581", "a"}}, true));
  auto text = *rc::gen::map(
      rc::gen::container<std::vector<std::string>>(
          rc::gen::element<std::string>("a", "b", " ", "\n", "\u00E9", "\u4F60",
                                        "\U0001F600", "'s", "1",
                                        std::string(1, '\0'), "\u0301")),
      [](const std::vector<std::string> &parts) {
        std::string whole;
        for (const std::string &part : parts)
          whole += part;
        return whole;
      });
  RC_ASSERT(bytes->decode(bytes->encode(text)) == text);
  RC_ASSERT(pieces->decode(pieces->encode(text)) == text);
}

} // namespace
