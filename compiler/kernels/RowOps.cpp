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

/// Sum of a row's elements, or of their squares, less `mean` if that is not
/// null; f32 sums, several independent ones.
static Value sumOf(KernelShell &k, Row row, int64_t columns, bool squares,
                   Value mean) {
  int64_t width = 4 * k.lanes();
  int64_t looped = columns / width * width;
  auto element = [&](Value offset, int64_t size) {
    Value x = k.load(row.memory, k.add(row.at, offset), size);
    return mean ? k.subf(x, k.splat(mean, size)) : x;
  };
  Value total = k.f32(0);
  if (looped) {
    Value zero = k.f32s(0, width);
    Value sums = k.loop(k.index(0), k.index(looped), width, zero,
                        [&](Value offset, ValueRange carried) -> Values {
                          Value x = element(offset, width);
                          if (squares)
                            return {k.fma(x, x, carried[0])};
                          return {k.addf(x, carried[0])};
                        })[0];
    total = k.reduceAdd(sums);
  }
  for (Piece piece : piecesOf(columns - looped, width)) {
    Value x = element(k.index(looped + piece.offset), piece.width);
    total = k.addf(total, k.reduceAdd(squares ? k.mulf(x, x) : x));
  }
  return total;
}

NormFactors sinter::kernels::normFactors(KernelShell &k,
                                         const NormWeights &norm, Row row,
                                         int64_t columns) {
  NormFactors factors;
  Value count = k.f32(double(columns));
  if (norm.isLayerNorm)
    factors.mean = k.divf(sumOf(k, row, columns, /*squares=*/false, {}), count);
  Value squares = sumOf(k, row, columns, /*squares=*/true, factors.mean);
  Value mean = k.divf(squares, count);
  Value root = k.create<math::SqrtOp>(k.addf(mean, k.f32(norm.epsilon)));
  factors.inverse = k.divf(k.f32(1), root);
  return factors;
}

Value sinter::kernels::normalize(KernelShell &k, const NormWeights &norm,
                                 const NormFactors &factors, Value x,
                                 Value column, int64_t width, int64_t valid) {
  if (norm.at)
    column = k.add(column, norm.at);
  auto part = [&](Value memory) {
    return valid == width ? k.load(memory, column, width)
                          : k.loadHead(memory, column, width, k.index(valid));
  };
  if (factors.mean)
    x = k.subf(x, k.splat(factors.mean, width));
  x = k.mulf(k.mulf(x, k.splat(factors.inverse, width)), part(norm.weight));
  return norm.bias ? k.addf(x, part(norm.bias)) : x;
}

void sinter::kernels::normRow(KernelShell &k, const NormWeights &norm, Row from,
                              int64_t columns, Row to) {
  NormFactors factors = normFactors(k, norm, from, columns);
  forColumns(k, columns, k.lanes(), [&](Value offset, int64_t width) {
    Value x = k.load(from.memory, k.add(from.at, offset), width);
    k.store(normalize(k, norm, factors, x, offset, width, width), to.memory,
            k.add(to.at, offset));
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
