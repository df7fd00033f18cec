//===- RenderTemplate.cpp - One chat template, rendered -------------------===//
//
// render-template TEMPLATE VARIABLES.json NOW: the text on stdout; a failure
// exits with 1. NOW, in seconds since 1970, is what strftime_now sees. For
// compare_templates.py.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/ChatTemplate.h"
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

using namespace sinter;

static std::string contentsOf(const char *path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int main(int count, char **arguments) {
  if (count != 4) {
    std::fprintf(stderr,
                 "usage: render-template TEMPLATE VARIABLES.json NOW\n");
    return 2;
  }
  std::string source = contentsOf(arguments[1]);
  std::string variables = contentsOf(arguments[2]);
  text::ChatInput input;
  input.variablesJson = {reinterpret_cast<const uint8_t *>(variables.data()),
                         variables.size()};
  input.now = std::strtoll(arguments[3], nullptr, 10);
  text::ChatTemplate rendering;
  if (rendering.render(source.data(), source.size(), input, {}) !=
      text::RenderStatus::Ok) {
    std::fprintf(stderr, "line %u: %s\n", rendering.line(),
                 std::string(rendering.message()).c_str());
    return 1;
  }
  text::Bytes text = rendering.text();
  std::fwrite(text.data, 1, text.size, stdout);
}
