//===- OriginTest.cpp - What comes from the input stays marked ------------===//
//
// Through every operation on texts; the template's own text never is.
//
//===----------------------------------------------------------------------===//

#include "Rendering.h"

using namespace sinter;

namespace {

struct Case {
  const char *source;
  std::vector<std::string> inputs;
};

TEST(Origin, FollowsEveryOperation) {
  const std::string variables =
      R"({"a": "<|x|>", "b": "  two words ", "l": ["p", "q"],
          "d": {"key": "value"}, "e": "t\u00e9st\n"})";
  const Case cases[] = {
      {"<|x|>", {}},
      {"{{ '<|x|>' }}", {}},
      {"{{ a }}", {"<|x|>"}},
      {"[{{ a }}]", {"<|x|>"}},
      {"{{ '[' + a + ']' }}", {"<|x|>"}},
      {"{{ '[' ~ a ~ ']' ~ a }}", {"<|x|>", "<|x|>"}},
      {"{{ ('[' + a + ']')[2:5] }}", {"|x|"}},
      {"{{ ('[' + a + ']')[::-1] }}", {">|x|<"}},
      {"{{ ('[' + a + ']')[0] }}", {}},
      {"{{ ('[' + a + ']') | upper }}", {"<|X|>"}},
      {"{{ b | trim }}", {"two words"}},
      {"{{ b.split() | join('-') }}", {"two", "words"}},
      {"{{ b.replace('two', 'TWO') }}", {"  ", " words "}},
      {"{{ 'x-y'.replace('-', a) }}", {"<|x|>"}},
      {"{{ l | join('<') }}", {"p", "q"}},
      {"{{ l }}", {"p", "q"}},
      {"{{ d | tojson }}", {"key", "value"}},
      {"{{ e | tojson }}", {"t\u00e9st"}},
      {"{{ e }}", {"t\u00e9st\n"}},
      {"{{ d.items() | list }}", {"key", "value"}},
      {"{% for k in d %}{{ k }}{% endfor %}", {"key"}},
      {"{% for c in '(' ~ a %}{{ c }}{% endfor %}", {"<|x|>"}},
      {"{% set s %}<{{ a }}>{% endset %}{{ s }}", {"<|x|>"}},
      {"{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(a) }}", {"<|x|>"}},
      {"{% filter upper %}x{{ a }}{% endfilter %}", {"<|X|>"}},
      {"{{ a * 2 }}", {"<|x|><|x|>"}},
      {"{{ a | indent(2, true) }}", {"<|x|>"}},
      {"{{ a | string | default('x') | safe }}", {"<|x|>"}},
      {"{{ a | replace('x', 'y') }}", {"<|", "|>"}},
      {"{{ ('-' ~ a).partition('|') | join }}", {"<", "x|>"}},
      {"{{ a.title() ~ a | capitalize }}", {"<|X|><|x|>"}},
      {"{{ [a] | map('upper') | first }}", {"<|X|>"}},
      {"{{ messages | length }}", {}},
  };
  for (const Case &one : cases) {
    Rendered got = render(one.source, variables);
    EXPECT_EQ(got.status, text::RenderStatus::Ok) << got.message;
    EXPECT_EQ(got.inputs, one.inputs) << one.source << "\n" << got.text;
  }
}

TEST(Origin, TokensOfTheModelAreTheTemplates) {
  std::string bos = "<s>", role = "user", content = "<s>";
  text::ChatMessage message = {bytesOf(role), bytesOf(content)};
  text::ChatInput input;
  input.messages = &message;
  input.messageCount = 1;
  input.bosToken = bytesOf(bos);
  Rendered got = render("{{ bos_token + messages[0].content }}", input);
  EXPECT_EQ(got.text, "<s><s>");
  ASSERT_EQ(got.inputs.size(), 1u);
}

} // namespace
