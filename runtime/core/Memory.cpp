// Memory.cpp: large blocks through mmap (in the browser from malloc). The
// reservation is made 2 MiB larger than asked, so that the used part can begin
// at a huge page; pages that are never touched cost nothing.
#include "runtime/core/Memory.h"

#if !defined(__wasm__)
#include <sys/mman.h>
#endif

namespace sinter::rt {

#if defined(__wasm__)

namespace {
constexpr uint64_t kPage = 64u << 10;
// The C library's malloc gives less than 2 GiB at a time, because sbrk() takes
// a signed number. What is larger than this gets pages of its own.
constexpr uint64_t kMostOfMalloc = 1u << 30;

/// Memory never becomes smaller: pages that were given back wait here for the
/// next block.
struct {
  void *begin;
  size_t bytes;
} spare;

/// A whole number of pages; null when there are none. bytes: how many are
/// wanted, then how many these are.
void *takePages(uint64_t wanted, size_t &bytes) {
  if (spare.bytes >= wanted) {
    void *begin = spare.begin;
    bytes = spare.bytes;
    spare = {};
    return begin;
  }
  if (wanted > SIZE_MAX - kPage)
    return nullptr;
  auto pages = static_cast<size_t>(roundUp(wanted, kPage) / kPage);
  size_t before = __builtin_wasm_memory_grow(0, pages);
  if (before == SIZE_MAX)
    return nullptr;
  bytes = pages * kPage;
  return reinterpret_cast<void *>(before * kPage);
}

/// Keeps the larger of two that wait.
void givePages(void *begin, size_t bytes) {
  if (bytes > spare.bytes)
    spare = {begin, bytes};
}
} // namespace

bool Block::allocate(uint64_t bytes) {
  constexpr uint64_t kAlignment = 64;
  if (data_)
    return false;
  if (bytes > kMostOfMalloc)
    base_ = takePages(bytes, mapped_);
  else
    base_ = aligned_alloc(kAlignment, static_cast<size_t>(roundUp(
                                          bytes ? bytes : 1, kAlignment)));
  if (!base_)
    return false;
  data_ = static_cast<uint8_t *>(base_);
  size_ = bytes;
  return true;
}

Block::~Block() {
  if (mapped_)
    givePages(base_, mapped_);
  else
    free(base_);
}

#else

namespace {
constexpr uint64_t kHugePage = 2u << 20;
constexpr uint64_t kSmallPage = 64u << 10;
} // namespace

bool Block::allocate(uint64_t bytes) {
  if (data_)
    return false;
  uint64_t alignment = bytes >= kHugePage ? kHugePage : kSmallPage;
  uint64_t total = 0;
  if (!checkedAdd(bytes ? bytes : 1, 2 * alignment, total) ||
      total > SIZE_MAX / 2)
    return false;
  total = roundUp(total, alignment);
  void *base = mmap(nullptr, static_cast<size_t>(total), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED)
    return false;
  auto address = reinterpret_cast<uintptr_t>(base);
  base_ = base;
  mapped_ = static_cast<size_t>(total);
  data_ =
      static_cast<uint8_t *>(base) + (roundUp(address, alignment) - address);
  size_ = bytes;
#ifdef MADV_HUGEPAGE
  if (alignment == kHugePage)
    (void)madvise(data_, static_cast<size_t>(roundUp(bytes, kHugePage)),
                  MADV_HUGEPAGE);
#endif
  return true;
}

Block::~Block() {
  if (base_)
    munmap(base_, mapped_);
}

#endif

} // namespace sinter::rt
