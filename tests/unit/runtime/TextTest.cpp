// TextTest.cpp: text through the C interface: tokenize, detokenize, streams,
// and generation with text, stop strings and reused prompts.
#include "ApiTesting.h"
#include "AsciiTokenizer.h"

using namespace sinter;
using namespace sinter::toy;

namespace {

/// The same codes as a SentencePiece vocabulary; "z" has a leading space.
std::vector<uint8_t> pieceTokenizer() {
  std::string vocab = "\"<|end|>\":3,\"\u2581\":32,\"\u2581z\":122";
  for (int c = 'A'; c < 'z'; ++c)
    if (std::isalpha(c))
      vocab += ",\"" + std::string(1, char(c)) + "\":" + std::to_string(c);
  auto bytes = compileTokenizerJson(
      R"({"added_tokens":[{"id":3,"content":"<|end|>","special":true}],
      "decoder":{"type":"Sequence","decoders":[
        {"type":"Replace","pattern":{"String":"\u2581"},"content":" "},
        {"type":"Strip","content":" ","start":1,"stop":0}]},
      "model":{"type":"BPE","vocab":{)" +
          vocab + R"(},"merges":[]}})",
      TokenizerSideFiles());
  if (!bytes) {
    ADD_FAILURE() << llvm::toString(bytes.takeError());
    return {};
  }
  return *bytes;
}

ToyOptions withText() {
  ToyOptions options;
  options.tokenizer = asciiTokenizer();
  return options;
}

std::vector<int32_t> codes(const std::string &text) {
  return {text.begin(), text.end()};
}

TEST(Text, TokenizeAndBack) {
  Opened opened(withText());
  Error error;
  EXPECT_EQ(opened.model.info().has_tokenizer, 1);
  EXPECT_EQ(opened.model.tokenize("Hi you", 0, error), codes("Hi you"));
  EXPECT_FALSE(error) << error.message();
  EXPECT_EQ(opened.model.tokenize("é", 0, error), (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(
      opened.model.tokenize("a<|end|>", SINTER_TOKENIZE_PARSE_SPECIAL, error),
      (std::vector<int32_t>{'a', 3}));
  EXPECT_EQ(opened.model.tokenize("a<|end|>", 0, error), codes("a<|end|>"));
  EXPECT_EQ(opened.model.detokenize({'a', 1, 2, 3}, false, error), "aé");
  EXPECT_EQ(opened.model.detokenize({'a', 3}, true, error), "a<|end|>");
  EXPECT_EQ(opened.model.tokenize("", 0, error), std::vector<int32_t>());
  std::string large(100000, 'x');
  EXPECT_EQ(opened.model.tokenize(large, 0, error).size(), large.size());
  EXPECT_EQ(opened.model.detokenize(codes(large), false, error), large);
}

TEST(Text, SmallBuffers) {
  Opened opened(withText());
  Error error;
  size_t count = 0;
  int32_t tokens[2];
  EXPECT_EQ(sinter_tokenize(opened.model.get(), "abc", 3, 0, tokens, 2, &count,
                            error.raw()),
            SINTER_BUFFER_TOO_SMALL);
  EXPECT_EQ(count, 3u);
  EXPECT_EQ(sinter_tokenize(opened.model.get(), "abc", 3, 0, nullptr, 0, &count,
                            error.raw()),
            SINTER_BUFFER_TOO_SMALL);
  EXPECT_EQ(sinter_tokenize(opened.model.get(), "abc", 3, 99, tokens, 2, &count,
                            error.raw()),
            SINTER_INVALID_ARGUMENT);
  int32_t three[] = {'a', 'b', 'c'};
  char text[2];
  EXPECT_EQ(sinter_detokenize(opened.model.get(), three, 3, 0, text, 2, &count,
                              error.raw()),
            SINTER_BUFFER_TOO_SMALL);
  EXPECT_EQ(count, 3u);
}

TEST(Text, StreamKeepsCharactersWhole) {
  Opened opened(withText());
  Error error;
  sinter_text_stream *stream = nullptr;
  ASSERT_EQ(
      sinter_text_stream_create(opened.model.get(), 0, &stream, error.raw()),
      SINTER_OK)
      << error.message();
  EXPECT_EQ(sinter_model_close(opened.model.get()), SINTER_BUSY);
  const char *text = nullptr;
  size_t bytes = 0;
  auto push = [&](int32_t token) {
    EXPECT_EQ(sinter_text_stream_push(stream, token, &text, &bytes), SINTER_OK);
    return std::string(text, bytes);
  };
  EXPECT_EQ(push('a'), "a");
  EXPECT_EQ(push(1), "");
  EXPECT_EQ(push(2), "é");
  EXPECT_EQ(push(1), "");
  EXPECT_EQ(sinter_text_stream_finish(stream, &text, &bytes), SINTER_OK);
  EXPECT_EQ(std::string(text, bytes), "\xef\xbf\xbd");
  EXPECT_EQ(sinter_text_stream_destroy(stream), SINTER_OK);
  EXPECT_EQ(sinter_text_stream_push(stream, 1, &text, &bytes),
            SINTER_INVALID_HANDLE);
}

/// The model says a fixed text: each token's logit is the largest at its place,
/// because the bias is chosen so that one token always wins.
ToyOptions alwaysSays(char c) {
  ToyOptions options = withText();
  options.bias[size_t(c)] = 10000;
  return options;
}

struct Heard {
  std::string text;
  int tokens = 0, flushes = 0;
  sinter_generate_result result;
  Error error;
};

Heard generate(Opened &opened, sinter_generate_params params) {
  Heard heard;
  Session session = opened.session();
  heard.result = session.generate(
      params,
      [&](int32_t token, std::string_view text) {
        (token >= 0 ? heard.tokens : heard.flushes)++;
        heard.text += text;
        return true;
      },
      heard.error);
  return heard;
}

sinter_generate_params say(const char *prompt, uint32_t count) {
  sinter_generate_params params = SINTER_GENERATE_PARAMS_INIT;
  params.prompt_text = prompt;
  params.prompt_text_bytes = strlen(prompt);
  params.max_tokens = count;
  return params;
}

TEST(Text, GenerateText) {
  Opened opened(alwaysSays('z'));
  Heard heard = generate(opened, say("Once", 5));
  ASSERT_FALSE(heard.error) << heard.error.message();
  EXPECT_EQ(heard.text, "zzzzz");
  EXPECT_EQ(heard.tokens, 5);
  EXPECT_EQ(heard.flushes, 0);
  EXPECT_EQ(heard.result.prompt_tokens, 4u);
}

TEST(Text, GeneratedTextGoesOnFromThePrompt) {
  ToyOptions options = alwaysSays('z');
  options.tokenizer = pieceTokenizer();
  Opened opened(options);
  EXPECT_EQ(generate(opened, say("Once", 2)).text, " z z");
  sinter_generate_params params = say("", 2);
  int32_t end = 3;
  params.prompt_text = nullptr;
  params.prompt_tokens = &end;
  params.prompt_token_count = 1;
  EXPECT_EQ(generate(opened, params).text, "z z"); // a text of its own
}

TEST(Text, StopStrings) {
  Opened opened(alwaysSays('z'));
  sinter_generate_params params = say("Once", 50);
  const char *stops[] = {"qq", "zzz"};
  params.stop_strings = stops;
  params.stop_string_count = 2;
  Heard heard = generate(opened, params);
  ASSERT_FALSE(heard.error) << heard.error.message();
  EXPECT_EQ(heard.text, "");
  EXPECT_EQ(heard.tokens, 3);
  EXPECT_EQ(heard.result.finish_reason, SINTER_FINISH_STOP_STRING);
  EXPECT_EQ(heard.result.stop_string, 1);
  // What was held back comes at the end when the stop string does not.
  stops[1] = "zzzzz!";
  params.max_tokens = 7;
  heard = generate(opened, params);
  EXPECT_EQ(heard.text, "zzzzzzz");
  EXPECT_EQ(heard.tokens, 7);
  EXPECT_EQ(heard.flushes, 1);
  EXPECT_EQ(heard.result.finish_reason, SINTER_FINISH_LENGTH);
  stops[0] = "";
  EXPECT_EQ(generate(opened, params).error.code(), SINTER_INVALID_ARGUMENT);
}

TEST(Text, IncompleteCharacterAtTheEnd) {
  ToyOptions options = withText();
  options.bias[1] = 10000; // half of "é", again and again
  Opened opened(options);
  Heard heard = generate(opened, say("Once", 2));
  EXPECT_EQ(heard.text, "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(heard.flushes, 1);
}

TEST(Text, PromptLongerThanContext) {
  Opened opened(withText());
  std::string prompt(65, 'a');
  Heard heard = generate(opened, say(prompt.c_str(), 5));
  EXPECT_EQ(heard.error.code(), SINTER_CONTEXT_FULL);
}

TEST(Text, DamagedTokenizer) {
  ToyOptions options = withText();
  options.tokenizer.resize(options.tokenizer.size() / 2);
  ToyBundle bundle(options);
  Error error;
  Model model = Model::open(bundle.dir().c_str(), error);
  EXPECT_FALSE(model);
  EXPECT_EQ(error.code(), SINTER_CORRUPT);
  EXPECT_NE(std::string(error.message()).find("tokenizer.bin"),
            std::string::npos)
      << error.message();
}

} // namespace
