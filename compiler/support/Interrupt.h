//===- Interrupt.h - Stopping on SIGINT and SIGTERM -------------*- C++ -*-===//
//
// The first signal asks long work to stop: it polls checkInterrupt(), returns
// an InterruptedError, destructors remove temporary files, and the process ends
// with 130 by itself. If that takes longer than a second, or a second signal
// comes, a watching thread removes what is registered and ends the process.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace sinter {

/// Handles SIGINT and SIGTERM as described above; to be called once, by main.
/// ResourceError if threads or descriptors have run out.
llvm::Error installInterruptHandlers();

/// Whether a signal has come. Costs one relaxed load.
bool interruptRequested();

/// What the signal handler does, for callers that have their own.
/// Async-signal-safe.
void requestInterrupt();

/// InterruptedError once a signal has come.
llvm::Error checkInterrupt();

/// Removes whatever is registered below; for a process that is about to end.
void removeRegistered();

/// While it lives, `path` is removed with all it holds when the process is
/// ended by the watching thread.
class RemoveOnInterrupt {
public:
  explicit RemoveOnInterrupt(llvm::StringRef path);
  ~RemoveOnInterrupt();
  RemoveOnInterrupt(const RemoveOnInterrupt &) = delete;
  RemoveOnInterrupt &operator=(const RemoveOnInterrupt &) = delete;

private:
  std::string path;
};

} // namespace sinter
