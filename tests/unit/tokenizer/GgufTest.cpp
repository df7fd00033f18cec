//===- GgufTest.cpp - Tokenizers from GGUF metadata
//-------------------------===//
//
// The real file of the shared data, its twin in llama2.c form, GPT-2's
// vocabulary as GGUF would carry it, and metadata that must be refused.
//
//===------------------------------------------------------------------------===//

#include "TokenizerTesting.h"
#include "compiler/import/gguf/TokenizerMetadata.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"

using namespace llvm;
using namespace sinter;

namespace {

GgufTokenizer scored() {
  GgufTokenizer gguf;
  gguf.model = "llama";
  gguf.tokens = {"<unk>", "<s>", "</s>", "\u2581", "a", "b", "ab", "QQ"};
  gguf.scores = {0, 0, 0, -1, -2, -2, -3, 0};
  gguf.types = {2, 3, 3, 1, 1, 1, 1, 4};
  return gguf;
}

GgufTokenizer merged() {
  GgufTokenizer gguf;
  gguf.model = "gpt2";
  gguf.pre = "gpt-2";
  gguf.tokens = {"a", "b", "\u0120", "ab", "<|end|>"};
  gguf.types = {1, 1, 1, 1, 3};
  gguf.merges = {"a b"};
  return gguf;
}

TEST(Gguf, Scored) {
  auto compiled = loadCompiled(compileGgufTokenizer(scored()));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("ab a"), (Ids{1, 3, 6, 3, 4}));
  EXPECT_EQ(compiled->encode("aQQ<s>a"), (Ids{1, 3, 4, 7, 1, 3, 4}));
  EXPECT_EQ(compiled->decode({1, 3, 6, 3, 4}), "ab a");
  GgufTokenizer bare = scored();
  bare.addBos = false;
  bare.addSpacePrefix = false;
  bare.addEos = true;
  EXPECT_EQ(loadCompiled(compileGgufTokenizer(bare))->encode("ab"),
            (Ids{6, 2}));
}

TEST(Gguf, Merged) {
  GgufTokenizer gguf = merged();
  gguf.eosId = 4;
  auto compiled = loadCompiled(compileGgufTokenizer(gguf));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("ab a<|end|>"), (Ids{3, 2, 0, 4}));
  EXPECT_TRUE(compiled->tokenizer.isEndOfText(4));
  EXPECT_EQ(compiled->encode("<|end|>", 0), (Ids{})); // no such characters
}

TEST(Gguf, Refused) {
  auto fails = [](const GgufTokenizer &gguf) {
    return failure(compileGgufTokenizer(gguf));
  };
  GgufTokenizer gguf = merged();
  gguf.pre = "odd-bpe";
  EXPECT_EQ(fails(gguf), "exit 3: the tokenizer's way of splitting text, "
                         "tokenizer.ggml.pre 'odd-bpe', is not supported");
  gguf.pre = "";
  EXPECT_NE(fails(gguf).find("exit 3: "), std::string::npos);
  gguf.pre = "default";
  EXPECT_NE(fails(gguf).find("exit 3: "), std::string::npos);
  gguf = merged();
  gguf.model = "bert";
  EXPECT_NE(fails(gguf).find("'bert'"), std::string::npos);
  gguf = merged();
  gguf.merges = {"a c"};
  EXPECT_NE(fails(gguf).find("exit 1: merge 0"), std::string::npos);
  gguf.merges = {"ab"};
  EXPECT_NE(fails(gguf).find("exit 1: "), std::string::npos);
  gguf.merges = {};
  EXPECT_NE(fails(gguf).find("exit 1: "), std::string::npos);
  gguf = merged();
  gguf.eosId = 5;
  EXPECT_NE(fails(gguf).find("exit 1: special token id 5"), std::string::npos);
  gguf = scored();
  gguf.scores.pop_back();
  EXPECT_NE(fails(gguf).find("exit 1: "), std::string::npos);
  gguf = scored();
  gguf.types[4] = 9;
  EXPECT_NE(fails(gguf).find("exit 1: "), std::string::npos);
  gguf = scored();
  gguf.tokens[4] = "b";
  EXPECT_NE(fails(gguf).find("given twice"), std::string::npos);
  gguf = GgufTokenizer();
  gguf.model = "llama";
  EXPECT_NE(fails(gguf).find("exit 1: "), std::string::npos);
}

