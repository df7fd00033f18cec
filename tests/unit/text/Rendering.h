//===- Rendering.h - What the tests of chat templates share ---------------===//
//
// A template rendered with JSON variables, as strings; test data is read with
// the renderer's own JSON reader, which keeps the order of members.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_UNIT_TEXT_RENDERING_H
#define SINTER_TESTS_UNIT_TEXT_RENDERING_H

#include "runtime/text/ChatTemplate.h"
#include "runtime/text/jinja/Machine.h"
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

namespace sinter {

struct Rendered {
  text::RenderStatus status;
  std::string text, message;
  uint32_t line;
  std::vector<std::string> inputs; ///< the parts that come from the input
};

Rendered render(const std::string &source, const std::string &variables = "{}",
                const text::RenderLimits &limits = {}, int64_t now = 0);
Rendered render(const std::string &source, const text::ChatInput &input,
                const text::RenderLimits &limits = {});

text::Bytes bytesOf(const std::string &text);

/// A JSON file in memory.
class JsonFile {
public:
  /// Not loaded when there is no such file.
  explicit JsonFile(const std::string &path);
  bool loaded() const { return isLoaded; }
  text::jinja::Value root() const { return value; }
  text::jinja::Value member(text::jinja::Value object, const char *name);
  /// A value as JSON text.
  std::string json(text::jinja::Value value);
  static std::string string(text::jinja::Value value) {
    return std::string(value.text, value.size);
  }

private:
  text::RenderLimits limits{~0u, ~0u, 64, ~0u};
  text::jinja::Machine machine{limits};
  std::string bytes;
  text::jinja::Value value;
  bool isLoaded = false;
};

} // namespace sinter

#endif // SINTER_TESTS_UNIT_TEXT_RENDERING_H
