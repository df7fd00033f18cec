//===- Error.h - The kinds of failure a user can meet -------------*- C++
//-*-===//
//
// Every llvm::Error that leaves a compiler part is one of these classes, so
// that the command line can turn it into a documented exit code. Messages say
// what, where (file, tensor, byte offset) and what to do; they start in lower
// case and have no final full stop.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_SUPPORT_ERROR_H
#define SINTER_COMPILER_SUPPORT_ERROR_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

namespace sinter {

/// Exit codes of the command line (docs/cli.md); 2 is decided there.
enum ExitCode : int {
  kExitOk = 0,
  kExitInput = 1,
  kExitUnsupported = 3,
  kExitResource = 4,
  kExitVerification = 5,
  kExitInternal = 70,
  kExitInterrupted = 130,
};

/// Common part of the error classes: a message and nothing else.
template <typename Derived>
class MessageError : public llvm::ErrorInfo<Derived> {
public:
  explicit MessageError(const llvm::Twine &message) : text(message.str()) {}

  void log(llvm::raw_ostream &os) const override { os << text; }
  std::error_code convertToErrorCode() const override {
    return llvm::inconvertibleErrorCode();
  }

private:
  std::string text;
};

/// The input is damaged, incomplete or contradicts itself (exit 1).
class InputError : public MessageError<InputError> {
public:
  using MessageError::MessageError;
  static char ID;
};

/// The input is sound, but asks for something we do not implement (exit 3).
class UnsupportedError : public MessageError<UnsupportedError> {
public:
  using MessageError::MessageError;
  static char ID;
};

/// Disk, memory, permission or time ran out (exit 4).
class ResourceError : public MessageError<ResourceError> {
public:
  using MessageError::MessageError;
  static char ID;
};

/// A bundle is not what its manifest says (exit 5).
class VerificationError : public MessageError<VerificationError> {
public:
  using MessageError::MessageError;
  static char ID;
};

/// The user asked to stop: SIGINT, SIGTERM (exit 130).
class InterruptedError : public MessageError<InterruptedError> {
public:
  using MessageError::MessageError;
  static char ID;
};

/// A bug of ours (exit 70).
class InternalError : public MessageError<InternalError> {
public:
  using MessageError::MessageError;
  static char ID;
};

llvm::Error inputError(const llvm::Twine &message);
llvm::Error unsupportedError(const llvm::Twine &message);
llvm::Error resourceError(const llvm::Twine &message);
llvm::Error verificationError(const llvm::Twine &message);
llvm::Error internalError(const llvm::Twine &message);

/// The exit code for `error`, which stays set and must still be consumed. Of
/// several joined errors the highest code counts; success gives 0; an error of
/// a class that is not ours counts as internal.
int exitCode(llvm::Error &error);

} // namespace sinter

#endif // SINTER_COMPILER_SUPPORT_ERROR_H
