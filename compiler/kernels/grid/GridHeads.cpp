// Heads and the KV cache on a grid (GridHeads.h).
#include "compiler/kernels/grid/GridHeads.h"

#include "compiler/kernels/Layout.h"
#include "compiler/kernels/grid/GridNorms.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

void sinter::kernels::emitHead(GridShell &k, const HeadRows &rows, Value token,
                               Value head, Value position, Value scale,
                               Value to, const LaneElements &lanes) {
  Value memory = k.binding(rows.source.argument);
  Value at =
      k.add(k.add(k.mul(token, rows.source.stride), k.mul(head, rows.headDim)),
            rows.source.offset);
  GridNormFactors factors;
  LaneSums alone(k);
  if (rows.normWeight)
    factors = gridNormFactors(
        k, rows, rows.headDim,
        [&](Value d) { return k.load(memory, k.add(at, d)); }, alone);
  Value weights = rows.normOfEachGroup ? k.mul(head, rows.headDim) : k.index(0);
  auto element = [&](Value d) {
    Value x = k.load(memory, k.add(at, d));
    if (rows.normWeight)
      x = gridNormalize(k, rows, factors, x, k.add(weights, d));
    return scale ? k.mulf(x, scale) : x;
  };
  int64_t rotated = rows.ropeTable ? rows.ropeDim : 0, half = rotated / 2;
  if (rotated) {
    Value table = k.binding(rows.ropeTable);
    Value angles = k.mul(position, rows.ropeDim);
    k.loop(lanes.first, k.index(half), lanes.stride, [&](Value i) {
      Value j = k.add(i, half);
      Value low = element(i), high = element(j);
      Value cosine = k.load(table, k.add(angles, i));
      Value sine = k.load(table, k.add(angles, j));
      k.store(k.subf(k.mulf(low, cosine), k.mulf(high, sine)), to, i);
      k.store(k.addf(k.mulf(high, cosine), k.mulf(low, sine)), to, j);
    });
  }
  if (rotated < rows.headDim)
    k.loop(k.add(lanes.first, rotated), k.index(rows.headDim), lanes.stride,
           [&](Value d) { k.store(element(d), to, d); });
}

GridCache::GridCache(GridShell &k, xf::KvCacheType type, Value memory)
    : k(k), type(type), memory(memory), half(!type.getElementType().isF32()) {}

Value GridCache::keyAt(Value head, Value position) {
  Value row = k.add(k.mul(head, layout::cacheCapacity(type)), position);
  return k.mul(row, pairs());
}

Value GridCache::valueAt(Value head, Value position) {
  return k.add(keyAt(head, position),
               type.getKvHeads() * layout::cacheCapacity(type) * pairs());
}

Values GridCache::load(Value pairIndex) {
  if (half)
    return k.unpackF16(k.load(memory, pairIndex));
  Value at = k.mul(pairIndex, 2);
  return {k.load(memory, at), k.load(memory, k.add(at, 1))};
}

void GridCache::store(Value pairIndex, Value low, Value high) {
  if (half)
    return k.store(k.packF16(low, high), memory, pairIndex);
  Value at = k.mul(pairIndex, 2);
  k.store(low, memory, at);
  k.store(high, memory, k.add(at, 1));
}

Values GridCache::rounded(Value low, Value high) {
  if (half)
    return k.unpackF16(k.packF16(low, high));
  return {low, high};
}

bool sinter::kernels::fitsGridCache(xf::KvCacheType type, std::string &reason) {
  if (type.getHeadDim() % 2 == 0)
    return true;
  reason = "an odd head dimension";
  return false;
}
