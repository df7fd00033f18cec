// Construction of caches, and rounding to f16.
#include "compiler/reference/Tensor.h"

#include "llvm/ADT/APFloat.h"

using namespace sinter::reference;

KvCache::KvCache(int64_t kvHeads, int64_t capacity, int64_t headDim, bool half)
    : kvHeads(kvHeads), capacity(capacity), headDim(headDim), half(half),
      keys(static_cast<size_t>(kvHeads * capacity * headDim)),
      values(keys.size()) {}

float sinter::reference::roundToHalf(float value) {
  llvm::APFloat number(value);
  bool inexact;
  number.convert(llvm::APFloat::IEEEhalf(), llvm::APFloat::rmNearestTiesToEven,
                 &inexact);
  return number.convertToFloat();
}
