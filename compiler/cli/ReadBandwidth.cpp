// See ReadBandwidth.h.
#include "compiler/cli/ReadBandwidth.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

/// Sums a range with wide independent loads; clang turns the eight sums into
/// vectors.
static uint64_t readRange(const uint64_t *words, size_t count) {
  uint64_t sums[32] = {};
  for (size_t i = 0; i + 32 <= count; i += 32)
    for (size_t lane = 0; lane < 32; ++lane)
      sums[lane] += words[i + lane];
  uint64_t total = 0;
  for (uint64_t sum : sums)
    total += sum;
  return total;
}

double sinter::cli::readBandwidth(unsigned threads) {
  constexpr size_t kBytes = size_t(1) << 30;
  void *memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return 0;
  madvise(memory, kBytes, MADV_HUGEPAGE);
  std::memset(memory, 1, kBytes);
  auto *words = static_cast<const uint64_t *>(memory);
  size_t share = kBytes / sizeof(uint64_t) / threads;
  std::atomic<uint64_t> sink{0};
  double best = 0;
  for (int pass = 0; pass < 5; ++pass) {
    auto begin = std::chrono::steady_clock::now();
    std::vector<std::thread> workers;
    for (unsigned t = 1; t < threads; ++t)
      workers.emplace_back(
          [&, t] { sink += readRange(words + t * share, share); });
    sink += readRange(words, share);
    for (std::thread &worker : workers)
      worker.join();
    double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
            .count();
    best = std::max(best, static_cast<double>(kBytes) / seconds);
  }
  munmap(memory, kBytes);
  return best;
}
