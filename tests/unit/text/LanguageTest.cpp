//===- LanguageTest.cpp - Templates and what Jinja makes of them ----------===//
//
// data/cases.json holds templates with the text that Jinja 3.1.6 made of them;
// the shared data holds the cases of a JavaScript implementation, of which
// those count that Jinja agrees with. Then errors, and what goes in.
//
//===----------------------------------------------------------------------===//

#include "Rendering.h"

using namespace sinter;
using text::RenderStatus;
using text::jinja::List;
using text::jinja::Value;

namespace {

TEST(Language, CasesOfJinja) {
  JsonFile file(CASES_FILE);
  ASSERT_TRUE(file.loaded());
  Value root = file.root(), cases = file.member(root, "cases");
  std::string context = file.json(file.member(root, "context"));
  int64_t now = file.member(root, "now").integer;
  ASSERT_TRUE(cases.isList());
  size_t errors = 0;
  for (uint32_t i = 0; i < cases.list->size; ++i) {
    const List *pair = cases.list->items[i].list;
    std::string source = JsonFile::string(pair->items[0]);
    SCOPED_TRACE(source);
    Rendered got = render(source, context, {}, now);
    if (pair->items[1].isNone()) {
      EXPECT_NE(got.status, RenderStatus::Ok);
      EXPECT_NE(got.message, "");
      EXPECT_EQ(got.text, "");
      ++errors;
    } else {
      EXPECT_EQ(got.status, RenderStatus::Ok) << got.message;
      EXPECT_EQ(got.text, JsonFile::string(pair->items[1]));
    }
  }
  EXPECT_GE(cases.list->size, 170u);
  EXPECT_GE(errors, 50u);
}

TEST(Language, SharedCases) {
  JsonFile file(SINTER_SHARED_DATA "/chat-templates/hfjs-jinja-unit.json");
  if (!file.loaded())
    GTEST_SKIP() << "skipped: shared data not found";
  Value cases = file.member(file.root(), "cases");
  size_t count = 0;
  for (uint32_t i = 0; i < cases.list->size; ++i) {
    Value one = cases.list->items[i];
    if (!file.member(one, "python_jinja2_agrees").integer)
      continue;
    SCOPED_TRACE(JsonFile::string(file.member(one, "name")));
    Rendered got = render(JsonFile::string(file.member(one, "template")),
                          file.json(file.member(one, "context")));
    EXPECT_EQ(got.status, RenderStatus::Ok) << got.message;
    EXPECT_EQ(got.text, JsonFile::string(file.member(one, "expected")));
    ++count;
  }
  EXPECT_EQ(count, 98u);
}

TEST(Language, TemplatesOfSharedModels) {
  const std::string conversation =
      R"({"messages": [{"role": "user", "content": "Hi <|end|>"},
          {"role": "assistant", "content": "Yes?"},
          {"role": "user", "content": "Go"}], "add_generation_prompt": true,
          "eos_token": "<|endoftext|>"})";
  JsonFile phi(SINTER_SHARED_DATA
               "/tokenizers/phi-3-mini/tokenizer_config.json");
  JsonFile qwen(SINTER_SHARED_DATA "/tokenizers/qwen2/tokenizer_config.json");
  if (!phi.loaded() || !qwen.loaded())
    GTEST_SKIP() << "skipped: shared data not found";
  auto templateOf = [](JsonFile &file) {
    return JsonFile::string(file.member(file.root(), "chat_template"));
  };
  Rendered got = render(templateOf(phi), conversation);
  EXPECT_EQ(got.text, "<|user|>\nHi <|end|><|end|>\n<|assistant|>\nYes?<|end|>"
                      "\n<|user|>\nGo<|end|>\n<|assistant|>\n");
  EXPECT_EQ(got.inputs, (std::vector<std::string>{"Hi <|end|>", "Yes?", "Go"}));
  got = render(templateOf(qwen), conversation);
  EXPECT_EQ(got.text,
            "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
            "<|im_start|>user\nHi <|end|><|im_end|>\n<|im_start|>assistant\n"
            "Yes?<|im_end|>\n<|im_start|>user\nGo<|im_end|>\n"
            "<|im_start|>assistant\n");
}

TEST(Language, MessagesAsStructs) {
  std::string user = "user", hello = "Hello", tools = R"([{"a": 1}])";
  text::ChatMessage messages[] = {{bytesOf(user), bytesOf(hello)},
                                  {bytesOf(user), {}}};
  text::ChatInput input;
  input.messages = messages;
  input.messageCount = 2;
  input.toolsJson = bytesOf(tools);
  input.bosToken = bytesOf(user);
  input.addGenerationPrompt = true;
  Rendered got =
      render("{{ bos_token }}{{ messages }}{{ tools }}{{ eos_token is defined "
             "}}{{ add_generation_prompt }}{{ documents }}",
             input);
  EXPECT_EQ(got.text,
            "user[{'role': 'user', 'content': 'Hello'}, {'role': 'user', "
            "'content': ''}][{'a': 1}]FalseTrueNone");
}

TEST(Language, MessagesAsJson) {
  std::string messages = R"([{"role": "tool", "content":
      [{"type": "text", "text": "a\u00e9\ud83d\ude00\n\"" }], "n": -1.50e2}])";
  text::ChatInput input;
  input.messagesJson = bytesOf(messages);
  Rendered got = render("{{ messages[0].content[0].text }}|{{ messages[0].n "
                        "}}|{{ messages|tojson }}",
                        input);
  EXPECT_EQ(got.text, "a\u00e9\U0001F600\n\"|-150.0|[{\"role\": \"tool\", "
                      "\"content\": [{\"type\": \"text\", \"text\": "
                      "\"a\u00e9\U0001F600\\n\\\"\"}], \"n\": -150.0}]");
}

