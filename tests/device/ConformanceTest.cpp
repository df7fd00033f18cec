// ConformanceTest.cpp: what every device must do (runtime/device/Device.h), run
// on each. Devices that compute nothing are exempt from checks of results, not
// from any other.
#include "ToyModel.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/null/NullDevice.h"

#include <gtest/gtest.h>
#include <thread>

using namespace sinter;
using namespace sinter::rt;

namespace {

struct DeviceRow {
  const char *name;
  bool computes;
  uint32_t threads;
};

class Conformance : public testing::TestWithParam<DeviceRow> {
protected:
  void SetUp() override {
    Fault fault(&error);
    ASSERT_EQ(bundle.open(toyBundle.dir().c_str(), fault), SINTER_OK)
        << error.message;
    Status status = SINTER_OK;
    if (GetParam().computes) {
      CpuDeviceOptions options = {GetParam().threads, SINTER_WEIGHTS_AUTO,
                                  false, nullptr};
      status =
          createCpuDevice(bundle, toyBundle.module(), options, &device, fault);
    } else {
      status = createNullDevice(bundle.plan, &device, fault);
    }
    ASSERT_EQ(status, SINTER_OK) << error.message;
  }
  void TearDown() override {
    if (device)
      device->table->destroy(device);
  }
  DeviceSession *session(bool profile = false) {
    Fault fault(&error);
    DeviceSession *made = nullptr;
    EXPECT_EQ(device->table->createSession(device, profile, &made, fault),
              SINTER_OK)
        << error.message;
    return made;
  }
  void run(DeviceSession *s, EntryId entry, sinter_scalars scalars) {
    Fault fault(nullptr);
    EXPECT_EQ(device->table->run(s, entry, scalars, fault), SINTER_OK);
  }
  /// Feeds tokens through decode, asks for the likeliest next one.
  int32_t next(DeviceSession *s, const std::vector<int32_t> &history) {
    const DeviceTable &t = *device->table;
    for (size_t i = 0; i < history.size(); ++i) {
      t.write(s, bundle.plan.tokens(), &history[i], 4);
      run(s, kDecode, {1, int64_t(i), 0});
    }
    run(s, kHead, {1, int64_t(history.size()), 0});
    run(s, kGreedy, {1, int64_t(history.size()), 0});
    int32_t token = -1;
    t.read(s, bundle.plan.nextToken(), 0, &token, 4);
    return token;
  }

  sinter_error error{};
  toy::ToyBundle toyBundle;
  Bundle bundle;
  Device *device = nullptr;
};

TEST_P(Conformance, SaysWhatItIs) {
  EXPECT_NE(device->table->name, nullptr);
  EXPECT_NE(device->variant, nullptr);
  EXPECT_NE(device->variantReason, nullptr);
  EXPECT_GE(device->threads, 1u);
  EXPECT_EQ(device->plan, &bundle.plan);
}

TEST_P(Conformance, BuffersStartAtZeroAndKeepWhatIsWritten) {
  DeviceSession *s = session();
  const DeviceTable &t = *device->table;
  int32_t values[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  t.read(s, bundle.plan.tokens(), 0, values, sizeof(values));
  for (int32_t value : values)
    EXPECT_EQ(value, 0);
  const int32_t written[3] = {7, 8, 9};
  t.write(s, bundle.plan.tokens(), written, sizeof(written));
  t.read(s, bundle.plan.tokens(), 4, values, 8);
  EXPECT_EQ(values[0], 8);
  EXPECT_EQ(values[1], 9);
  if (const void *view = t.view(s, bundle.plan.tokens()))
    EXPECT_EQ(static_cast<const int32_t *>(view)[2], 9);
  t.destroySession(s);
}

TEST_P(Conformance, SessionsDoNotShareMemory) {
  DeviceSession *first = session(), *second = session();
  const int32_t value = 5;
  int32_t read = -1;
  device->table->write(first, bundle.plan.tokens(), &value, 4);
  device->table->read(second, bundle.plan.tokens(), 0, &read, 4);
  EXPECT_EQ(read, 0);
  int32_t a = next(first, {3, 1, 4, 1, 5}), b = next(second, {2, 7});
  int32_t again = next(first, {3, 1, 4, 1, 5});
  EXPECT_EQ(a, again);
  if (GetParam().computes) {
    EXPECT_EQ(a, toy::toyNext({3, 1, 4, 1, 5}));
    EXPECT_EQ(b, toy::toyNext({2, 7}));
  }
  device->table->destroySession(first);
  device->table->destroySession(second);
}

TEST_P(Conformance, PrefillAndDecodeAgree) {
  DeviceSession *s = session();
  const std::vector<int32_t> history = {10, 20, 30, 40, 50, 60, 70};
  int32_t byDecode = next(s, history);
  device->table->write(s, bundle.plan.tokens(), history.data(),
                       history.size() * 4);
  run(s, kPrefill, {7, 0, 0});
  run(s, kHead, {1, 7, 6});
  run(s, kGreedy, {1, 7, 0});
  int32_t token = -1;
  device->table->read(s, bundle.plan.nextToken(), 0, &token, 4);
  EXPECT_EQ(token, byDecode);
  device->table->destroySession(s);
}

TEST_P(Conformance, Profile) {
  DeviceSession *plain = session(), *profiled = session(true);
  EXPECT_EQ(device->table->times(plain, kDecode), nullptr);
  next(profiled, {1, 2, 3});
  DispatchTime *times = device->table->times(profiled, kDecode);
  ASSERT_NE(times, nullptr);
  EXPECT_EQ(times[0].calls, 3u);
  EXPECT_EQ(times[1].calls, 3u);
  device->table->destroySession(plain);
  device->table->destroySession(profiled);
}

TEST_P(Conformance, ConcurrentRuns) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([this, t] {
      sinter_error mine;
      Fault fault(&mine);
      DeviceSession *s = nullptr;
      ASSERT_EQ(device->table->createSession(device, false, &s, fault),
                SINTER_OK);
      for (int i = 0; i < 50; ++i) {
        int32_t token = next(s, {t, i, 5});
        if (GetParam().computes)
          ASSERT_EQ(token, toy::toyNext({t, i, 5}));
      }
      device->table->destroySession(s);
    });
  for (std::thread &thread : threads)
    thread.join();
}

INSTANTIATE_TEST_SUITE_P(Devices, Conformance,
                         testing::Values(DeviceRow{"null", false, 1},
                                         DeviceRow{"cpu1", true, 1},
                                         DeviceRow{"cpu2", true, 2},
                                         DeviceRow{"cpu4", true, 4}),
                         [](const auto &info) { return info.param.name; });

} // namespace
