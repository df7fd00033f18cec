//===- MalformedJsonTest.cpp - Damaged and unknown tokenizers
//---------------===//
//
// Faults 17 and 18 of the fault list: what is wrong is an input error (exit 1)
// that names it, what is unknown is unsupported (exit 3) and named; nothing
// falls back silently, nothing crashes.
//
//===------------------------------------------------------------------------===//

#include "SmallTokenizers.h"
#include "TokenizerTesting.h"
#include <rapidcheck/gtest.h>

using namespace sinter;

namespace {

std::string fails(const std::string &json, uint32_t modelVocabSize = 0) {
  TokenizerSideFiles side;
  side.modelVocabSize = modelVocabSize;
  return failure(compileTokenizerJson(json, side));
}

/// The failure must have this exit code and contain this text.
void expectFailure(const std::string &message, int code,
                   const std::string &part) {
  std::string start = "exit " + std::to_string(code) + ": ";
  EXPECT_EQ(message.substr(0, start.size()), start) << message;
  EXPECT_NE(message.find(part), std::string::npos)
      << message << "\nlacks: " << part;
}

std::string replaced(std::string text, const std::string &from,
                     const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(MalformedJson, Merges) {
  std::string good = byteLevelTokenizer({{"a", "b"}}).json();
  ASSERT_EQ(fails(good), "");
  expectFailure(fails(replaced(good, "[\"a\",\"b\"]", "[\"a\",\"zz\"]")), 1,
                "merge 0 needs the token 'zz'");
  expectFailure(fails(replaced(good, "[\"a\",\"b\"]", "[\"a\",\"c\"]")), 1,
                "merge 0 needs the token 'ac'");
  expectFailure(fails(replaced(good, "[\"a\",\"b\"]", "[\"\",\"a\"]")), 1,
                "cycle");
  expectFailure(fails(replaced(good, "[\"a\",\"b\"]", "\"ab\"")), 1,
                "not two tokens");
  expectFailure(fails(replaced(good, "[\"a\",\"b\"]", "\"a b c\"")), 1,
                "not two tokens");
  expectFailure(fails(replaced(good, "[\"a\",\"b\"]", "[\"a\"]")), 1,
                "not a pair");
  expectFailure(fails(replaced(good, "[\"a\",\"b\"]", "7")), 1, "not a pair");
  EXPECT_EQ(fails(replaced(good, "[\"a\",\"b\"]", "\"a b\"")), "");
}

TEST(MalformedJson, Ids) {
  std::string good = byteLevelTokenizer({{"a", "b"}}).json();
  expectFailure(fails(replaced(good, "\"ab\":256", "\"ab\":5")), 1,
                "the id 5 is given twice");
  expectFailure(fails(replaced(good, "\"ab\":256", "\"ab\":-1")), 1,
                "not a number that can be an id");
  expectFailure(fails(replaced(good, "\"ab\":256", "\"ab\":70000")), 1,
                "ids must be below");
  expectFailure(fails(replaced(good, "\"ab\":256", "\"ab\":1e300")), 1, "id");
  expectFailure(fails(replaced(good, "\"ab\":256", "\"ab\":\"x\"")), 1, "id");
  expectFailure(fails(replaced(good, "\"ab\":256", "\"a\":256")), 1, "a");
  EXPECT_EQ(fails(good, 257), "");
  expectFailure(fails(good, 256), 1, "the token id 256");
}

TEST(MalformedJson, AddedTokens) {
  SmallTokenizer small = byteLevelTokenizer();
  auto with = [&](const std::string &added) {
    small.added = added;
    return fails(small.json());
  };
  EXPECT_EQ(with("null"), "");
  expectFailure(with("[{\"id\":5,\"content\":\"new\"}]"), 1, "given twice");
  expectFailure(with("[{\"id\":300,\"content\":\"a\"}]"), 1,
                "the vocabulary gives it 97");
  expectFailure(with("[{\"id\":300,\"content\":\"\"}]"), 1, "no text");
  expectFailure(with("[{\"content\":\"x\"}]"), 1, "no id");
  expectFailure(with("[{\"id\":300}]"), 1, "no \"content\"");
  expectFailure(with("[7]"), 1, "no id");
  expectFailure(with("{}"), 1, "not a list");
  expectFailure(with("[{\"id\":99999999,\"content\":\"x\"}]"), 1, "range");
}

TEST(MalformedJson, UnknownRegexIsNamed) {
  SmallTokenizer small = byteLevelTokenizer({}, "\\d+|unheard of");
  expectFailure(fails(small.json()), 3, "\\d+|unheard of");
  small = byteLevelTokenizer();
  small.preTokenizer = "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"x\"}}";
  expectFailure(fails(small.json()), 3, "regular expression");
}

TEST(MalformedJson, UnknownPartsAreNamed) {
  const SmallTokenizer good = byteLevelTokenizer();
  struct {
    std::string SmallTokenizer::*part;
    const char *json;
    const char *named;
  } cases[] = {
      {&SmallTokenizer::normalizer, "{\"type\":\"Lowercase\"}", "Lowercase"},
      {&SmallTokenizer::normalizer, "{\"type\":\"NFKC\"}", "NFKC"},
      {&SmallTokenizer::normalizer,
       "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"a+\"},\"content\":\"\"}",
       "a+"},
      {&SmallTokenizer::preTokenizer, "{\"type\":\"BertPreTokenizer\"}",
       "BertPreTokenizer"},
      {&SmallTokenizer::preTokenizer,
       "{\"type\":\"Punctuation\",\"behavior\":\"Sideways\"}", "Sideways"},
      {&SmallTokenizer::postProcessor, "{\"type\":\"Magic\"}", "Magic"},
      {&SmallTokenizer::decoder, "{\"type\":\"WordPiece\"}", "WordPiece"},
      {&SmallTokenizer::decoder, "", "no decoder"},
      {&SmallTokenizer::model, "{\"type\":\"WordPiece\",\"vocab\":{}}",
       "WordPiece"},
      {&SmallTokenizer::model,
       "{\"type\":\"BPE\",\"dropout\":0.1,\"vocab\":{},\"merges\":[]}",
       "dropout"},
      {&SmallTokenizer::model,
       "{\"type\":\"BPE\",\"end_of_word_suffix\":\"</w>\",\"vocab\":{},"
       "\"merges\":[]}",
       "end_of_word_suffix"},
  };
  for (const auto &[part, json, named] : cases) {
    SmallTokenizer small = good;
    small.*part = json;
    expectFailure(fails(small.json()), 3, named);
  }
}

TEST(MalformedJson, BrokenParts) {
  const SmallTokenizer good = unigramTokenizer({{"a", -1}});
  struct {
    std::string SmallTokenizer::*part;
    const char *json;
  } cases[] = {
      {&SmallTokenizer::model, "7"},
      {&SmallTokenizer::model, "{\"type\":\"BPE\"}"},
      {&SmallTokenizer::model, "{\"type\":\"BPE\",\"vocab\":[]}"},
      {&SmallTokenizer::model,
       "{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":3}"},
      {&SmallTokenizer::model,
       "{\"type\":\"BPE\",\"unk_token\":\"x\",\"vocab\":{},\"merges\":[]}"},
      {&SmallTokenizer::model, "{\"type\":\"Unigram\",\"vocab\":[]}"},
      {&SmallTokenizer::model, "{\"type\":\"Unigram\",\"vocab\":[[\"a\"]]}"},
      {&SmallTokenizer::model,
       "{\"type\":\"Unigram\",\"vocab\":[[\"a\",1e99]]}"},
      {&SmallTokenizer::model,
       "{\"type\":\"Unigram\",\"unk_id\":9,\"vocab\":[[\"a\",0]]}"},
      {&SmallTokenizer::normalizer, "7"},
      {&SmallTokenizer::normalizer, "{\"type\":\"Sequence\"}"},
      {&SmallTokenizer::normalizer,
       "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"*\"}"},
      {&SmallTokenizer::normalizer,
       "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}"},
      {&SmallTokenizer::postProcessor,
       "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{"
       "\"id\":\"x\"}}]}"},
      {&SmallTokenizer::postProcessor,
       "{\"type\":\"BertProcessing\",\"sep\":[\"a\",99],\"cls\":[\"a\",1]}"},
  };
  for (const auto &[part, json] : cases) {
    SmallTokenizer small = good;
    small.*part = json;
    expectFailure(fails(small.json()), 1, "");
  }
}

TEST(MalformedJson, NotJson) {
  expectFailure(fails(""), 1, "tokenizer.json");
  expectFailure(fails("[]"), 1, "not a JSON object");
  expectFailure(fails("{}"), 1, "model");
  expectFailure(fails(std::string(5000000, '[')), 1, "tokenizer.json");
  expectFailure(fails("{\"model\":{\"vocab\":{\"\\ud800\":1}}}"), 1,
                "tokenizer.json");
  expectFailure(fails("{\"a\":1,\"a\":2}"), 1, "a");
}

TEST(MalformedJson, Truncated) {
  std::string json =
      characterTokenizer({"a", "b", "ab"}, {{"a", "b"}}, false).json();
  ASSERT_EQ(fails(json), "");
  for (size_t size = 0; size < json.size(); ++size)
    expectFailure(fails(json.substr(0, size)), 1, "");
}

RC_GTEST_PROP(MalformedJson, ChangedBytesNeverCrash, ()) {
  static const std::string json =
      characterTokenizer({"a", "b", "ab"}, {{"a", "b"}}, false).json();
  std::string changed = json;
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i)
    changed[*rc::gen::inRange<size_t>(0, json.size())] =
        *rc::gen::oneOf(rc::gen::arbitrary<char>(),
                        rc::gen::element('"', '{', '}', '[', ']', ',', '0'));
  std::string message = fails(changed);
  RC_ASSERT(message.empty() || message.substr(0, 7) == "exit 1:" ||
            message.substr(0, 7) == "exit 3:");
}

TEST(MalformedVocab, VocabAndMerges) {
  auto run = [](const std::string &vocab, const std::string &merges,
                const std::string &config = "") {
    TokenizerSideFiles side;
    side.tokenizerConfig = config;
    return failure(compileVocabAndMerges(vocab, merges, side));
  };
  const std::string vocab = "{\"a\":0,\"b\":1,\"ab\":2}";
  EXPECT_EQ(run(vocab, "#version: 0.2\na b\n"), "");
  EXPECT_EQ(run(vocab, "a b\r\n\r\n"), "");
  expectFailure(run(vocab, "a b\nab"), 1, "line 2");
  expectFailure(run(vocab, "a c"), 1, "'c'");
  expectFailure(run("{\"a\":0,\"b\":0}", ""), 1, "given twice");
  expectFailure(run("{\"a\":true}", ""), 1, "vocab.json");
  expectFailure(run(vocab, "", "{\"tokenizer_class\":\"OddTokenizer\"}"), 3,
                "OddTokenizer");
  expectFailure(run(vocab, "", "{\"added_tokens_decoder\":{\"x\":{}}}"), 1,
                "added_tokens_decoder");
}

} // namespace
