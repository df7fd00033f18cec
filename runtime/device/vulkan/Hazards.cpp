// Hazards.cpp: see the header. Weights are never written and not kept.
#include "runtime/device/vulkan/Hazards.h"

namespace sinter::rt {

bool Hazards::conflicts(const Access &access) const {
  for (uint32_t i = 0; i < count_; ++i) {
    const Access &before = accesses_[i];
    const fb::Range &a = *access.range, &b = *before.range;
    if ((access.write || before.write) && a.space() == b.space() &&
        a.offset() < b.offset() + b.bytes() &&
        b.offset() < a.offset() + a.bytes())
      return true;
  }
  return false;
}

bool Hazards::add(const fb::Dispatch &dispatch, uint32_t written) {
  const auto *ranges = dispatch.bindings();
  uint32_t count = ranges ? ranges->size() : 0;
  bool barrier = count_ + count > kMaxAccesses;
  for (uint32_t i = 0; i < count && !barrier; ++i)
    barrier = conflicts({ranges->Get(i), (written >> i & 1) != 0});
  if (barrier)
    count_ = 0;
  for (uint32_t i = 0; i < count; ++i)
    if (ranges->Get(i)->space() != fb::Space_weights)
      accesses_[count_++] = {ranges->Get(i), (written >> i & 1) != 0};
  return barrier;
}

} // namespace sinter::rt
