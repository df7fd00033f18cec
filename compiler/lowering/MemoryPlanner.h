// Offsets for byte ranges with lifetimes.
#pragma once

#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace sinter {

/// A range to place: alive from step `first` to step `last`, both included.
struct PlacedRange {
  int64_t bytes = 0;
  int64_t first = 0, last = 0;
  int64_t offset = 0; ///< set by placeRanges
};

/// Gives every range an offset that is a multiple of `alignment`, at `base` or
/// above, such that ranges alive at the same time do not overlap: largest
/// first, each at the lowest place that is free for its whole life.
/// Deterministic. Returns the end of the highest range (`base` if there is
/// none).
int64_t placeRanges(llvm::MutableArrayRef<PlacedRange> ranges, int64_t base,
                    int64_t alignment);

} // namespace sinter
