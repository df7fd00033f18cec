// Memory.cpp: large blocks through mmap. The reservation is made 2 MiB larger
// than asked, so that the used part can begin at a huge page; pages that are
// never touched cost nothing.
#include "runtime/core/Memory.h"

#include <sys/mman.h>

namespace sinter::rt {

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

} // namespace sinter::rt
