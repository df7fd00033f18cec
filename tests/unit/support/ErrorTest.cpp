//===- ErrorTest.cpp - Exit codes of errors
//---------------------------------===//

#include "compiler/support/Error.h"
#include "gtest/gtest.h"

using namespace sinter;

static int codeAndConsume(llvm::Error error) {
  int code = exitCode(error);
  llvm::consumeError(std::move(error));
  return code;
}

TEST(Error, EachKindHasItsExitCode) {
  EXPECT_EQ(codeAndConsume(llvm::Error::success()), 0);
  EXPECT_EQ(codeAndConsume(inputError("x")), 1);
  EXPECT_EQ(codeAndConsume(unsupportedError("x")), 3);
  EXPECT_EQ(codeAndConsume(resourceError("x")), 4);
  EXPECT_EQ(codeAndConsume(internalError("x")), 70);
}

TEST(Error, ForeignErrorsCountAsInternal) {
  EXPECT_EQ(codeAndConsume(llvm::createStringError(
                llvm::inconvertibleErrorCode(), "from elsewhere")),
            70);
}

TEST(Error, HighestCodeOfJoinedErrorsCounts) {
  EXPECT_EQ(
      codeAndConsume(llvm::joinErrors(inputError("a"), unsupportedError("b"))),
      3);
}

TEST(Error, ExitCodeLeavesTheErrorSet) {
  llvm::Error error = inputError("file: byte 3: bad");
  EXPECT_EQ(exitCode(error), 1);
  ASSERT_TRUE(static_cast<bool>(error));
  EXPECT_EQ(llvm::toString(std::move(error)), "file: byte 3: bad");
}
