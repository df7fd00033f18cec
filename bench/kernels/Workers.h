// Threads and memory of the kernel benchmark: workers that claim runs of work
// items as the runtime's do, and huge-page memory.
#pragma once

#include "runtime/include/sinter_abi.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sinter::bench {

/// Zeroed memory on 2 MiB pages where the system gives them; never freed.
char *allocate(size_t bytes);

/// One kernel run over its items: the bindings of one dispatch.
struct Dispatch {
  sinter_cpu_kernel kernel = nullptr;
  std::vector<void *> bindings;
  int64_t items = 0;
};

/// Runs all dispatches once, on `threads` threads, and returns the seconds it
/// took. The items of a dispatch are claimed in shrinking runs; nobody waits
/// between dispatches.
double runAll(const std::vector<Dispatch> &dispatches,
              const sinter_scalars &scalars, size_t scratchBytes,
              unsigned threads);

} // namespace sinter::bench
