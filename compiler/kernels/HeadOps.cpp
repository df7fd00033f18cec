// Norm, rotation and cache writes of heads (HeadOps.h).
#include "compiler/kernels/HeadOps.h"

#include "compiler/kernels/Layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

CacheView::CacheView(KernelShell &k, xf::KvCacheType type, Value bytes)
    : type(type), capacity(layout::cacheCapacity(type)) {
  int64_t elements = type.getKvHeads() * capacity * type.getHeadDim();
  keys = k.view(bytes, k.index(0), type.getElementType(), elements);
  values = k.view(bytes, k.index(layout::cacheValueOffset(type)),
                  type.getElementType(), elements);
}

NormWeights sinter::kernels::weightsOf(KernelShell &k, const NormPart &part) {
  NormWeights norm;
  norm.epsilon = part.epsilon;
  norm.isLayerNorm = part.isLayerNorm;
  if (part.normWeight)
    norm.weight = k.binding(part.normWeight);
  if (part.normBias)
    norm.bias = k.binding(part.normBias);
  return norm;
}

HeadTransform sinter::kernels::transformOf(KernelShell &k,
                                           const HeadRows &rows) {
  HeadTransform transform;
  transform.headDim = rows.headDim;
  transform.ropeDim = rows.ropeDim;
  transform.norm = weightsOf(k, rows);
  transform.normOfEachHead = rows.normOfEachGroup;
  if (rows.ropeTable)
    transform.ropeTable = k.binding(rows.ropeTable);
  return transform;
}

Row sinter::kernels::headOf(KernelShell &k, const HeadRows &rows, Value token,
                            Value head) {
  Value at = k.add(k.mul(token, rows.source.stride), k.mul(head, rows.headDim));
  return {k.binding(rows.source.argument), k.add(at, rows.source.offset)};
}

/// from scaled into to, columns [first, first + columns).
static void scaleColumns(KernelShell &k, Row from, int64_t first,
                         int64_t columns, Value scale, Row to) {
  forColumns(k, columns, k.lanes(), [&](Value offset, int64_t width) {
    Value column = k.add(offset, first);
    Value x = k.load(from.memory, k.add(from.at, column), width);
    if (scale)
      x = k.mulf(x, k.splat(scale, width));
    k.store(x, to.memory, k.add(to.at, column));
  });
}

/// Rotates columns i and i + dim / 2 by the angles of `position`.
static void rotate(KernelShell &k, const HeadTransform &transform, Row from,
                   Value position, Value scale, Row to) {
  int64_t half = transform.ropeDim / 2;
  Value angles = k.mul(position, transform.ropeDim);
  forColumns(k, half, k.lanes(), [&](Value offset, int64_t width) {
    Value low = k.load(from.memory, k.add(from.at, offset), width);
    Value high =
        k.load(from.memory, k.add(from.at, k.add(offset, half)), width);
    Value cosine = k.load(transform.ropeTable, k.add(angles, offset), width);
    Value sine =
        k.load(transform.ropeTable, k.add(angles, k.add(offset, half)), width);
    if (scale) {
      cosine = k.mulf(cosine, k.splat(scale, width));
      sine = k.mulf(sine, k.splat(scale, width));
    }
    Value a = k.subf(k.mulf(low, cosine), k.mulf(high, sine));
    Value b = k.fma(high, cosine, k.mulf(low, sine));
    k.store(a, to.memory, k.add(to.at, offset));
    k.store(b, to.memory, k.add(to.at, k.add(offset, half)));
  });
}

void sinter::kernels::transformHead(KernelShell &k,
                                    const HeadTransform &transform, Row from,
                                    Value head, Value position, Value scale,
                                    Row to) {
  if (transform.norm.weight) {
    NormWeights norm = transform.norm;
    if (transform.normOfEachHead)
      norm.at = k.mul(head, transform.headDim);
    normRow(k, norm, from, transform.headDim, to);
    from = to;
  }
  if (transform.ropeTable)
    rotate(k, transform, from, position, scale, to);
  int64_t rotated = transform.ropeTable ? transform.ropeDim : 0;
  scaleColumns(k, from, rotated, transform.headDim - rotated, scale, to);
}

/// As the cache stores it: f16 saturates, so that one large value does not
/// become an infinity that later sums turn into NaN.
static Value toElement(KernelShell &k, Value x, Type element) {
  if (element.isF32())
    return x;
  Value limit = k.f32(65504), negated = k.f32(-65504);
  if (auto vector = dyn_cast<VectorType>(x.getType())) {
    limit = k.splat(limit, vector.getDimSize(0));
    negated = k.splat(negated, vector.getDimSize(0));
    element = k.vectorType(element, vector.getDimSize(0));
  }
  return k.create<arith::TruncFOp>(element, k.minf(limit, k.maxf(negated, x)));
}

void sinter::kernels::appendHead(KernelShell &k, const CacheView &cache,
                                 Row key, Row value, Value head,
                                 Value position) {
  int64_t headDim = cache.type.getHeadDim();
  Type element = cache.type.getElementType();
  Value base = k.mul(head, cache.capacity * headDim);
  Value block = k.div(position, layout::kTokenPadding);
  Value keyAt =
      k.add(k.add(base, k.mul(block, layout::kTokenPadding * headDim)),
            k.rem(position, layout::kTokenPadding));
  k.loop(k.index(0), k.index(headDim), 1, [&](Value d) {
    Value x = k.loadScalar(key.memory, k.add(key.at, d));
    k.storeScalar(toElement(k, x, element), cache.keys,
                  k.add(keyAt, k.mul(d, layout::kTokenPadding)));
  });
  Value valueAt = k.add(base, k.mul(position, headDim));
  forColumns(k, headDim, k.lanes(), [&](Value offset, int64_t width) {
    Value x = k.load(value.memory, k.add(value.at, offset), width);
    k.store(toElement(k, x, element), cache.values, k.add(valueAt, offset));
  });
}
