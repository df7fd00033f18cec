//===- OutputLock.h - One writer per output ---------------------*- C++ -*-===//
//
// A file `.NAME.sinter-lock` beside the output, held with flock: the kernel
// releases it when its owner dies, so a stale lock cannot exist. It names its
// owner for the message that a second writer gets.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/support/Interrupt.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace sinter {

/// Movable owner of the lock; releases it and removes the file at its end.
class OutputLock {
public:
  /// ResourceError with the owner's process, host and time if it is held, or if
  /// the file system refuses.
  static llvm::Expected<OutputLock> acquire(llvm::StringRef output);

  OutputLock(OutputLock &&other);
  OutputLock &operator=(OutputLock &&) = delete;
  ~OutputLock();

private:
  OutputLock(std::string path, int descriptor)
      : path(std::move(path)), descriptor(descriptor) {}

  std::string path;
  int descriptor;
  std::unique_ptr<RemoveOnInterrupt> removal;
};

/// `FOLDER/.NAME.sinter-` for an output FOLDER/NAME: how everything temporary
/// beside it begins.
std::string temporaryPrefix(llvm::StringRef output);

} // namespace sinter
