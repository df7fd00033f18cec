// StopMatcher.h: finds stop strings in text that arrives in pieces. What may be
// the beginning of one is held back; what is certainly not is handed on at
// once. Never allocates: the text held back is shorter than the longest stop
// string.
#ifndef SINTER_RUNTIME_CORE_STOPMATCHER_H
#define SINTER_RUNTIME_CORE_STOPMATCHER_H

#include "runtime/core/Status.h"

namespace sinter::rt {

constexpr size_t kMaxStops = 16, kMaxStopBytes = 256;

class StopMatcher {
public:
  /// strings: zero-terminated, must outlive the matching.
  [[nodiscard]] Status start(const char *const *strings, size_t count,
                             Fault &fault);

  /// Adds a piece and writes what is certain to out, which has room for bytes +
  /// kMaxStopBytes. Returns the index of the stop string that was completed
  /// (the text before it was written, the rest is dropped), or -1.
  int32_t push(const char *text, size_t bytes, char *out, size_t &written);

  /// Writes what is held back: at most kMaxStopBytes.
  void finish(char *out, size_t &written);

private:
  int32_t step(char *out, size_t &written);

  static constexpr size_t kPiece = 1024;
  const char *strings_[kMaxStops] = {};
  size_t lengths_[kMaxStops] = {};
  size_t count_ = 0;
  char held_[kMaxStopBytes + kPiece];
  size_t heldBytes_ = 0;
};

} // namespace sinter::rt
#endif
