// WorkerPool.cpp: see the header for the protocol. Two pairs of sequentially
// consistent accesses make sure that no wake-up is lost: published_ / sleepers_
// (a dispatch against a worker that goes to sleep) and pending_ / callerSleeps_
// (the last items against a caller that goes to sleep).
#include "runtime/device/cpu/WorkerPool.h"
#include "runtime/core/Clock.h"

#if !defined(__wasm__)
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sched.h>
#endif

namespace sinter::rt {

namespace {

/// How long to spin before sleeping. Dispatches of a token follow each other
/// within microseconds; a preempted worker is away for milliseconds.
constexpr uint64_t kSpinNanoseconds = 40000;
#if defined(__wasm__) // no pause, and the clock is a call to JavaScript
constexpr uint32_t kPausesPerClock = 512;
#else
constexpr uint32_t kPausesPerClock = 16;
#endif
/// Guided shares: this part of what is left, for each thread.
constexpr uint32_t kShareOfRest = 2;
/// A share is at least one of this many parts of a thread's due, so that a
/// dispatch takes few claims.
constexpr uint32_t kPartsOfDue = 16;

/// How long a worker rests when it finds itself on the caller's processor.
constexpr uint64_t kSharedRestNanoseconds = 2000000;

/// The processor this thread runs on, or -1 where that is not known.
int32_t currentProcessor() {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

uint32_t left(uint64_t claim) { return static_cast<uint32_t>(claim); }

} // namespace

Status WorkerPool::start(uint32_t threads, uint64_t scratchBytes,
                         Fault &fault) {
  uint64_t bytes = 0;
  // A page between two threads' scratch: no line is shared, also by
  // prefetchers.
  scratchStride_ = roundUp(scratchBytes, 4096) + 4096;
  if (!checkedMul(scratchStride_, threads, bytes) || !scratch_.allocate(bytes))
    return fault.set(
        SINTER_OUT_OF_MEMORY,
        "no memory for the scratch of %u threads (%llu bytes each)", threads,
        static_cast<unsigned long long>(scratchBytes));
  threads_ = threads;
  return startThreads(fault);
}

WorkerPool::~WorkerPool() {
  stop_.value.store(1);
  stop_.wakeAll();
  published_.value.fetch_add(1);
  published_.wakeAll();
  endThreads();
}

#if defined(__wasm__)

namespace {
/// The pool that workers serve. One that ends takes its name away first, then
/// waits for those who may have read it.
std::atomic<WorkerPool *> served{nullptr};
WaitWord visitors;
} // namespace

Status WorkerPool::startThreads(Fault &fault) {
  WorkerPool *nobody = nullptr;
  if (threads_ > 1 && !served.compare_exchange_strong(nobody, this))
    return fault.set(SINTER_BUSY, "another model has the workers; close it");
  return SINTER_OK;
}

void WorkerPool::endThreads() {
  WorkerPool *mine = this;
  if (!served.compare_exchange_strong(mine, nullptr))
    return;
  while (uint32_t inside = visitors.value.load())
    visitors.sleep(inside);
}

bool WorkerPool::serve(uint32_t index) {
  visitors.value.fetch_add(1);
  WorkerPool *pool = served.load();
  bool known = pool && index > 0 && index < pool->threads_;
  if (known)
    pool->loop(index);
  visitors.value.fetch_sub(1);
  visitors.wakeAll();
  return known;
}

#else

Status WorkerPool::startThreads(Fault &fault) {
  constexpr size_t kStackBytes = 1u << 20;
  if (!workers_.allocate(threads_))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for %u threads",
                     threads_);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  // Signals are the application's; its handlers must not run on our threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = 0;
  for (uint32_t i = 1; i < threads_ && !failed; ++i) {
    workers_[i] = {this, {}, i};
    failed =
        pthread_create(&workers_[i].thread, &attributes, entry, &workers_[i]);
    if (!failed)
      started_ = i;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (failed)
    return fault.set(SINTER_OUT_OF_MEMORY, "cannot start thread %u of %u: %s",
                     started_ + 2, threads_, strerror(failed));
  return SINTER_OK;
}

void WorkerPool::endThreads() {
  for (uint32_t i = 1; i <= started_; ++i)
    pthread_join(workers_[i].thread, nullptr);
}

void *WorkerPool::entry(void *argument) {
  auto *worker = static_cast<Worker *>(argument);
#if defined(__linux__)
  char name[16];
  snprintf(name, sizeof(name), "sinter-%u", worker->index);
  pthread_setname_np(pthread_self(), name);
#endif
  worker->pool->loop(worker->index);
  return nullptr;
}

#endif

void WorkerPool::loop(uint32_t index) {
  FlushDenormals flush;
  uint64_t lastEpoch = 0;
  while (!stop_.value.load(std::memory_order_relaxed)) {
    if (sharesProcessorWithCaller()) {
      stop_.sleepFor(0, kSharedRestNanoseconds);
      continue;
    }
    runShare(index, lastEpoch);
    waitForItems();
  }
}

/// Where all processors are busy the system may wake a worker on the caller's.
/// There it only takes time from the caller, who then waits for it.
bool WorkerPool::sharesProcessorWithCaller() const {
  int32_t mine = currentProcessor();
  return mine >= 0 && mine == callerProcessor_.load(std::memory_order_relaxed);
}

void WorkerPool::publish(const Work &work) {
  // Nobody reads task_ now: all claimed items of the dispatch before are
  // counted.
  task_ = {work, task_.epoch + 1};
  uint32_t share = work.items / (threads_ * kPartsOfDue);
  smallestShare_.store(share ? share : 1, std::memory_order_relaxed);
  pending_.value.store(work.items, std::memory_order_relaxed);
  callerProcessor_.store(currentProcessor(), std::memory_order_relaxed);
  uint64_t sequence = (claim_.load(std::memory_order_relaxed) >> 32) + 1;
  claim_.store(sequence << 32 | work.items, std::memory_order_release);
  published_.value.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst))
    published_.wakeAll();
}

