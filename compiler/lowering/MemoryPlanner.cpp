// Greedy placement by size, as in Pisarchyk and Lee, arXiv 2001.03288 ("greedy
// by size for offset calculation").
#include "compiler/lowering/MemoryPlanner.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace sinter;

static bool meet(const PlacedRange &a, const PlacedRange &b) {
  return a.first <= b.last && b.first <= a.last;
}

int64_t sinter::placeRanges(llvm::MutableArrayRef<PlacedRange> ranges,
                            int64_t base, int64_t alignment) {
  llvm::SmallVector<size_t> order(ranges.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::stable_sort(order, [&](size_t a, size_t b) {
    return ranges[a].bytes > ranges[b].bytes;
  });
  int64_t top = base;
  llvm::SmallVector<size_t> placed; // by offset
  for (size_t index : order) {
    PlacedRange &range = ranges[index];
    range.offset = base;
    for (size_t other : placed) {
      const PlacedRange &busy = ranges[other];
      if (!meet(range, busy))
        continue;
      if (range.offset + range.bytes <= busy.offset)
        break;
      int64_t end = static_cast<int64_t>(
          llvm::alignTo(busy.offset + busy.bytes, alignment));
      range.offset = std::max(range.offset, end);
    }
    top = std::max(top, range.offset + range.bytes);
    placed.insert(llvm::upper_bound(placed, index,
                                    [&](size_t a, size_t b) {
                                      return ranges[a].offset <
                                             ranges[b].offset;
                                    }),
                  index);
  }
  return top;
}
