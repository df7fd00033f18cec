//===- Rendering.cpp - See Rendering.h ------------------------------------===//
#include "Rendering.h"
#include <fstream>
#include <sstream>

using namespace sinter;

text::Bytes sinter::bytesOf(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

Rendered sinter::render(const std::string &source, const text::ChatInput &input,
                        const text::RenderLimits &limits) {
  text::ChatTemplate rendering;
  Rendered result;
  result.status = rendering.render(source.data(), source.size(), input, limits);
  text::Bytes text = rendering.text();
  result.text.assign(text.data, text.data + text.size);
  result.message = rendering.message();
  result.line = rendering.line();
  for (size_t i = 0; i < rendering.inputRangeCount(); ++i) {
    const text::TextRange &range = rendering.inputRanges()[i];
    result.inputs.push_back(
        result.text.substr(range.begin, range.end - range.begin));
  }
  return result;
}

Rendered sinter::render(const std::string &source, const std::string &variables,
                        const text::RenderLimits &limits, int64_t now) {
  text::ChatInput input;
  input.variablesJson = bytesOf(variables);
  input.now = now;
  return render(source, input, limits);
}

JsonFile::JsonFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return;
  std::stringstream all;
  all << file.rdbuf();
  bytes = all.str();
  value = machine.parseJson(bytes.data(), bytes.size(), "test data");
  isLoaded = !machine.failed();
  EXPECT_TRUE(isLoaded) << path << ": " << machine.message;
}

text::jinja::Value JsonFile::member(text::jinja::Value object,
                                    const char *name) {
  const text::jinja::Value *found =
      object.isDict() ? machine.find(object.dict, name) : nullptr;
  return found ? *found : text::jinja::Value();
}

std::string JsonFile::json(text::jinja::Value v) {
  text::jinja::Machine::JsonStyle style;
  style.itemSeparator = text::jinja::Value::string(", ");
  style.keySeparator = text::jinja::Value::string(": ");
  size_t begin = machine.open();
  machine.appendJson(v, style);
  return string(machine.close(begin));
}
