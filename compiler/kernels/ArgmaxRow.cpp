// Index of a row's largest element (RowOps.h).
#include "compiler/kernels/RowOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

/// The best seen so far: NaN before anything was.
struct Best {
  Value value, index;
};

} // namespace

static Value selectIf(KernelShell &k, Value condition, Value a, Value b) {
  return k.create<arith::SelectOp>(condition, a, b);
}

static Value compare(KernelShell &k, arith::CmpFPredicate predicate, Value a,
                     Value b) {
  return k.create<arith::CmpFOp>(predicate, a, b);
}

/// Takes x where it is greater (or the best is NaN) and not NaN itself.
static Best takeGreater(KernelShell &k, Best best, Value x, Value index) {
  Value better = k.create<arith::AndIOp>(
      compare(k, arith::CmpFPredicate::UGT, x, best.value),
      compare(k, arith::CmpFPredicate::ORD, x, x));
  return {selectIf(k, better, x, best.value),
          selectIf(k, better, index, best.index)};
}

/// The same for scalars, where an equal one of a smaller index wins too.
static Best merge(KernelShell &k, Best a, Best b) {
  Value equal = compare(k, arith::CmpFPredicate::OEQ, b.value, a.value);
  Value smaller =
      k.create<arith::CmpIOp>(arith::CmpIPredicate::slt, b.index, a.index);
  Best greater = takeGreater(k, a, b.value, b.index);
  Value tie = k.create<arith::AndIOp>(equal, smaller);
  return {greater.value, selectIf(k, tie, b.index, greater.index)};
}

Value sinter::kernels::argmaxRow(KernelShell &k, Row row, int64_t columns) {
  // Four registers: four independent chains.
  int64_t width = 4 * k.lanes();
  int64_t looped = columns / width * width;
  constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
  Best best{k.f32(kNothing), k.i32(0)};
  if (looped) {
    VectorType indices = k.vectorType(k.builder.getI32Type(), width);
    SmallVector<int32_t> counting;
    for (int64_t i = 0; i < width; ++i)
      counting.push_back(int32_t(i));
    Value lanes = k.create<arith::ConstantOp>(
        DenseIntElementsAttr::get(indices, counting));
    Values lanewise =
        k.loop(k.index(0), k.index(looped), width,
               {k.f32s(kNothing, width), k.i32s(0, width)},
               [&](Value offset, ValueRange carried) -> Values {
                 Value x = k.load(row.memory, k.add(row.at, offset), width);
                 Value index = k.create<arith::AddIOp>(
                     lanes, k.splat(k.toI32(offset), width));
                 Best next = takeGreater(k, {carried[0], carried[1]}, x, index);
                 return {next.value, next.index};
               });
    for (int64_t i = 0; i < width; ++i)
      best = merge(k, best,
                   {k.create<vector::ExtractOp>(lanewise[0], i),
                    k.create<vector::ExtractOp>(lanewise[1], i)});
  }
  Values last =
      k.loop(k.index(looped), k.index(columns), 1, {best.value, best.index},
             [&](Value column, ValueRange carried) -> Values {
               Value x = k.loadScalar(row.memory, k.add(row.at, column));
               Best next =
                   takeGreater(k, {carried[0], carried[1]}, x, k.toI32(column));
               return {next.value, next.index};
             });
  return last[1];
}
