// CpuDevice.cpp: at session creation every dispatch is resolved to a function
// pointer and an array of addresses; a run is a loop over them. Runs of several
// sessions take turns through a ticket lock, in order of arrival.
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/core/Clock.h"
#include "runtime/core/Processors.h"
#include "runtime/device/cpu/CpuFeatures.h"
#include "runtime/device/cpu/WeightStore.h"

#include <cstring>

namespace sinter::rt {

namespace {

/// First come, first served; sleeps while it waits.
class TicketLock {
public:
  void lock() {
    uint32_t ticket = next_.fetch_add(1);
    for (;;) {
      uint32_t now = serving_.value.load();
      if (now == ticket)
        return;
      waiting_.fetch_add(1);
      if (serving_.value.load() == now)
        serving_.sleep(now);
      waiting_.fetch_sub(1);
    }
  }
  void unlock() {
    serving_.value.fetch_add(1);
    if (waiting_.load())
      serving_.wakeAll();
  }

private:
  std::atomic<uint32_t> next_{0};
  std::atomic<uint32_t> waiting_{0};
  WaitWord serving_;
};

struct CpuDevice : Device {
  WorkerPool pool;
  WeightStore weights;
  const sinter_cpu_variant *chosen = nullptr;
  TicketLock turn;
  char reason[160] = {};
};

/// A dispatch, ready to run.
struct Prepared {
  sinter_cpu_kernel kernel;
  void *const *bindings;
  const fb::Dispatch *dispatch;
};

struct CpuSession : DeviceSession {
  Block arena, state;
  Array<void *> bindings; // of all dispatches
  Array<Prepared> entries[kEntryCount];
  Array<DispatchTime> times[kEntryCount];
  bool profile = false;
};

CpuSession &of(DeviceSession *session) {
  return *static_cast<CpuSession *>(session);
}
CpuDevice &deviceOf(DeviceSession *session) {
  return *static_cast<CpuDevice *>(session->device);
}

void *address(const CpuSession &session, const CpuDevice &device,
              const fb::Range &range) {
  switch (range.space()) {
  case fb::Space_weights: // kernels get plain pointers, and read these only
    return const_cast<uint8_t *>(device.weights.data()) + range.offset();
  case fb::Space_arena:
    return session.arena.data() + range.offset();
  default:
    return session.state.data() + range.offset();
  }
}

bool prepare(CpuSession &session, const CpuDevice &device) {
  size_t total = 0;
  for (uint32_t id = 0; id < kEntryCount; ++id)
    if (const fb::Entry *entry = device.plan->entry(EntryId(id)))
      for (const fb::Dispatch *dispatch : *entry->dispatches())
        total += dispatch->bindings() ? dispatch->bindings()->size() : 0;
  if (!session.bindings.allocate(total))
    return false;
  size_t at = 0;
  for (uint32_t id = 0; id < kEntryCount; ++id) {
    const fb::Entry *entry = device.plan->entry(EntryId(id));
    if (!entry)
      continue;
    uint32_t count = entry->dispatches()->size();
    if (!session.entries[id].allocate(count) ||
        !session.times[id].allocate(session.profile ? count : 0))
      return false;
    for (uint32_t d = 0; d < count; ++d) {
      const fb::Dispatch *dispatch = entry->dispatches()->Get(d);
      session.entries[id][d] = {device.chosen->kernels[dispatch->kernel()],
                                session.bindings.data() + at, dispatch};
      if (const auto *ranges = dispatch->bindings())
        for (const fb::Range *range : *ranges)
          session.bindings[at++] = address(session, device, *range);
    }
  }
  return true;
}

Status createSession(Device *base, bool profile, DeviceSession **session,
                     Fault &fault) {
  auto &device = *static_cast<CpuDevice *>(base);
  Owner<CpuSession> made(createObject<CpuSession>());
  const fb::Plan &plan = device.plan->root();
  if (!made || !made->arena.allocate(plan.arena_bytes()) ||
      !made->state.allocate(plan.state_bytes()))
    return fault.set(SINTER_OUT_OF_MEMORY,
                     "no memory for a session: %llu bytes of activations and "
                     "%llu of KV cache; compile with a smaller --context",
                     static_cast<unsigned long long>(plan.arena_bytes()),
                     static_cast<unsigned long long>(plan.state_bytes()));
  made->device = base;
  made->profile = profile;
  if (!prepare(*made, device))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for the dispatches");
  *session = made.release();
  return SINTER_OK;
}

void destroySession(DeviceSession *session) { destroyObject(&of(session)); }

void write(DeviceSession *session, const fb::Range &range, const void *data,
           size_t bytes) {
  memcpy(of(session).arena.data() + range.offset(), data, bytes);
}

void read(DeviceSession *session, const fb::Range &range, uint64_t offset,
          void *data, size_t bytes) {
  memcpy(data, of(session).arena.data() + range.offset() + offset, bytes);
}

const void *view(DeviceSession *session, const fb::Range &range) {
  return of(session).arena.data() + range.offset();
}

Status run(DeviceSession *base, EntryId entry, const sinter_scalars &scalars,
           Fault &) {
  CpuSession &session = of(base);
  CpuDevice &device = deviceOf(base);
  device.turn.lock();
  {
    FlushDenormals flush;
    auto tokens = static_cast<uint64_t>(scalars.token_count);
    uint64_t before = session.profile ? monotonicNanoseconds() : 0;
    size_t count = session.entries[entry].size();
    for (size_t d = 0; d < count; ++d) {
      const Prepared &prepared = session.entries[entry][d];
      device.pool.run({prepared.kernel, prepared.bindings, &scalars,
                       Plan::items(*prepared.dispatch, tokens)});
      if (session.profile) {
        uint64_t now = monotonicNanoseconds();
        DispatchTime &time = session.times[entry][d];
        time.calls += 1;
        time.nanoseconds += now - before;
        time.lastBegin = before;
        before = now;
      }
    }
  }
  device.turn.unlock();
  return SINTER_OK;
}

DispatchTime *times(DeviceSession *session, EntryId entry) {
  return of(session).profile ? of(session).times[entry].data() : nullptr;
}

void destroy(Device *device) {
  destroyObject(static_cast<CpuDevice *>(device));
}

constexpr DeviceTable kTable = {"cpu", createSession, destroySession,
                                write, read,          view,
                                run,   times,         destroy};

Status checkModule(const sinter_cpu_module &module, const Plan &plan,
                   Fault &fault) {
  if (module.magic != SINTER_MODULE_MAGIC)
    return fault.set(SINTER_CORRUPT, "the CPU kernel module has no magic");
  if (module.abi_version != SINTER_ABI_VERSION)
    return fault.set(SINTER_VERSION_MISMATCH,
                     "the CPU kernels have interface version %u, this runtime "
                     "has %u; compile the model again",
                     module.abi_version, SINTER_ABI_VERSION);
  uint32_t kernels = plan.root().kernels() ? plan.root().kernels()->size() : 0;
  if (memcmp(module.plan_sha256, plan.sha256(), 32) != 0 ||
      module.kernel_count != kernels)
    return fault.set(SINTER_VERSION_MISMATCH,
                     "the CPU kernels belong to another plan.fb; compile the "
                     "model again, or link the kernels of this bundle");
  return SINTER_OK;
}

uint64_t scratchBytes(const Plan &plan) {
  uint64_t largest = 0;
  if (const auto *kernels = plan.root().kernels())
    for (const fb::Kernel *kernel : *kernels)
      largest =
          kernel->scratch_bytes() > largest ? kernel->scratch_bytes() : largest;
  return largest;
}

} // namespace

uint8_t *cpuDeviceWeights(Device &device) {
  return device.table == &kTable
             ? static_cast<CpuDevice &>(device).weights.room()
             : nullptr;
}

Status createCpuDevice(const Bundle &bundle, const sinter_cpu_module &module,
                       const CpuDeviceOptions &options, Device **device,
                       Fault &fault) {
  const Plan &plan = bundle.plan;
  Owner<CpuDevice> made(createObject<CpuDevice>());
  if (!made)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for the device");
  if (Status status = checkModule(module, plan, fault))
    return status;
  if (Status status = chooseVariant(module, detectCpuFeatures(),
                                    options.variant, &made->chosen,
                                    made->reason, sizeof(made->reason), fault))
    return status;
  uint32_t threads = options.threads ? options.threads : usableProcessors();
  threads = threads > kMaxThreads ? kMaxThreads : threads;
  if (Status status = made->pool.start(threads, scratchBytes(plan), fault))
    return status;
  if (Status status =
          made->weights.load(bundle, options.weightsMode, options.verifyWeights,
                             made->pool, fault))
    return status;
  made->table = &kTable;
  made->plan = &plan;
  made->variant = made->chosen->name;
  made->variantReason = made->reason;
  made->threads = threads;
  *device = made.release();
  return SINTER_OK;
}

} // namespace sinter::rt