void WorkerPool::run(const Work &work) {
  if (threads_ == 1 || work.items == 1) {
    work.kernel(work.bindings, work.scalars, scratch(0), 0, work.items, 1);
    return;
  }
  publish(work);
  runShare(0, callerEpoch_);
  waitForDone();
}

void WorkerPool::runShare(uint32_t index, uint64_t &lastEpoch) {
  uint64_t word = claim_.load(std::memory_order_acquire);
  while (left(word)) {
    uint32_t rest = left(word);
    uint32_t share = rest / (threads_ * kShareOfRest);
    uint32_t smallest = smallestShare_.load(std::memory_order_relaxed);
    share = share < smallest ? smallest : share;
    share = share > rest ? rest : share;
    if (!claim_.compare_exchange_weak(word, word - share,
                                      std::memory_order_acquire,
                                      std::memory_order_acquire))
      continue;
    // From here until the items are counted, the dispatch cannot end.
    const Task &task = task_;
    int64_t begin = int64_t(task.work.items) - rest;
    int64_t first = task.epoch != lastEpoch;
    lastEpoch = task.epoch;
    task.work.kernel(task.work.bindings, task.work.scalars, scratch(index),
                     begin, begin + share, first);
    if (pending_.value.fetch_sub(share, std::memory_order_seq_cst) == share &&
        callerSleeps_.load(std::memory_order_seq_cst))
      pending_.wakeAll();
    word = claim_.load(std::memory_order_acquire);
  }
}

void WorkerPool::waitForItems() {
  uint64_t end = monotonicNanoseconds() + kSpinNanoseconds;
  do {
    for (uint32_t i = 0; i < kPausesPerClock; ++i) {
      if (left(claim_.load(std::memory_order_relaxed)))
        return;
      pauseHint();
    }
  } while (monotonicNanoseconds() < end);
  uint32_t seen = published_.value.load(std::memory_order_seq_cst);
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  if (!left(claim_.load(std::memory_order_seq_cst)) &&
      !stop_.value.load(std::memory_order_seq_cst))
    published_.sleep(seen);
  sleepers_.fetch_sub(1, std::memory_order_seq_cst);
}

void WorkerPool::waitForDone() {
  if (!pending_.value.load(std::memory_order_acquire))
    return;
  uint64_t end = monotonicNanoseconds() + kSpinNanoseconds;
  do {
    for (uint32_t i = 0; i < kPausesPerClock; ++i) {
      if (!pending_.value.load(std::memory_order_acquire))
        return;
      pauseHint();
    }
  } while (monotonicNanoseconds() < end);
  callerSleeps_.store(1, std::memory_order_seq_cst);
  while (uint32_t rest = pending_.value.load(std::memory_order_seq_cst))
    pending_.sleep(rest);
  callerSleeps_.store(0, std::memory_order_relaxed);
}

} // namespace sinter::rt
