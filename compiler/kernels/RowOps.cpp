// Loops over rows, RMS norm and int8 quantization (RowOps.h). Rows of packed
// tables: TableRow.cpp.
#include "compiler/kernels/RowOps.h"

#include "compiler/kernels/Layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

llvm::SmallVector<Piece> sinter::kernels::piecesOf(int64_t columns,
                                                   int64_t width) {
  llvm::SmallVector<Piece> pieces;
  for (int64_t offset = 0; offset < columns; offset += pieces.back().width) {
    while (width > columns - offset)
      width /= 2;
    pieces.push_back({offset, width});
  }
  return pieces;
}

void sinter::kernels::forColumns(
    KernelShell &k, int64_t columns, int64_t width,
    llvm::function_ref<void(Value, int64_t)> body) {
  int64_t looped = columns / width > 8 ? columns / width * width : 0;
  if (looped)
    k.loop(k.index(0), k.index(looped), width,
           [&](Value offset) { body(offset, width); });
  for (Piece piece : piecesOf(columns - looped, width))
    body(k.index(looped + piece.offset), piece.width);
}

Value sinter::kernels::sumOfSquares(KernelShell &k, Row row, int64_t columns) {
  int64_t width = 4 * k.lanes();
  int64_t looped = columns / width * width;
  Value total = k.f32(0);
  if (looped) {
    Value zero = k.f32s(0, width);
    Value sums = k.loop(k.index(0), k.index(looped), width, zero,
                        [&](Value offset, ValueRange carried) -> Values {
                          Value x =
                              k.load(row.memory, k.add(row.at, offset), width);
                          return {k.fma(x, x, carried[0])};
                        })[0];
    total = k.reduceAdd(sums);
  }
  for (Piece piece : piecesOf(columns - looped, width)) {
    Value x =
        k.load(row.memory, k.add(row.at, looped + piece.offset), piece.width);
    total = k.addf(total, k.reduceAdd(k.mulf(x, x)));
  }
  return total;
}

Value sinter::kernels::inverseRms(KernelShell &k, Row row, int64_t columns,
                                  double epsilon) {
  Value mean = k.divf(sumOfSquares(k, row, columns), k.f32(double(columns)));
  Value root = k.create<math::SqrtOp>(k.addf(mean, k.f32(epsilon)));
  return k.divf(k.f32(1), root);
}

void sinter::kernels::rmsNormRow(KernelShell &k, Row from, Value weight,
                                 int64_t columns, double epsilon, Row to) {
  Value inverse = inverseRms(k, from, columns, epsilon);
  forColumns(k, columns, k.lanes(), [&](Value offset, int64_t width) {
    Value x = k.load(from.memory, k.add(from.at, offset), width);
    Value y = k.mulf(k.mulf(x, k.splat(inverse, width)),
                     k.load(weight, offset, width));
    k.store(y, to.memory, k.add(to.at, offset));
  });
}

void sinter::kernels::copyRow(KernelShell &k, Row from, int64_t columns,
                              Row to) {
  forColumns(k, columns, k.lanes(), [&](Value offset, int64_t width) {
    k.store(k.load(from.memory, k.add(from.at, offset), width), to.memory,
            k.add(to.at, offset));
  });
}

//===-- Quantization ------------------------------------------------------===//

namespace {

/// The three parts of a dyn_i8 row.
struct QuantizedRow {
  Value numbers;     ///< i8[blocks * 32]
  Value scales;      ///< f32[blocks]
  Value corrections; ///< i32[blocks]
};

} // namespace

/// Blocks whose largest magnitude is below this count as zero; the scale's
/// reciprocal is finite above it.
static constexpr double kSmallestMagnitude = 1e-30;

static void quantizeBlock(KernelShell &k, Value x, Value block,
                          const QuantizedRow &row) {
  Value largest = k.reduceMax(k.create<math::AbsFOp>(x));
  Value nonzero = k.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, largest,
                                          k.f32(kSmallestMagnitude));
  Value zero = k.f32(0);
  Value scale =
      k.create<arith::SelectOp>(nonzero, k.divf(largest, k.f32(127)), zero);
  Value inverse =
      k.create<arith::SelectOp>(nonzero, k.divf(k.f32(127), largest), zero);
  Value rounded =
      k.create<math::RoundEvenOp>(k.mulf(x, k.splat(inverse, layout::kBlock)));
  Value numbers = k.create<arith::FPToSIOp>(
      k.vectorType(k.builder.getI32Type(), layout::kBlock), rounded);
  Value correction = k.create<arith::MulIOp>(k.reduceAdd(numbers), k.i32(-8));
  Value bytes = k.create<arith::TruncIOp>(
      k.vectorType(k.builder.getI8Type(), layout::kBlock), numbers);
  k.store(bytes, row.numbers, k.mul(block, layout::kBlock));
  k.storeScalar(scale, row.scales, block);
  k.storeScalar(correction, row.corrections, block);
}

static QuantizedRow quantizedRowAt(KernelShell &k, Value bytes, Value offset,
                                   int64_t blocks) {
  int64_t padded = blocks * layout::kBlock;
  QuantizedRow row;
  row.numbers = k.view(bytes, offset, k.builder.getI8Type(), padded);
  row.scales =
      k.view(bytes, k.add(offset, padded), k.builder.getF32Type(), blocks);
  row.corrections = k.view(bytes, k.add(offset, padded + 4 * blocks),
                           k.builder.getI32Type(), blocks);
  return row;
}

void sinter::kernels::quantizeRow(
    KernelShell &k, int64_t columns,
    llvm::function_ref<Value(Value, int64_t)> block, Value bytes,
    Value rowOffset) {
  int64_t blocks = llvm::divideCeil(columns, layout::kBlock);
  int64_t whole = columns / layout::kBlock;
  QuantizedRow row = quantizedRowAt(k, bytes, rowOffset, blocks);
  k.loop(k.index(0), k.index(whole), 1, [&](Value b) {
    quantizeBlock(k, block(k.mul(b, layout::kBlock), layout::kBlock), b, row);
  });
  if (whole < blocks)
    quantizeBlock(k,
                  block(k.index(whole * layout::kBlock),
                        columns - whole * layout::kBlock),
                  k.index(whole), row);
}

void sinter::kernels::dequantizeRow(KernelShell &k, Value bytes,
                                    Value rowOffset, int64_t columns, Row to) {
  int64_t blocks = llvm::divideCeil(columns, layout::kBlock);
  QuantizedRow row = quantizedRowAt(k, bytes, rowOffset, blocks);
  k.loop(k.index(0), k.index(columns), 1, [&](Value column) {
    Value number = k.create<arith::SIToFPOp>(k.builder.getF32Type(),
                                             k.loadScalar(row.numbers, column));
    Value scale = k.loadScalar(row.scales, k.div(column, layout::kBlock));
    k.storeScalar(k.mulf(number, scale), to.memory, k.add(to.at, column));
  });
}