TEST(Gguf, Gpt2VocabularyGivesTheSameIds) {
  std::optional<std::string> vocabText =
      sharedFile("tokenizers/gpt2/vocab.json");
  std::optional<std::string> mergesText =
      sharedFile("tokenizers/gpt2/merges.txt");
  REQUIRE_SHARED(vocabText && mergesText);
  GgufTokenizer gguf;
  gguf.model = "gpt2";
  gguf.pre = "gpt-2";
  json::Value vocab = cantFail(json::parse(*vocabText));
  gguf.tokens.resize(vocab.getAsObject()->size());
  for (const auto &[key, value] : *vocab.getAsObject())
    gguf.tokens[size_t(*value.getAsInteger())] = key;
  SmallVector<StringRef> lines;
  StringRef(*mergesText).split(lines, '\n', -1, false);
  gguf.merges.assign(lines.begin() + 1, lines.end());
  auto fromGguf = loadCompiled(compileGgufTokenizer(gguf));
  auto fromFiles = sharedTokenizer("tokenizers/gpt2");
  ASSERT_TRUE(fromGguf && fromFiles);
  for (StringRef text : {"Hello, world! It's 2024.", "  x\n\n\ty", "日本 é"})
    EXPECT_EQ(fromGguf->encode(text), fromFiles->encode(text));
}

/// A file from before tokenizer.ggml.pre says nothing about splitting.
TEST(Gguf, WithoutPre) {
  GgufTokenizer gguf = merged();
  gguf.pre = "";
  EXPECT_NE(failure(compileGgufTokenizer(gguf)).find("exit 3: "),
            std::string::npos);
  gguf.architecture = "llama"; // several vocabularies
  EXPECT_NE(failure(compileGgufTokenizer(gguf)).find("exit 3: "),
            std::string::npos);
  gguf.architecture = "phi2";
  std::string remark;
  auto compiled = loadCompiled(compileGgufTokenizer(gguf, 0, &remark));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->encode("ab a"), (Ids{3, 2, 0}));
  EXPECT_NE(remark.find("taken to be that of phi2"), std::string::npos);
}

/// The vocabulary of a tokenizer.json as GGUF would carry it; `texts` holds
/// what the views point to.
GgufTokenizer asGguf(const json::Object &root,
                     std::vector<std::string> &texts) {
  const json::Object &model = *root.getObject("model");
  const json::Object &vocab = *model.getObject("vocab");
  const json::Array &merges = *model.getArray("merges");
  const json::Array &added = *root.getArray("added_tokens");
  size_t count = vocab.size();
  for (const json::Value &token : added)
    count = std::max<size_t>(
        count, size_t(*token.getAsObject()->getInteger("id")) + 1);
  texts.resize(count);
  GgufTokenizer gguf;
  gguf.model = "gpt2";
  gguf.types.assign(count, 5);
  for (const auto &[key, value] : vocab) {
    texts[size_t(*value.getAsInteger())] = key.str();
    gguf.types[size_t(*value.getAsInteger())] = 1;
  }
  for (const json::Value &value : added) {
    const json::Object &token = *value.getAsObject();
    auto id = size_t(*token.getInteger("id"));
    texts[id] = token.getString("content")->str();
    gguf.types[id] = token.getBoolean("special").value_or(false) ? 3 : 4;
  }
  for (size_t id = 0; id < count; ++id)
    if (texts[id].empty())
      texts[id] = "[PAD" + std::to_string(id) + "]";
  gguf.tokens.assign(texts.begin(), texts.end());
  for (const json::Value &merge : merges)
    gguf.merges.push_back(*merge.getAsString());
  return gguf;
}

