// Device.h: what the executor (core/Session) needs of a device. A device owns
// the weights and the kernels of one model; a DeviceSession the arena and the
// state of one conversation. Implementations: null/, cpu/. A new one starts as
// a copy of null/.
//
// Tables of functions instead of virtual classes: the runtime links without the
// C++ library. Functions on a DeviceSession are called by one thread at a time;
// run() of several sessions may be called at the same time.
#ifndef SINTER_RUNTIME_DEVICE_DEVICE_H
#define SINTER_RUNTIME_DEVICE_DEVICE_H

#include "runtime/core/Plan.h"

namespace sinter::rt {

struct Device;

/// Time spent in one dispatch of an entry point.
struct DispatchTime {
  uint64_t calls;
  uint64_t nanoseconds; // of all calls
  uint64_t lastBegin;   // of the last one, on the clock of core/Clock.h
};

/// Memory of one session. Implementations derive from it.
struct DeviceSession {
  Device *device;
};

struct DeviceTable {
  const char *name; // "cpu"

  /// Allocates arena and state, zero-filled. profile: run() fills times.
  Status (*createSession)(Device *device, bool profile, DeviceSession **session,
                          Fault &fault);
  void (*destroySession)(DeviceSession *session);

  /// Copies bytes to the beginning of a range of the arena (bytes <=
  /// range.bytes).
  void (*write)(DeviceSession *session, const fb::Range &range,
                const void *data, size_t bytes);
  /// Copies from offset in a range.
  void (*read)(DeviceSession *session, const fb::Range &range, uint64_t offset,
               void *data, size_t bytes);
  /// The address of a range where host memory is device memory, else null;
  /// valid until the next run.
  const void *(*view)(DeviceSession *session, const fb::Range &range);

  /// Runs the dispatches of an entry point in order and waits for them.
  Status (*run)(DeviceSession *session, EntryId entry,
                const sinter_scalars &scalars, Fault &fault);

  /// The times of an entry's dispatches (an element each), or null without
  /// profile.
  DispatchTime *(*times)(DeviceSession *session, EntryId entry);

  void (*destroy)(Device *device);
};

/// Implementations derive from it.
struct Device {
  const DeviceTable *table;
  const Plan *plan;          // outlives the device
  const char *variant;       // "avx2"; "" where there is no choice
  const char *variantReason; // why it was chosen
  uint32_t threads;
};

} // namespace sinter::rt
#endif
