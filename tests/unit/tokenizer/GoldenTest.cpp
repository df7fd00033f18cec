//===- GoldenTest.cpp - Ids that independent tokenizers gave
//----------------===//
//
// Every case of the shared golden files for the vocabularies that lie beside
// them, in both directions. The number of cases is printed, so that a file that
// changed its shape cannot pass as zero cases.
//
//===------------------------------------------------------------------------===//

#include "TokenizerTesting.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace sinter;

namespace {

Ids idsOf(const json::Array &array) {
  Ids ids;
  for (const json::Value &value : array)
    ids.push_back(uint32_t(*value.getAsInteger()));
  return ids;
}

/// transformers' clean_up_tokenization, which these expected texts have been
/// through; our decoding does not do it (docs/formats/tokenizer.md).
std::string cleanedUp(std::string text) {
  const std::pair<StringRef, StringRef> rules[] = {
      {" .", "."},     {" ?", "?"},     {" !", "!"},   {" ,", ","},
      {" ' ", "'"},    {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"},
      {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto &[from, to] : rules)
    for (size_t at = 0; (at = text.find(from.str(), at)) != std::string::npos;)
      text.replace(at, from.size(), to.str());
  return text;
}

TEST(Golden, GoldenIdsSubset) {
  std::optional<std::string> file =
      sharedFile("tokenizers/golden-ids-subset.json");
  REQUIRE_SHARED(file);
  const std::pair<const char *, const char *> folders[] = {
      {"gpt2", "tokenizers/gpt2"},
      {"EleutherAI/gpt-neox-20b", "tokenizers/gpt-neox"},
      {"mistralai/Mistral-7B-v0.1", "tokenizers/mistral-v1"}};
  Expected<json::Value> root = json::parse(*file);
  ASSERT_TRUE(bool(root));
  size_t cases = 0;
  for (const auto &[name, folder] : folders) {
    std::unique_ptr<Compiled> compiled =
        StringRef(folder).ends_with("gpt-neox")
            ? loadCompiled(compileTokenizerJson(
                  *sharedFile("tokenizers/gpt-neox/20B_tokenizer.json"), {}))
            : sharedTokenizer(folder);
    ASSERT_TRUE(compiled);
    const json::Array *tests =
        root->getAsObject()->getObject("models")->getObject(name)->getArray(
            "tests");
    for (const json::Value &value : *tests) {
      const json::Object &test = *value.getAsObject();
      SCOPED_TRACE(std::string(name) + " " + test.getString("name")->str());
      StringRef input = *test.getString("input");
      Ids wanted = idsOf(*test.getArray("golden_ids"));
      unsigned flags = text::kParseSpecial;
      if (test.getBoolean("add_special_tokens").value_or(true))
        flags |= text::kAddSpecial;
      EXPECT_EQ(compiled->encode(input, flags), wanted);
      if (!input.contains("<s>") && !input.contains("</s>") &&
          !input.contains("<unk>"))
        EXPECT_EQ(compiled->decode(wanted), input);
      ++cases;
    }
  }
  std::printf("golden-ids-subset: %zu cases, both ways\n", cases);
  EXPECT_EQ(cases, 39u);
}

TEST(Golden, TransformersJsSubset) {
  std::optional<std::string> file =
      sharedFile("tokenizers/transformersjs-vectors-subset.json");
  REQUIRE_SHARED(file);
  Expected<json::Value> root = json::parse(*file);
  ASSERT_TRUE(bool(root));
  const std::tuple<const char *, const char *, const char *> models[] = {
      {"falcon", "tiiuae/falcon-7b", "tokenizers/falcon"},
      {"falcon", "tiiuae/falcon-rw-1b", "tokenizers/gpt2"},
      {"gpt2", "Xenova/gpt2", "tokenizers/gpt2"},
      {"gpt2", "openai-community/gpt2", "tokenizers/gpt2"},
      {"qwen2", "Xenova/Qwen1.5-0.5B-Chat", "tokenizers/qwen2"}};
  size_t cases = 0;
  for (const auto &[family, name, folder] : models) {
    std::unique_ptr<Compiled> compiled = sharedTokenizer(folder);
    ASSERT_TRUE(compiled);
    const json::Object *tests =
        root->getAsObject()->getObject(family)->getObject(name);
    ASSERT_TRUE(tests);
    for (const auto &[key, value] : *tests) {
      const json::Object &test = *value.getAsObject();
      SCOPED_TRACE(std::string(name) + " " + key.str());
      Ids wanted = idsOf(*test.getArray("ids"));
      StringRef text = *test.getString("text");
      EXPECT_EQ(compiled->encode(text), wanted);
      std::string decoded = compiled->decode(wanted);
      EXPECT_EQ(decoded, text);
      StringRef expected = *test.getString("decoded");
      EXPECT_EQ(expected == text ? decoded : cleanedUp(decoded), expected);
      ++cases;
    }
  }
  std::printf("transformersjs-vectors-subset: %zu cases, both ways\n", cases);
  EXPECT_EQ(cases, 116u);
}

TEST(Golden, LlamaCppGpt2) {
  std::optional<std::string> input = sharedFile("tokenizers/gpt2/llamacpp.inp");
  std::optional<std::string> output =
      sharedFile("tokenizers/gpt2/llamacpp.out");
  REQUIRE_SHARED(input && output);
  std::unique_ptr<Compiled> compiled = sharedTokenizer("tokenizers/gpt2");
  ASSERT_TRUE(compiled);
  const StringRef separator = "\n__ggml_vocab_test__\n";
  SmallVector<StringRef> texts, lines;
  StringRef(*input).split(texts, separator);
  StringRef(*output).split(lines, '\n');
  ASSERT_GE(lines.size(), texts.size());
  size_t cases = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    SCOPED_TRACE(i);
    SmallVector<StringRef> words;
    lines[i].split(words, ' ', -1, /*KeepEmpty=*/false);
    // The file ends with a separator; nothing follows it.
    if (i + 1 == texts.size() && texts[i].empty() && words.empty())
      break;
    Ids wanted;
    for (StringRef word : words) {
      uint32_t id = 0;
      ASSERT_FALSE(word.getAsInteger(10, id));
      wanted.push_back(id);
    }
    EXPECT_EQ(compiled->encode(texts[i]), wanted);
    EXPECT_EQ(compiled->decode(wanted), texts[i]);
    ++cases;
  }
  std::printf("gpt2/llamacpp: %zu cases, both ways\n", cases);
  EXPECT_GE(cases, 40u);
}

TEST(Golden, OracleIds) {
  auto file = MemoryBuffer::getFile(
      SINTER_SOURCE_DIR "/tests/unit/tokenizer/data/oracle-ids.json");
  ASSERT_TRUE(bool(file));
  Expected<json::Value> root = json::parse((*file)->getBuffer());
  ASSERT_TRUE(bool(root));
  REQUIRE_SHARED(sharedFile("tokenizers/gpt2/vocab.json"));
  size_t cases = 0;
  for (const json::Value &value : *root->getAsObject()->getArray("models")) {
    const json::Object &model = *value.getAsObject();
    std::string folder = model.getString("folder")->str();
    StringRef name = *model.getString("file");
    SCOPED_TRACE(folder);
    std::unique_ptr<Compiled> compiled =
        name.empty() ? sharedTokenizer(folder)
                     : loadCompiled(compileTokenizerJson(
                           *sharedFile(folder + "/" + name.str()), {}));
    ASSERT_TRUE(compiled);
    unsigned flags = *model.getBoolean("addSpecial")
                         ? text::kAddSpecial | text::kParseSpecial
                         : text::kParseSpecial;
    for (const json::Value &entry : *model.getArray("cases")) {
      const json::Object &test = *entry.getAsObject();
      SCOPED_TRACE(test.getString("text")->str());
      EXPECT_EQ(compiled->encode(*test.getString("text"), flags),
                idsOf(*test.getArray("ids")));
      ++cases;
    }
  }
  std::printf("oracle-ids: %zu cases\n", cases);
  EXPECT_EQ(cases, 227u);
}

} // namespace
