// Handles.h: the opaque pointers of sinter.h are numbers in disguise (slot and
// generation in a fixed table), so that a null, closed, foreign or busy handle
// is recognised without touching freed memory. A slot counts its users:
// exclusive use for sessions, samplers and streams; shared use for models,
// which each of these also keeps while it exists, so that a model cannot be
// closed below them.
#ifndef SINTER_RUNTIME_CORE_HANDLES_H
#define SINTER_RUNTIME_CORE_HANDLES_H

#include "runtime/core/Status.h"

namespace sinter::rt {

enum class HandleKind : uint8_t {
  Free = 0,
  Model,
  Session,
  Sampler,
  TextStream,
  Reserved
};

/// A handle for object, or 0 when all 4096 are in use.
[[nodiscard]] uintptr_t handleCreate(HandleKind kind, void *object);

/// INVALID_HANDLE or BUSY; else *object may be used until handleRelease.
[[nodiscard]] Status handleAcquire(uintptr_t handle, HandleKind kind,
                                   bool exclusive, void **object);
void handleRelease(uintptr_t handle, bool exclusive);

/// Ends a handle that nobody uses; *object is the caller's to destroy.
[[nodiscard]] Status handleClose(uintptr_t handle, HandleKind kind,
                                 void **object);

/// A handle in use, until the end of the scope.
template <typename T, HandleKind Kind, bool Exclusive> class Using {
public:
  explicit Using(const void *handle)
      : handle_(reinterpret_cast<uintptr_t>(handle)) {
    void *object = nullptr;
    status = handleAcquire(handle_, Kind, Exclusive, &object);
    object_ = static_cast<T *>(object);
  }
  Using(const Using &) = delete;
  Using &operator=(const Using &) = delete;
  ~Using() {
    if (status == SINTER_OK)
      handleRelease(handle_, Exclusive);
  }
  T *operator->() const { return object_; }
  T &operator*() const { return *object_; }

  /// The status, described.
  [[nodiscard]] Status report(Fault &fault) const {
    if (status == SINTER_BUSY)
      return fault.set(status, "the handle is in use by another call");
    return fault.set(status, "the handle is null, closed or of another kind");
  }

  Status status;

private:
  uintptr_t handle_;
  T *object_ = nullptr;
};

} // namespace sinter::rt
#endif
