//===- Progress.h - Telling the user how far a long step is -------*- C++
//-*-===//
//
// Standard output carries data; progress goes to standard error: a bar that
// redraws itself on a terminal, otherwise one plain line every five seconds, or
// nothing in quiet mode. A step shorter than the interval prints nothing.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_SUPPORT_PROGRESS_H
#define SINTER_COMPILER_SUPPORT_PROGRESS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace sinter {

/// Reports the progress of one step after another. `advance` may be called from
/// any thread and costs an atomic addition and a clock reading.
class Progress {
public:
  enum class Mode { Quiet, Lines, Bar };

  /// Bar if standard error is a terminal that can move its cursor, else Lines.
  static Mode modeFor(bool quiet);

  explicit Progress(Mode mode, llvm::raw_ostream &os = llvm::errs());
  /// Removes a bar that is still on the screen.
  ~Progress();

  /// Begins a step of `total` units (bytes, tensors); 0 if unknown.
  void start(llvm::StringRef step, uint64_t total);
  void advance(uint64_t units);
  /// Ends the step; on a terminal the bar goes away.
  void finish();

private:
  void draw(std::chrono::steady_clock::time_point now);
  void erase();

  const Mode mode;
  llvm::raw_ostream &os;
  std::mutex drawing;
  std::string step;
  std::atomic<uint64_t> total{0};
  std::atomic<uint64_t> done{0};
  /// Nanoseconds of the steady clock at which the next line is due.
  std::atomic<int64_t> nextDue{INT64_MAX};
  std::chrono::steady_clock::time_point begun;
  bool barShown = false;
};

} // namespace sinter

#endif // SINTER_COMPILER_SUPPORT_PROGRESS_H