TEST(Language, BadJson) {
  for (const char *bad :
       {"", "[", "{}", "[1,]", "[01]", "[1.]", "[\"a]", "[\"\\x\"]", "[tru]",
        "[1] 2", "[\"\\u12\"]", "{\"a\" 1}", "[\"a\nb\"]", "[-]", "[1e]"}) {
    std::string text = std::string(" ") + bad;
    text::ChatInput input;
    input.messagesJson = bytesOf(text);
    Rendered got = render("x", input);
    EXPECT_EQ(got.status, RenderStatus::BadInput) << bad;
    EXPECT_EQ(got.message.rfind("messages ", 0), 0u) << got.message;
  }
  std::string list = "[]", object = "{}";
  text::ChatInput input;
  input.variablesJson = bytesOf(list);
  EXPECT_EQ(render("x", input).message, "variables are no object");
  input.variablesJson = {};
  input.toolsJson = bytesOf(object);
  EXPECT_EQ(render("x", input).message, "tools are no array");
}

struct Failure {
  const char *source;
  RenderStatus status;
  uint32_t line;
  const char *message;
};

TEST(Language, Messages) {
  const Failure failures[] = {
      {"a\n{{ 'x' + 1 }}", RenderStatus::Failed, 2,
       "a text can only be added to a text, not to 'int'"},
      {"{% if true %}\n\n{{ a.b }}{% endif %}", RenderStatus::Failed, 3,
       "'a' is undefined"},
      {"{{ raise_exception('roles\\nmust alternate') }}", RenderStatus::Refused,
       1, "roles\nmust alternate"},
      {"\n{{ x | nope }}", RenderStatus::Failed, 2,
       "there is no filter 'nope'"},
      {"{{ x is nope }}", RenderStatus::Failed, 1, "there is no test 'nope'"},
      {"\n\n{% block x %}", RenderStatus::BadTemplate, 3,
       "unknown tag 'block'"},
      {"{% include 'x' %}", RenderStatus::BadTemplate, 1,
       "unknown tag 'include'"},
      {"{% if 1 %}\n", RenderStatus::BadTemplate, 1,
       "the template ends before 'endif'"},
      {"x {{ 'abc }}", RenderStatus::BadTemplate, 1, "a string without an end"},
      {"{{ 1 $ 2 }}", RenderStatus::BadTemplate, 1, "unexpected character '$'"},
      {"{{ (1] }}", RenderStatus::BadTemplate, 1, "unexpected ']'"},
      {"{{ 99999999999999999999 }}", RenderStatus::BadTemplate, 1,
       "the number '99999999999999999999' cannot be represented"},
      {"{{ range(1, 2, 0) }}", RenderStatus::Failed, 1,
       "the step of a range is zero"},
      {"{{ strftime_now('%Q') }}", RenderStatus::Failed, 1,
       "strftime_now does not know '%Q'"},
  };
  for (const Failure &failure : failures) {
    Rendered got = render(failure.source);
    EXPECT_EQ(got.status, failure.status) << failure.source;
    EXPECT_EQ(got.line, failure.line) << failure.source;
    EXPECT_EQ(got.message, failure.message) << failure.source;
    EXPECT_EQ(got.text, "");
  }
}

TEST(Language, LongMessagesAreCutBetweenCharacters) {
  Rendered got = render("{{ raise_exception('\u00e9' * 500) }}");
  EXPECT_EQ(got.status, RenderStatus::Refused);
  EXPECT_EQ(got.message.size() % 2, 0u);
  EXPECT_GT(got.message.size(), 200u);
}

TEST(Language, Dates) {
  const char *all = "{{ strftime_now('%Y-%m-%d %H:%M:%S %j %a %A %b %-d %-m "
                    "%I%p %e %y %%') }}";
  EXPECT_EQ(render(all, "{}", {}, 0).text,
            "1970-01-01 00:00:00 001 Thu Thursday Jan 1 1 12AM  1 70 %");
  EXPECT_EQ(render(all, "{}", {}, 951827696).text,
            "2000-02-29 12:34:56 060 Tue Tuesday Feb 29 2 12PM 29 00 %");
  EXPECT_EQ(render(all, "{}", {}, 1735689599).text,
            "2024-12-31 23:59:59 366 Tue Tuesday Dec 31 12 11PM 31 24 %");
  EXPECT_EQ(render(all, "{}", {}, -1).text,
            "1969-12-31 23:59:59 365 Wed Wednesday Dec 31 12 11PM 31 69 %");
}

TEST(Language, AnyBytesPassThrough) {
  std::string user = "user", odd = "\xff\xc3(\xe2\x82\xf0\x9f\x98";
  text::ChatMessage message = {bytesOf(user), bytesOf(odd)};
  text::ChatInput input;
  input.messages = &message;
  input.messageCount = 1;
  EXPECT_EQ(render("{{ messages[0].content }}", input).text, odd);
  EXPECT_EQ(render("{{ messages[0].content[::-1][::-1] | trim }}", input).text,
            odd);
  EXPECT_EQ(render("{{ messages[0].content|upper|lower }}", input).text, odd);
}

} // namespace