/// Each `pre` of a vocabulary that we have splits as its tokenizer.json says.
TEST(Gguf, PreSplitsAsTheTokenizerItself) {
  const std::tuple<const char *, const char *, const char *> cases[] = {
      {"falcon/tokenizer.json", "falcon", "falcon"},
      {"phi-2/tokenizer.json", "phi-2", "phi2"},
      {"gpt-neox/20B_tokenizer.json", "mpt", "gptneox"},
      {"smollm2/tokenizer.json", "smollm", ""}};
  std::optional<std::string> corpus =
      sharedFile("tokenizers/gpt2/llamacpp.inp");
  REQUIRE_SHARED(corpus);
  SmallVector<StringRef> lines;
  StringRef(*corpus).split(lines, "\n__ggml_vocab_test__\n");
  for (const auto &[file, pre, architecture] : cases) {
    SCOPED_TRACE(file);
    std::string text = *sharedFile(std::string("tokenizers/") + file);
    json::Value root = cantFail(json::parse(text));
    std::vector<std::string> texts;
    GgufTokenizer gguf = asGguf(*root.getAsObject(), texts);
    gguf.pre = pre;
    auto own = loadCompiled(compileTokenizerJson(text, {}));
    auto named = loadCompiled(compileGgufTokenizer(gguf));
    gguf.pre = "";
    gguf.architecture = architecture;
    auto unnamed = *architecture ? loadCompiled(compileGgufTokenizer(gguf))
                                 : std::unique_ptr<Compiled>();
    ASSERT_TRUE(own && named && (unnamed || !*architecture));
    for (StringRef line : lines) {
      Ids wanted = own->encode(line, text::kParseSpecial);
      EXPECT_EQ(named->encode(line, text::kParseSpecial), wanted) << line.str();
      if (unnamed)
        EXPECT_EQ(unnamed->encode(line, text::kParseSpecial), wanted);
    }
  }
}

/// llama2.c's tokenizer.bin: u32 longest, then per token f32 score, u32 size,
/// bytes. Its byte tokens and U+2581 are written as their text.
std::vector<std::string> llama2cPieces(StringRef file) {
  std::vector<std::string> pieces;
  file = file.drop_front(4);
  while (file.size() >= 8) {
    uint32_t size = support::endian::read32le(file.data() + 4);
    pieces.push_back(file.substr(8, size).str());
    file = file.drop_front(std::min<size_t>(file.size(), 8 + size));
  }
  return pieces;
}

TEST(Gguf, Stories260k) {
  std::optional<std::string> text =
      sharedFile("models/stories260k/EXPECTED-greedy.txt");
  REQUIRE_SHARED(text);
  auto file = GgufFile::open(sharedPath("models/stories260k/stories260K.gguf"));
  ASSERT_TRUE(bool(file)) << toString(file.takeError());
  auto &source = static_cast<const GgufFile &>(**file);
  Expected<GgufTokenizer> gguf = readTokenizer(source);
  ASSERT_TRUE(bool(gguf));
  auto compiled = loadCompiled(compileGgufTokenizer(*gguf, 512));
  ASSERT_TRUE(compiled);
  Ids ids = compiled->encode(*text);
  EXPECT_EQ(ids.front(), 1u);
  EXPECT_EQ(compiled->decode(ids), *text);
  // The prompt as llama2.c's own encoder has it.
  EXPECT_EQ(compiled->encode("Once upon a time"), (Ids{1, 403, 407, 261, 378}));

  std::vector<std::string> pieces =
      llama2cPieces(*sharedFile("models/stories260k/tok512.bin"));
  ASSERT_EQ(pieces.size(), 512u);
  for (uint32_t id = 259; id < 512; ++id) {
    text::Detokenizer stream(compiled->tokenizer);
    stream.reset(/*continuation=*/true);
    uint8_t out[128];
    size_t written;
    ASSERT_EQ(stream.push(id, out, sizeof(out), written), text::Status::Ok);
    EXPECT_EQ(std::string(out, out + written), pieces[id]) << id;
  }
}

TEST(Gguf, TinyStoriesFolder) {
  auto compiled = sharedTokenizer("models/tinystories-656k");
  REQUIRE_SHARED(compiled);
  EXPECT_EQ(compiled->tokenizer.beginId(), 1u);
  EXPECT_TRUE(compiled->tokenizer.isEndOfText(2));
  const std::string text =
      "Once upon a time, there was a dragon. \"Hi!\" it said.";
  Ids ids = compiled->encode(text);
  EXPECT_EQ(ids.front(), 1u);
  EXPECT_EQ(compiled->decode(ids), text);
}

TEST(Folder, WithoutATokenizer) {
  EXPECT_EQ(failure(compileTokenizerFolder("/nonexistent")).substr(0, 7),
            "exit 1:");
}

} // namespace
