// WorkerPool.h: persistent threads that share the items of one dispatch at a
// time.
//
// Items are claimed in runs from one atomic word, (sequence << 32 | items
// left): a compare-and-swap takes a share of what is left from the front. A
// dispatch is over when all items are counted as done, not when all workers
// have come: a worker that does not run holds nobody up. The word is all a
// worker reads before a claim; the description of the dispatch is read only
// between a claim and the counting of its items, while the dispatch cannot end.
// A worker that holds an old word either fails to swap, or (after 2^32
// dispatches) claims validly from the new one.
//
// Waiting is a short spin, then a futex: with another process on the processor
// the system can move a waiting or preempted worker where there is room. A
// worker that finds itself on the caller's processor rests: it could only
// disturb.
#ifndef SINTER_RUNTIME_DEVICE_CPU_WORKERPOOL_H
#define SINTER_RUNTIME_DEVICE_CPU_WORKERPOOL_H

#include "runtime/core/Memory.h"
#include "runtime/core/Status.h"
#include "runtime/device/cpu/WaitWord.h"

#if !defined(__wasm__)
#include <pthread.h>
#endif

namespace sinter::rt {

constexpr uint32_t kMaxThreads = 256;

/// What is done in one dispatch; kernel as in sinter_abi.h.
struct Work {
  sinter_cpu_kernel kernel;
  void *const *bindings;
  const sinter_scalars *scalars;
  uint32_t items; // >= 1
};

class WorkerPool {
public:
  WorkerPool() = default;
  WorkerPool(const WorkerPool &) = delete;
  WorkerPool &operator=(const WorkerPool &) = delete;
  /// Stops and joins the threads.
  ~WorkerPool();

  /// threads: 1 to kMaxThreads, the caller of run included; scratchBytes for
  /// each.
  [[nodiscard]] Status start(uint32_t threads, uint64_t scratchBytes,
                             Fault &fault);
  uint32_t threads() const { return threads_; }

#if defined(__wasm__)
  /// Lends the calling thread to the started pool as worker `index`, until that
  /// pool ends; false if there is none, or it has no such worker. Threads are
  /// JavaScript's workers here: start() makes none.
  static bool serve(uint32_t index);
#endif

  /// Does all items; one caller at a time, who holds a FlushDenormals. Writes
  /// of the items happen before the return.
  void run(const Work &work);

private:
#if !defined(__wasm__)
  struct Worker {
    WorkerPool *pool;
    pthread_t thread;
    uint32_t index;
  };
  static void *entry(void *worker);
#endif
  /// The current dispatch; written between dispatches only.
  struct Task {
    Work work;
    uint64_t epoch; // counts dispatches, never repeats
  };

  Status startThreads(Fault &fault);
  void endThreads();
  void loop(uint32_t index);
  /// Claims and runs until nothing is left. lastEpoch: of this worker's last
  /// claim.
  void runShare(uint32_t index, uint64_t &lastEpoch);
  void waitForItems();
  void waitForDone();
  bool sharesProcessorWithCaller() const;
  void publish(const Work &work);
  uint8_t *scratch(uint32_t index) const {
    return scratch_.data() + index * scratchStride_;
  }

  // Written by everybody during a dispatch.
  alignas(64) std::atomic<uint64_t> claim_{0};
  alignas(64) WaitWord pending_; // items not yet done; the caller sleeps on it
  // Written by the caller once a dispatch.
  alignas(64) Task task_{};
  std::atomic<uint32_t> smallestShare_{1};
  std::atomic<int32_t> callerProcessor_{-1};
  // Sleeping.
  alignas(64) WaitWord
      published_; // changes with each dispatch; workers sleep on it
  std::atomic<uint32_t> sleepers_{0};
  std::atomic<uint32_t> callerSleeps_{0};
  WaitWord stop_; // resting workers sleep on it

  alignas(64) uint64_t callerEpoch_ = 0;
  uint32_t threads_ = 1;
  uint64_t scratchStride_ = 0;
  Block scratch_;
#if !defined(__wasm__)
  Array<Worker> workers_;
  uint32_t started_ = 0;
#endif
};

/// Denormal results become zero, as on all targets: they are slow and mean
/// nothing here. Restores the thread's own setting at the end.
class FlushDenormals {
public:
#if defined(__x86_64__)
  FlushDenormals() : saved_(_mm_getcsr()) {
    _mm_setcsr(saved_ | 0x8040u); // flush to zero, denormals are zero
  }
  ~FlushDenormals() { _mm_setcsr(saved_); }

private:
  unsigned saved_;
#elif defined(__aarch64__)
  FlushDenormals() {
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved_));
    uint64_t changed = saved_ | (uint64_t(1) << 24);
    __asm__ volatile("msr fpcr, %0" ::"r"(changed));
  }
  ~FlushDenormals() { __asm__ volatile("msr fpcr, %0" ::"r"(saved_)); }

private:
  uint64_t saved_;
#else
  FlushDenormals() {}
#endif
};

} // namespace sinter::rt
#endif
