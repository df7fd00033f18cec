//===- LimitsTest.cpp - Templates from strangers --------------------------===//
//
// Endless loops, endless growth, nesting, long searches and probing for
// objects: all of it ends soon, with a message, on a small stack.
//
//===----------------------------------------------------------------------===//

#include "Rendering.h"
#include <chrono>
#include <pthread.h>

using namespace sinter;
using text::RenderStatus;

namespace {

std::string repeated(const std::string &part, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i)
    all += part;
  return all;
}

/// Renders on a thread with a stack of 256 KiB.
Rendered renderOnSmallStack(const std::string &source) {
  struct Job {
    const std::string &source;
    Rendered result;
  } job{source, {}};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 << 10);
  pthread_t thread;
  auto run = [](void *user) -> void * {
    auto *job = static_cast<Job *>(user);
    job->result = render(job->source);
    return nullptr;
  };
  EXPECT_EQ(pthread_create(&thread, &attributes, run, &job), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return job.result;
}

std::vector<std::string> endless() {
  const std::string grow = "{% set n = namespace(x=[]) %}"
                           "{% for i in range(100000) %}{% set n.x = ",
                    end = " %}{% endfor %}";
  return {
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}"
      "{% endfor %}",
      "{% for a in range(99999) %}{{ 'a' * 1000 }}{% endfor %}",
      "{{ range(2**30) }}",
      "{{ 'a' * 2**40 }}",
      "{{ [1] * 2**40 }}",
      "{{ 'a'.ljust(2**40) }}",
      "{{ 'a' | indent(2**40) }}",
      "{{ 'a'.zfill(2**40) }}",
      "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
      "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}"
      "{% endmacro %}{{ g() }}",
      "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
      grow + "[n.x]" + end + "{{ n.x }}",
      grow + "[n.x]" + end + "{{ n.x | tojson }}",
      grow + "[n.x]" + end + "{{ n.x == [n.x] }}",
      grow + "n.x + n.x + [1]" + end,
      grow + "[n.x, n.x]" + end + "{{ n.x | string }}",
      grow + "n.x ~ 'abc'" + end,
      grow + "dict(n.x, **{'k' ~ i: i})" + end,
      "{% set a = 'a' * 500000 %}{{ a.find('a' * 250000 ~ 'b') }}",
      "{% set a = 'a' * 500000 %}{{ a.rfind('b' ~ 'a' * 250000) }}"
      "{{ a.rfind('a' * 250000 ~ 'b') }}",
      "{% set a = 'a' * 500000 %}{{ a.replace('a', 'aaaa') }}",
      "{{ range(99999) | list | unique | list }}",
      "{{ range(99999) | list | sort(reverse=true) | list }}",
      "{% set s = 'abc' * 99999 %}{% for i in range(9999) %}{{ s[-1] }}"
      "{% endfor %}",
      "{{ " + repeated("(", 1000) + "1" + repeated(")", 1000) + " }}",
      "{{ " + repeated("-", 100000) + "1 }}",
      "{{ 1" + repeated(" if 1 else 1", 10000) + " }}",
      repeated("{% if 1 %}", 1000) + repeated("{% endif %}", 1000),
      "{% set " + repeated("(", 1000) + "a = 1 %}",
  };
}

TEST(Limits, EverythingEnds) {
  for (const std::string &source : endless()) {
    auto start = std::chrono::steady_clock::now();
    Rendered got = renderOnSmallStack(source);
    std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - start;
    EXPECT_EQ(got.status, RenderStatus::LimitReached)
        << source.substr(0, 200) << "\n"
        << got.message;
    EXPECT_EQ(got.text, "");
    EXPECT_LT(took.count(), 10) << source.substr(0, 200);
  }
}

TEST(Limits, DeepestAllowedFitsASmallStack) {
  const std::string macro =
      "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{% endif %}x{% endmacro %}";
  EXPECT_EQ(renderOnSmallStack(macro + "{{ f(63) }}").text.size(), 64u);
  EXPECT_EQ(renderOnSmallStack(macro + "{{ f(64) }}").status,
            RenderStatus::LimitReached);
  EXPECT_EQ(renderOnSmallStack("{{ " + repeated("(", 64) + "1" +
                               repeated(")", 64) + " }}")
                .text,
            "1");
  EXPECT_EQ(renderOnSmallStack(repeated("{% if 1 %}", 63) + "x" +
                               repeated("{% endif %}", 63))
                .text,
            "x");
  EXPECT_EQ(renderOnSmallStack("{{ " + repeated("[", 63) + "1" +
                               repeated("]", 63) + " | tojson }}")
                .text.size(),
            127u);
}

TEST(Limits, LongChainsAreNotDeep) {
  EXPECT_EQ(render("{{ 1" + repeated(" + 1", 20000) + " }}").text, "20001");
  EXPECT_EQ(render("{{ 'a'" + repeated("|upper", 20000) + " }}").text, "A");
  EXPECT_EQ(render("{{ 1" + repeated(" and 1", 20000) + " }}").text, "1");
  EXPECT_EQ(render("{% if 0 %}" + repeated("{% elif 0 %}", 20000) +
                   "{% else %}x{% endif %}")
                .text,
            "x");
  EXPECT_EQ(render("{{ " + repeated("not ", 20001) + "1 }}").text, "False");
}

TEST(Limits, NothingToReachOutWith) {
  for (const char *probe :
       {"''.__class__", "[].__class__", "{}.__init__", "range.__globals__",
        "namespace.__init__", "(1).__add__", "''['__class__']",
        "''|attr('__class__')", "[''] | map(attribute='__class__') | first",
        "messages.__len__", "none.__class__", "loop", "self", "caller",
        "cycler", "joiner", "lipsum", "__builtins__", "config"}) {
    std::string source =
        std::string("{{ (") + probe + ") is defined }}{{ " + probe + " }}";
    Rendered got = render(source);
    EXPECT_EQ(got.text, "False") << source << got.message;
    got = render(std::string("{{ (") + probe + ").x }}");
    EXPECT_EQ(got.status, RenderStatus::Failed) << probe;
  }
  for (const char *change :
       {"[].append(1)", "{}.update({})", "{'a': 1}.pop('a')", "[1].clear()",
        "{}.setdefault('a', 1)", "messages.insert(0, 1)"}) {
    Rendered got = render(std::string("{{ ") + change + " }}");
    EXPECT_EQ(got.status, RenderStatus::Failed) << change;
  }
}

TEST(Limits, EachLimitCounts) {
  const std::string loop = "{% for i in range(100) %}abc{% endfor %}";
  EXPECT_EQ(render(loop).text.size(), 300u);
  text::RenderLimits few;
  few.steps = 100;
  EXPECT_EQ(render(loop, "{}", few).message, "too many steps");
  text::RenderLimits brief;
  brief.outputBytes = 299;
  EXPECT_EQ(render(loop, "{}", brief).message, "the text becomes too long");
  brief.outputBytes = 300;
  EXPECT_EQ(render(loop, "{}", brief).text.size(), 300u);
  text::RenderLimits small;
  small.memoryBytes = 10000;
  EXPECT_EQ(render(loop, "{}", small).message, "too much memory needed");
  text::RenderLimits flat;
  flat.depth = 1;
  EXPECT_EQ(
      render("{{ " + repeated("[", 9) + repeated("]", 9) + " }}", "{}", flat)
          .message,
      "nested too deeply");
}

} // namespace
