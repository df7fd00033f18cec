//===- Error.cpp - The kinds of failure a user can meet
//----------------===//
//
// See Error.h. The class IDs are addresses, as llvm::ErrorInfo wants them.
//
//===------------------------------------------------------------------------===//

#include "compiler/support/Error.h"
#include <algorithm>

using namespace sinter;

char InputError::ID = 0;
char UnsupportedError::ID = 0;
char ResourceError::ID = 0;
char VerificationError::ID = 0;
char InterruptedError::ID = 0;
char InternalError::ID = 0;

llvm::Error sinter::inputError(const llvm::Twine &message) {
  return llvm::make_error<InputError>(message);
}

llvm::Error sinter::unsupportedError(const llvm::Twine &message) {
  return llvm::make_error<UnsupportedError>(message);
}

llvm::Error sinter::resourceError(const llvm::Twine &message) {
  return llvm::make_error<ResourceError>(message);
}

llvm::Error sinter::verificationError(const llvm::Twine &message) {
  return llvm::make_error<VerificationError>(message);
}

llvm::Error sinter::internalError(const llvm::Twine &message) {
  return llvm::make_error<InternalError>(message);
}

static int codeOf(const llvm::ErrorInfoBase &info) {
  if (info.isA<InputError>())
    return kExitInput;
  if (info.isA<UnsupportedError>())
    return kExitUnsupported;
  if (info.isA<ResourceError>())
    return kExitResource;
  if (info.isA<VerificationError>())
    return kExitVerification;
  if (info.isA<InterruptedError>())
    return kExitInterrupted;
  return kExitInternal;
}

int sinter::exitCode(llvm::Error &error) {
  int code = kExitOk;
  error = llvm::handleErrors(
      std::move(error),
      [&](std::unique_ptr<llvm::ErrorInfoBase> info) -> llvm::Error {
        code = std::max(code, codeOf(*info));
        return llvm::Error(std::move(info));
      });
  return code;
}
