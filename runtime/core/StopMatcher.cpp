// StopMatcher.cpp: the held text and the new piece are searched together; the
// longest suffix that begins some stop string is held for the next time. Stop
// strings are few and short, so that plain comparison is enough.
#include "runtime/core/StopMatcher.h"

#include <cstring>

namespace sinter::rt {

Status StopMatcher::start(const char *const *strings, size_t count,
                          Fault &fault) {
  count_ = 0;
  heldBytes_ = 0;
  if (count > kMaxStops || (count && !strings))
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "%zu stop strings were given, at most %zu are allowed",
                     count, kMaxStops);
  for (size_t i = 0; i < count; ++i) {
    lengths_[i] = strings[i] ? strnlen(strings[i], kMaxStopBytes + 1) : 0;
    if (lengths_[i] == 0 || lengths_[i] > kMaxStopBytes)
      return fault.set(SINTER_INVALID_ARGUMENT,
                       "stop string %zu is empty or longer than %zu bytes", i,
                       kMaxStopBytes);
    strings_[i] = strings[i];
  }
  count_ = count;
  return SINTER_OK;
}

int32_t StopMatcher::push(const char *text, size_t bytes, char *out,
                          size_t &written) {
  written = 0;
  while (bytes) {
    size_t part = bytes < kPiece ? bytes : kPiece;
    memcpy(held_ + heldBytes_, text, part);
    heldBytes_ += part;
    text += part;
    bytes -= part;
    int32_t found = step(out, written);
    if (found >= 0)
      return found;
  }
  return -1;
}

int32_t StopMatcher::step(char *out, size_t &written) {
  size_t keep = heldBytes_; // from here on the text may begin a stop string
  for (size_t at = 0; at < heldBytes_; ++at) {
    size_t rest = heldBytes_ - at;
    for (size_t i = 0; i < count_; ++i) {
      size_t common = rest < lengths_[i] ? rest : lengths_[i];
      if (memcmp(held_ + at, strings_[i], common) != 0)
        continue;
      if (common == lengths_[i]) {
        memcpy(out + written, held_, at);
        written += at;
        heldBytes_ = 0;
        return static_cast<int32_t>(i);
      }
      keep = at < keep ? at : keep;
    }
  }
  memcpy(out + written, held_, keep);
  written += keep;
  heldBytes_ -= keep;
  memmove(held_, held_ + keep, heldBytes_);
  return -1;
}

void StopMatcher::finish(char *out, size_t &written) {
  memcpy(out, held_, heldBytes_);
  written = heldBytes_;
  heldBytes_ = 0;
}

} // namespace sinter::rt
