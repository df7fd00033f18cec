// Norms on a grid (GridNorms.h).
#include "compiler/kernels/grid/GridNorms.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

LaneSums::LaneSums(GridShell &k, int64_t lanes, int64_t totals)
    : k(k), count(lanes) {
  for (int64_t i = 0; lanes > 1 && i < totals; ++i)
    memory.push_back(
        k.scratch(k.builder.getF32Type(), k.group(), /*shared=*/true));
}

Value LaneSums::place() {
  return count == 1 ? k.index(0) : k.rem(k.lane(), count);
}

Value LaneSums::total(int64_t columns, llvm::function_ref<Value(Value)> term) {
  Value mine = k.sum(place(), k.index(columns), count, term);
  if (count == 1)
    return mine;
  Value shared = memory[used++], lane = k.lane();
  k.store(mine, shared, lane);
  k.barrier();
  Value start = k.sub(lane, place());
  return k.sum(k.index(0), k.index(count), 1,
               [&](Value i) { return k.load(shared, k.add(start, i)); });
}

Value sinter::kernels::gridInverseRoot(GridShell &k, Value squares,
                                       int64_t columns, double epsilon) {
  Value mean = k.mulf(squares, k.f32(1.0 / double(columns)));
  return k.rsqrt(k.addf(mean, k.f32(epsilon)));
}

GridNormFactors sinter::kernels::gridNormFactors(
    GridShell &k, const NormPart &norm, int64_t columns,
    llvm::function_ref<Value(Value)> element, LaneSums &sums) {
  GridNormFactors factors;
  if (norm.isLayerNorm)
    factors.mean =
        k.mulf(sums.total(columns, element), k.f32(1.0 / double(columns)));
  Value squares = sums.total(columns, [&](Value c) {
    Value x = element(c);
    if (factors.mean)
      x = k.subf(x, factors.mean);
    return k.mulf(x, x);
  });
  factors.inverse = gridInverseRoot(k, squares, columns, norm.epsilon);
  return factors;
}

Value sinter::kernels::gridNormalize(GridShell &k, const NormPart &norm,
                                     const GridNormFactors &factors, Value x,
                                     Value at) {
  if (factors.mean)
    x = k.subf(x, factors.mean);
  x = k.mulf(k.mulf(x, factors.inverse),
             k.load(k.binding(norm.normWeight), at));
  return norm.normBias ? k.addf(x, k.load(k.binding(norm.normBias), at)) : x;
}
