// NullDevice.cpp: see NullDevice.h. The arena is real, the state is not:
// nothing here reads a cache.
#include "runtime/device/null/NullDevice.h"

#include <cstring>

namespace sinter::rt {

namespace {

struct NullSession : DeviceSession {
  Block arena;
  Array<DispatchTime> times[kEntryCount];
  bool profile;
};

NullSession &of(DeviceSession *session) {
  return *static_cast<NullSession *>(session);
}

Status createSession(Device *device, bool profile, DeviceSession **session,
                     Fault &fault) {
  Owner<NullSession> made(createObject<NullSession>());
  if (!made || !made->arena.allocate(device->plan->root().arena_bytes()))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for the arena");
  made->device = device;
  made->profile = profile;
  for (uint32_t id = 0; id < kEntryCount; ++id)
    if (const fb::Entry *entry = device->plan->entry(EntryId(id)))
      if (!made->times[id].allocate(
              entry->dispatches() ? entry->dispatches()->size() : 0))
        return fault.set(SINTER_OUT_OF_MEMORY, "no memory for the profile");
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

const void *view(DeviceSession *, const fb::Range &) { return nullptr; }

Status run(DeviceSession *session, EntryId entry, const sinter_scalars &,
           Fault &) {
  for (DispatchTime &time : of(session).times[entry])
    ++time.calls;
  return SINTER_OK;
}

DispatchTime *times(DeviceSession *session, EntryId entry) {
  return of(session).profile ? of(session).times[entry].data() : nullptr;
}

void destroy(Device *device) { destroyObject(device); }

constexpr DeviceTable kTable = {"null", createSession, destroySession,
                                write,  read,          view,
                                run,    times,         destroy};

} // namespace

Status createNullDevice(const Plan &plan, Device **device, Fault &fault) {
  Device *made = createObject<Device>();
  if (!made)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for the device");
  *made = {&kTable, &plan, "", "the null device has no kernels", 1};
  *device = made;
  return SINTER_OK;
}

} // namespace sinter::rt
