// Hazards.h: which dispatches need a barrier before them: those that touch
// what an earlier one wrote since the last barrier, or write what one read.
#ifndef SINTER_RUNTIME_DEVICE_VULKAN_HAZARDS_H
#define SINTER_RUNTIME_DEVICE_VULKAN_HAZARDS_H

#include "runtime/core/Plan.h"

namespace sinter::rt {

class Hazards {
public:
  /// Adds a dispatch's bindings (bit i of written: binding i is written); true
  /// if a barrier must come before it, after which only it counts.
  bool add(const fb::Dispatch &dispatch, uint32_t written);

private:
  struct Access {
    const fb::Range *range;
    bool write;
  };
  static constexpr uint32_t kMaxAccesses = 256;
  bool conflicts(const Access &access) const;

  Access accesses_[kMaxAccesses];
  uint32_t count_ = 0;
};

} // namespace sinter::rt
#endif
