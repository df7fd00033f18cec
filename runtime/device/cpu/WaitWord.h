// WaitWord.h: a 32-bit atomic that threads can sleep on (futex on Linux, its
// like in WebAssembly, elsewhere a mutex and a condition variable), and the
// processor's pause hint. WebAssembly without threads never sleeps.
#ifndef SINTER_RUNTIME_DEVICE_CPU_WAITWORD_H
#define SINTER_RUNTIME_DEVICE_CPU_WAITWORD_H

#include <atomic>
#include <cstdint>
#include <ctime>

#if defined(__linux__)
#include <climits>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif !defined(__wasm__)
#include <pthread.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sinter::rt {

/// Tells the processor that this is a waiting loop.
inline void pauseHint() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

/// A wake-up is never lost if the waker changes `value` before it calls wake,
/// and the sleeper announced itself (where the waker looks) before it calls
/// sleep.
class WaitWord {
public:
  std::atomic<uint32_t> value{0};

  /// Returns when woken, or at once if value is not expected; also for no
  /// reason.
  void sleep(uint32_t expected) {
#if defined(__linux__)
    syscall(SYS_futex, &value, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr,
            0);
#elif defined(__wasm__)
    wait(expected, -1);
#else
    pthread_mutex_lock(&mutex_);
    if (value.load() == expected)
      pthread_cond_wait(&condition_, &mutex_);
    pthread_mutex_unlock(&mutex_);
#endif
  }

  /// The same, for at most so long (elsewhere than on Linux for exactly so
  /// long).
  void sleepFor(uint32_t expected, uint64_t nanoseconds) {
#if defined(__wasm__)
    wait(expected, static_cast<int64_t>(nanoseconds));
#else
    timespec time;
    time.tv_sec = static_cast<time_t>(nanoseconds / 1000000000u);
    time.tv_nsec = static_cast<long>(nanoseconds % 1000000000u);
#if defined(__linux__)
    syscall(SYS_futex, &value, FUTEX_WAIT_PRIVATE, expected, &time, nullptr, 0);
#else
    if (value.load() == expected)
      nanosleep(&time, nullptr);
#endif
#endif
  }

  void wakeAll() {
#if defined(__linux__)
    syscall(SYS_futex, &value, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr,
            0);
#elif defined(__wasm_atomics__)
    __builtin_wasm_memory_atomic_notify(address(), ~0u);
#elif !defined(__wasm__)
    pthread_mutex_lock(&mutex_);
    pthread_cond_broadcast(&condition_);
    pthread_mutex_unlock(&mutex_);
#endif
  }

private:
  static_assert(sizeof(std::atomic<uint32_t>) == 4, "a futex is a plain word");
#if defined(__wasm__)
  int *address() { return reinterpret_cast<int *>(&value); }
  void wait(uint32_t expected, int64_t nanoseconds) {
#if defined(__wasm_atomics__)
    __builtin_wasm_memory_atomic_wait32(address(), static_cast<int>(expected),
                                        nanoseconds);
#else
    (void)expected;
    (void)nanoseconds;
#endif
  }
#elif !defined(__linux__)
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition_ = PTHREAD_COND_INITIALIZER;
#endif
};

} // namespace sinter::rt
#endif
