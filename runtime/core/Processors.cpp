// Processors.cpp: the scheduler's mask and, in a container, cpu.max of cgroup
// v2 (Linux Documentation/admin-guide/cgroup-v2).
#include "runtime/core/Processors.h"

#if defined(__linux__)
#include <cstdio>
#include <sched.h>
#include <sys/syscall.h>
#endif
#if !defined(__wasm__)
#include <unistd.h>
#endif

namespace sinter::rt {

#if defined(__linux__)
namespace {
/// Processors' worth of time the container may use (cgroup v2 cpu.max), or 0.
uint32_t containerProcessors() {
  FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
  if (!file)
    return 0;
  char text[64] = {};
  size_t got = fread(text, 1, sizeof(text) - 1, file);
  fclose(file);
  uint64_t numbers[2] = {};
  int count = 0;
  for (size_t i = 0; i < got && count < 2; ++i) {
    if (text[i] >= '0' && text[i] <= '9')
      numbers[count] = numbers[count] * 10 + uint64_t(text[i] - '0');
    else
      ++count;
  }
  if (!numbers[0] || !numbers[1])
    return 0; // "max"
  uint64_t whole = numbers[0] / numbers[1];
  return whole > 4096 ? 0 : whole ? static_cast<uint32_t>(whole) : 1;
}
} // namespace
#endif

uint32_t usableProcessors() {
#if defined(__linux__)
  uint32_t count = 1;
  // Large machines need a larger set than cpu_set_t.
  unsigned long mask[128] = {};
  long bytes = syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask);
  if (bytes > 0) {
    uint32_t found = 0;
    for (unsigned long word : mask)
      found += static_cast<uint32_t>(__builtin_popcountl(word));
    count = found ? found : 1;
  }
  uint32_t share = containerProcessors();
  return share && share < count ? share : count;
#elif defined(__wasm__)
  return 1; // JavaScript knows, and says how many
#else
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? static_cast<uint32_t>(count) : 1;
#endif
}

} // namespace sinter::rt
