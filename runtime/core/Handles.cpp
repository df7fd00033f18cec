// Handles.cpp: a slot's word is generation (32 bits), kind (8), users (24); all
// transitions are compare-and-swap on it. The object pointer is written while
// the slot is Reserved and read only by users.
#include "runtime/core/Handles.h"

#include <atomic>

namespace sinter::rt {

namespace {

constexpr unsigned kIndexBits = 12;
constexpr uint32_t kSlots = 1u << kIndexBits;
constexpr uint64_t kUsersMask = 0xffffff;
constexpr uint64_t kExclusive = kUsersMask;

struct Slot {
  std::atomic<uint64_t> word;
  std::atomic<void *> object;
};
Slot slots[kSlots]; // zero: Free, generation 0

/// The part of the generation that fits into a handle.
uintptr_t handleGeneration(uint64_t word) {
  uintptr_t generation = static_cast<uintptr_t>(word >> 32);
  return generation & (UINTPTR_MAX >> (kIndexBits + 2));
}
uint64_t makeWord(uint64_t generation, HandleKind kind, uint64_t users) {
  return generation << 32 | static_cast<uint64_t>(kind) << 24 | users;
}
HandleKind kindOf(uint64_t word) {
  return static_cast<HandleKind>(word >> 24 & 0xff);
}

/// Slot of a handle that belongs to kind (with its word), or null.
Slot *find(uintptr_t handle, HandleKind kind, uint64_t &word) {
  if ((handle & 3) != 1)
    return nullptr;
  Slot &slot = slots[handle >> 2 & (kSlots - 1)];
  word = slot.word.load(std::memory_order_acquire);
  if (kindOf(word) != kind ||
      handleGeneration(word) != handle >> (kIndexBits + 2))
    return nullptr;
  return &slot;
}

} // namespace

uintptr_t handleCreate(HandleKind kind, void *object) {
  for (uint32_t i = 0; i < kSlots; ++i) {
    Slot &slot = slots[i];
    uint64_t word = slot.word.load(std::memory_order_relaxed);
    if (kindOf(word) != HandleKind::Free)
      continue;
    uint64_t generation = (word >> 32) + 1;
    if (!slot.word.compare_exchange_strong(
            word, makeWord(generation & 0xffffffff, HandleKind::Reserved, 0)))
      continue;
    slot.object.store(object, std::memory_order_relaxed);
    word = makeWord(generation & 0xffffffff, kind, 0);
    slot.word.store(word, std::memory_order_release);
    return handleGeneration(word) << (kIndexBits + 2) | uintptr_t(i) << 2 | 1;
  }
  return 0;
}

Status handleAcquire(uintptr_t handle, HandleKind kind, bool exclusive,
                     void **object) {
  for (;;) {
    uint64_t word = 0;
    Slot *slot = find(handle, kind, word);
    if (!slot)
      return SINTER_INVALID_HANDLE;
    uint64_t users = word & kUsersMask;
    if (users >= kExclusive - 1 || (exclusive && users))
      return SINTER_BUSY;
    uint64_t next = exclusive ? word | kExclusive : word + 1;
    if (slot->word.compare_exchange_weak(word, next,
                                         std::memory_order_acq_rel)) {
      *object = slot->object.load(std::memory_order_relaxed);
      return SINTER_OK;
    }
  }
}

void handleRelease(uintptr_t handle, bool exclusive) {
  Slot &slot = slots[handle >> 2 & (kSlots - 1)];
  slot.word.fetch_sub(exclusive ? kExclusive : 1, std::memory_order_acq_rel);
}

Status handleClose(uintptr_t handle, HandleKind kind, void **object) {
  uint64_t word = 0;
  Slot *slot = find(handle, kind, word);
  if (!slot)
    return SINTER_INVALID_HANDLE;
  if (word & kUsersMask)
    return SINTER_BUSY;
  // Reserved first: the object must be read before the slot can be reused.
  uint64_t reserved = makeWord(word >> 32, HandleKind::Reserved, 0);
  if (!slot->word.compare_exchange_strong(word, reserved))
    return kindOf(word) == kind ? SINTER_BUSY : SINTER_INVALID_HANDLE;
  *object = slot->object.load(std::memory_order_relaxed);
  slot->word.store(makeWord(word >> 32, HandleKind::Free, 0),
                   std::memory_order_release);
  return SINTER_OK;
}

} // namespace sinter::rt
