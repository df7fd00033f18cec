// The region of examples/custom_kernel, and what is done to its shaders.
#pragma once

#include "targets/common/Target.h"

#include "compiler/support/Error.h"

#include "llvm/Support/MemoryBuffer.h"

#include <gtest/gtest.h>
#include <regex>

namespace sinter::test {

/// One change to a shader, and what must be said about it.
struct KernelError {
  const char *name, *old, *replacement;
  int code;
  const char *pattern;
};

inline KernelInterface downRegion() {
  KernelInterface region;
  region.id = "linear_test";
  region.items = 12;
  region.bindings = {
      {"x0", BindingElement::f32, 2048, false, false, "f32 [1][512]"},
      {"w1", BindingElement::packed, 55296, true, false, "weight, q4_0"},
      {"x2", BindingElement::f32, 768, false, false, "f32 [1][192]"},
      {"y3", BindingElement::f32, 768, false, true, "result, f32 [1][192]"}};
  return region;
}

inline KernelSource exampleShader(const std::string &name) {
  auto file = llvm::MemoryBuffer::getFile(
      SINTER_SOURCE_DIR "/examples/custom_kernel/" + name);
  EXPECT_TRUE(bool(file)) << name;
  return {name, file ? (*file)->getBuffer().str() : std::string()};
}

/// Compiles the shader with the change and looks at the error.
template <typename Compile>
void expectError(const KernelError &error, KernelSource source,
                 Compile compile) {
  SCOPED_TRACE(error.name);
  size_t at = source.text.find(error.old);
  ASSERT_NE(at, std::string::npos);
  source.text.replace(at, std::strlen(error.old), error.replacement);
  llvm::Expected<CustomKernel> kernel = compile(source);
  ASSERT_FALSE(bool(kernel)) << "is accepted";
  llvm::Error said = kernel.takeError();
  EXPECT_EQ(exitCode(said), error.code);
  std::string message = llvm::toString(std::move(said));
  EXPECT_TRUE(std::regex_search(message, std::regex(error.pattern))) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

} // namespace sinter::test
