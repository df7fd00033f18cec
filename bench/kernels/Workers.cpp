// Threads and memory of the kernel benchmark (Workers.h).
#include "Workers.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include <sys/mman.h>

using namespace sinter::bench;

char *sinter::bench::allocate(size_t bytes) {
  constexpr size_t kHuge = size_t(2) << 20;
  void *mapped = mmap(nullptr, bytes + kHuge, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    return nullptr;
  auto address = (reinterpret_cast<uintptr_t>(mapped) + kHuge - 1) / kHuge;
  char *start = reinterpret_cast<char *>(address * kHuge);
  madvise(start, bytes, MADV_HUGEPAGE);
  return start;
}

double sinter::bench::runAll(const std::vector<Dispatch> &dispatches,
                             const sinter_scalars &scalars, size_t scratchBytes,
                             unsigned threads) {
  std::unique_ptr<std::atomic<int64_t>[]> next(
      new std::atomic<int64_t>[dispatches.size()]());
  auto work = [&] {
    char *scratch = allocate(scratchBytes + 64);
    for (size_t d = 0; d < dispatches.size(); ++d) {
      const Dispatch &dispatch = dispatches[d];
      int64_t first = 1;
      for (;;) {
        int64_t begin = next[d].load();
        int64_t run = std::max<int64_t>(1, (dispatch.items - begin) /
                                               (2 * int64_t(threads)));
        if (begin >= dispatch.items)
          break;
        if (!next[d].compare_exchange_weak(begin, begin + run))
          continue;
        dispatch.kernel(dispatch.bindings.data(), &scalars, scratch, begin,
                        begin + run, first);
        first = 0;
      }
    }
    munmap(scratch, scratchBytes + 64);
  };
  auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> helpers;
  for (unsigned i = 1; i < threads; ++i)
    helpers.emplace_back(work);
  work();
  for (std::thread &helper : helpers)
    helper.join();
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  return seconds.count();
}
