// Clock.h: a clock that only goes forward.
#ifndef SINTER_RUNTIME_CORE_CLOCK_H
#define SINTER_RUNTIME_CORE_CLOCK_H

#include <cstdint>
#include <ctime>

namespace sinter::rt {

inline uint64_t monotonicNanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u +
         static_cast<uint64_t>(now.tv_nsec);
}

} // namespace sinter::rt
#endif
