// WorkerPoolTest.cpp: every item once, in disjoint runs, whatever the number of
// items and threads; `first` once per worker and dispatch; sleeping and waking.
// Built with ThreadSanitizer, this is the proof that the protocol has no races:
// items and results are plain memory.
#include "runtime/device/cpu/WorkerPool.h"

#include <chrono>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

using namespace sinter::rt;

namespace {

struct Job {
  std::vector<uint32_t> *marks;
  uint32_t value;
  std::atomic<uint32_t> firsts{0};
  std::atomic<uint32_t> scratchErrors{0};
};

/// Marks items; checks that scratch is kept within a dispatch and is private.
void markItems(void *const *bindings, const sinter_scalars *scalars,
               void *scratch, int64_t begin, int64_t end, int64_t first) {
  Job &job = *static_cast<Job *>(bindings[0]);
  auto *mine = static_cast<int64_t *>(scratch);
  if (first) {
    mine[0] = scalars->position;
    ++job.firsts;
  } else if (mine[0] != scalars->position) {
    ++job.scratchErrors;
  }
  for (int64_t i = begin; i < end; ++i)
    (*job.marks)[size_t(i)] += job.value;
}

void runAndCheck(WorkerPool &pool, uint32_t items, int64_t round) {
  std::vector<uint32_t> marks(items, 0);
  Job job;
  job.marks = &marks;
  job.value = 3;
  void *bindings[] = {&job};
  sinter_scalars scalars = {1, round, 0};
  pool.run({markItems, bindings, &scalars, items});
  for (uint32_t mark : marks)
    ASSERT_EQ(mark, 3u);
  EXPECT_GE(job.firsts.load(), 1u);
  EXPECT_LE(job.firsts.load(), pool.threads());
  EXPECT_EQ(job.scratchErrors.load(), 0u);
}

class WorkerPoolTest : public testing::TestWithParam<uint32_t> {
protected:
  void SetUp() override {
    Fault fault(nullptr);
    ASSERT_EQ(pool.start(GetParam(), 64, fault), SINTER_OK);
  }
  WorkerPool pool;
};

TEST_P(WorkerPoolTest, AllSizes) {
  int64_t round = 0;
  for (uint32_t items = 1; items <= 70; ++items)
    for (int i = 0; i < 10; ++i)
      runAndCheck(pool, items, ++round);
  for (uint32_t items : {127u, 128u, 1000u, 4097u, 100000u})
    runAndCheck(pool, items, ++round);
}

TEST_P(WorkerPoolTest, ManyInSuccession) {
  // Results of one dispatch are the input of the next, as in a model.
  std::vector<uint32_t> marks(61, 0);
  sinter_scalars scalars = {1, 0, 0};
  constexpr uint32_t kRounds = 5000;
  for (uint32_t round = 0; round < kRounds; ++round) {
    Job job;
    job.marks = &marks;
    job.value = 1;
    void *bindings[] = {&job};
    scalars.position = round;
    pool.run({markItems, bindings, &scalars, 1 + round % 61});
    ASSERT_EQ(job.scratchErrors.load(), 0u);
  }
  uint64_t sum = 0;
  for (uint32_t mark : marks)
    sum += mark;
  uint64_t expected = 0;
  for (uint32_t round = 0; round < kRounds; ++round)
    expected += 1 + round % 61;
  EXPECT_EQ(sum, expected);
}

TEST_P(WorkerPoolTest, SleepsAndWakes) {
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(i % 3));
    runAndCheck(pool, 50, i);
  }
}

/// Items that take long in one worker: the caller has to sleep until they are
/// done.
void slowItems(void *const *bindings, const sinter_scalars *, void *,
               int64_t begin, int64_t end, int64_t) {
  for (int64_t i = begin; i < end; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(i == 1 ? 3000 : 50));
    static_cast<uint32_t *const *>(
        static_cast<void *>(const_cast<void **>(bindings)))[0][i] = 1;
  }
}

TEST_P(WorkerPoolTest, UnevenItems) {
  for (int i = 0; i < 5; ++i) {
    uint32_t marks[8] = {};
    void *bindings[] = {marks};
    sinter_scalars scalars = {1, 0, 0};
    pool.run({slowItems, bindings, &scalars, 8});
    for (uint32_t mark : marks)
      EXPECT_EQ(mark, 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, WorkerPoolTest,
                         testing::Values(1u, 2u, 3u, 8u));

TEST(WorkerPool, StartsAndStopsAtOnce) {
  for (int i = 0; i < 50; ++i) {
    WorkerPool pool;
    Fault fault(nullptr);
    ASSERT_EQ(pool.start(4, 100, fault), SINTER_OK);
    if (i % 2)
      runAndCheck(pool, 30, i);
  }
}

TEST(WorkerPool, ScratchTooLarge) {
  WorkerPool pool;
  sinter_error error;
  Fault fault(&error);
  EXPECT_EQ(pool.start(8, uint64_t(1) << 61, fault), SINTER_OUT_OF_MEMORY);
}

} // namespace
