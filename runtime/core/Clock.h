// Clock.h: a clock that only goes forward, and the clock on the wall.
#ifndef SINTER_RUNTIME_CORE_CLOCK_H
#define SINTER_RUNTIME_CORE_CLOCK_H

#include <cstdint>
#include <ctime>

#if defined(__wasm__)
/// JavaScript's performance.now(), milliseconds (web/native/exports.h).
extern "C"
    __attribute__((import_module("env"), import_name("sinter_now"))) double
    sinter_now(void);
/// Seconds since 1970-01-01 local time.
extern "C" __attribute__((import_module("env"),
                          import_name("sinter_local_time"))) double
sinter_local_time(void);
#endif

namespace sinter::rt {

#if defined(__wasm__)
inline uint64_t monotonicNanoseconds() {
  return static_cast<uint64_t>(sinter_now() * 1e6);
}
/// Seconds since 1970 on the wall.
inline int64_t localTime() { return static_cast<int64_t>(sinter_local_time()); }
#else
inline uint64_t monotonicNanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u +
         static_cast<uint64_t>(now.tv_nsec);
}
inline int64_t localTime() {
  time_t now = time(nullptr);
  tm fields = {};
  return localtime_r(&now, &fields) ? now + fields.tm_gmtoff : now;
}
#endif

} // namespace sinter::rt
#endif
