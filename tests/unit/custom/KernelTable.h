// What is done to the shaders of examples/custom_kernel.
#pragma once

#include "tests/unit/custom/DownRegion.h"

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
