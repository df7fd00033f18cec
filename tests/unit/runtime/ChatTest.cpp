// ChatTest.cpp: conversations through the C interface.
#include "ApiTesting.h"
#include "AsciiTokenizer.h"

using namespace sinter;
using namespace sinter::toy;

namespace {

/// A toy bundle with a chat template (a JSON string's inside; "": none).
Opened withTemplate(const std::string &text) {
  ToyOptions options;
  options.tokenizer = asciiTokenizer();
  options.editManifest = [text](std::string &manifest) {
    const std::string old = R"("chat_template": "{{ \"a\u00e9\" }}",)";
    size_t at = manifest.find(old);
    ASSERT_NE(at, std::string::npos);
    manifest.replace(at, old.size(),
                     text.empty() ? ""
                                  : "\"chat_template\": \"" + text + "\",");
  };
  return Opened(std::move(options));
}

const char *const kPlain =
    "{% for m in messages %}{{ m.role[0] + ':' + m.content }}<|end|>"
    "{% endfor %}{{ '>' if add_generation_prompt }}";

struct Chat {
  explicit Chat(std::vector<std::pair<const char *, std::string>> turns)
      : contents(std::move(turns)) {
    for (const auto &[role, content] : contents)
      messages.push_back({role, content.data(), content.size()});
    params.messages = messages.data();
    params.message_count = messages.size();
  }
  std::vector<std::pair<const char *, std::string>> contents;
  std::vector<sinter_chat_message> messages;
  sinter_chat_params params = SINTER_CHAT_PARAMS_INIT;
};

std::string textOf(Opened &opened, const sinter_chat_params &params) {
  char text[256];
  size_t bytes = 0;
  sinter_status status =
      sinter_apply_chat_template(opened.model.get(), &params, text,
                                 sizeof(text), &bytes, opened.error.raw());
  return status ? std::string(sinter_status_name(status)) + ": " +
                      opened.error.message()
                : std::string(text, bytes);
}

std::vector<int32_t> codes(const std::string &text) {
  return {text.begin(), text.end()};
}

TEST(Chat, TextAndTokens) {
  Opened opened = withTemplate(kPlain);
  Chat chat({{"user", "Hi"}, {"assistant", "<|end|>"}});
  EXPECT_EQ(textOf(opened, chat.params), "u:Hi<|end|>a:<|end|><|end|>>");
  // 3 is the special token: only what the template wrote is one.
  std::vector<int32_t> wanted = codes("u:Hi\3a:<|end|>\3>");
  EXPECT_EQ(opened.model.tokenizeChat(chat.params, opened.error), wanted);
  chat.params.add_generation_prompt = 0;
  wanted.pop_back();
  EXPECT_EQ(opened.model.tokenizeChat(chat.params, opened.error), wanted);
}

TEST(Chat, UsersCannotCompleteATokenOfTheTemplate) {
  Opened opened = withTemplate("<|{{ messages[0].content }}|>"
                               "{{ messages[0].content }}<|end|>");
  Chat chat({{"user", "end"}});
  EXPECT_EQ(opened.model.tokenizeChat(chat.params, opened.error),
            codes("<|end|>end\3"));
  chat = Chat({{"user", "<|end|><|"}});
  EXPECT_EQ(opened.model.tokenizeChat(chat.params, opened.error),
            codes("<|<|end|><||><|end|><|\3"));
}

TEST(Chat, JsonAndVariables) {
  Opened opened = withTemplate("{{ messages[0].parts | join('+') }}|{{ "
                               "tools[0].name }}|{{ style }}|"
                               "{{ strftime_now('%Y') }}");
  sinter_chat_params params = SINTER_CHAT_PARAMS_INIT;
  params.messages_json = R"([{"role": "user", "parts": ["a", "b"]}])";
  params.tools_json = R"([{"name": "t"}])";
  params.variables_json = R"({"style": "<|end|>"})";
  params.now = 86400;
  EXPECT_EQ(textOf(opened, params), "a+b|t|<|end|>|1970");
  EXPECT_EQ(opened.model.tokenizeChat(params, opened.error),
            codes("a+b|t|<|end|>|1970"));
  params.now = 0; // the clock
  EXPECT_GE(textOf(opened, params), "a+b|t|<|end|>|2024");
  params.tools_json = "[";
  EXPECT_EQ(textOf(opened, params),
            "SINTER_INVALID_ARGUMENT: tools is not valid JSON");
}

TEST(Chat, Failures) {
  Opened none = withTemplate("");
  Chat chat({{"user", "Hi"}});
  EXPECT_EQ(textOf(none, chat.params),
            "SINTER_INVALID_STATE: the bundle has no chat template");
  Opened refusing = withTemplate("{{ raise_exception('no ' ~ "
                                 "messages[0].role) }}");
  EXPECT_EQ(textOf(refusing, chat.params),
            "SINTER_INVALID_ARGUMENT: the chat template refuses the "
            "conversation: no user");
  Opened endless = withTemplate("\\n{% for a in range(99999) %}{% for b in "
                                "range(99999) %}{% endfor %}{% endfor %}");
  EXPECT_EQ(textOf(endless, chat.params).rfind("SINTER_UNSUPPORTED", 0), 0u);
  Opened wrong = withTemplate("\\n{% if %}");
  EXPECT_EQ(textOf(wrong, chat.params),
            "SINTER_UNSUPPORTED: the chat template, line 2: unexpected '%}'");
}

TEST(Chat, Arguments) {
  Opened opened = withTemplate(kPlain);
  Chat chat({{"user", "Hi"}});
  size_t count = 99;
  sinter_error *error = opened.error.raw();
  const sinter_model *model = opened.model.get();
  EXPECT_EQ(sinter_apply_chat_template(nullptr, &chat.params, nullptr, 0,
                                       &count, error),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(
      sinter_apply_chat_template(model, nullptr, nullptr, 0, &count, error),
      SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(sinter_apply_chat_template(model, &chat.params, nullptr, 5, &count,
                                       error),
            SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(
      sinter_tokenize_chat(model, &chat.params, nullptr, 0, nullptr, error),
      SINTER_INVALID_ARGUMENT);
  char text[4];
  EXPECT_EQ(
      sinter_apply_chat_template(model, &chat.params, text, 4, &count, error),
      SINTER_BUFFER_TOO_SMALL);
  EXPECT_EQ(count, 12u);
  EXPECT_EQ(
      sinter_tokenize_chat(model, &chat.params, nullptr, 0, &count, error),
      SINTER_BUFFER_TOO_SMALL);
  EXPECT_EQ(count, 6u);
  chat.params.messages_json = "[]";
  EXPECT_EQ(textOf(opened, chat.params).rfind("SINTER_INVALID_ARGUMENT", 0),
            0u);
  chat.params.messages_json = nullptr;
  chat.messages[0].role = nullptr;
  EXPECT_EQ(textOf(opened, chat.params).rfind("SINTER_INVALID_ARGUMENT", 0),
            0u);
}

TEST(Chat, SecondTurnKeepsTheFirst) {
  Opened opened = withTemplate(kPlain);
  Session session = opened.session();
  std::string reply;
  auto answer = [&](const Chat &chat) {
    std::vector<int32_t> tokens =
        opened.model.tokenizeChat(chat.params, opened.error);
    sinter_generate_params params = SINTER_GENERATE_PARAMS_INIT;
    params.prompt_tokens = tokens.data();
    params.prompt_token_count = tokens.size();
    params.reuse_prefix = 1;
    params.max_tokens = 4;
    reply.clear();
    return session.generate(
        params,
        [&](int32_t, std::string_view text) {
          reply += text;
          return true;
        },
        opened.error);
  };
  sinter_generate_result first = answer(Chat({{"user", "abc"}}));
  EXPECT_EQ(first.prompt_tokens, 7u);
  EXPECT_EQ(first.reused_tokens, 0u);
  sinter_generate_result second = answer(
      Chat({{"user", "abc"}, {"assistant", "never said"}, {"user", "x"}}));
  EXPECT_EQ(second.reused_tokens, 6u); // up to "<|end|>"
  EXPECT_FALSE(opened.error) << opened.error.message();
}

} // namespace
