// One row times a rows16-packed matrix of any scheme in f32 (RowOps.h): what
// the fallback uses. Every weight is unpacked to f32 before it is multiplied.
#include "compiler/kernels/RowOps.h"

#include "compiler/kernels/Layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;
using xf::Scheme;

static constexpr int64_t kRows = layout::kPanelRows;

/// sums + weights * x[column], `x` having f32 elements.
static Value multiplyColumn(KernelShell &k, Value weights, Row x, Value column,
                            Value sums) {
  Value element = k.loadScalar(x.memory, k.add(x.at, column));
  return k.fma(weights, k.splat(element, kRows), sums);
}

/// A panel of f32, f16 or bf16: [K][16]; `panel` is its index.
static Value floatPanel(KernelShell &k, Scheme scheme, Value table, Value panel,
                        Row x, int64_t columns) {
  Value first = k.mul(panel, columns * kRows);
  return k.loop(k.index(0), k.index(columns), 1, k.f32s(0, kRows),
                [&](Value column, ValueRange sums) -> Values {
                  Value weights =
                      k.load(table, k.add(first, k.mul(column, kRows)), kRows);
                  if (scheme != Scheme::f32)
                    weights = k.toF32(weights);
                  return {multiplyColumn(k, weights, x, column, sums[0])};
                })[0];
}

/// Numbers of the 16 rows for column `byte` of the four that 64 packed bytes
/// hold: q8_0, or the low or high nibbles of q4_0.
static Value numbersOf(KernelShell &k, Value bytes, int64_t byte, Scheme scheme,
                       bool high) {
  SmallVector<int64_t> picks;
  for (int64_t row = 0; row < kRows; ++row)
    picks.push_back(4 * row + byte);
  Value column = k.create<vector::ShuffleOp>(bytes, bytes, picks);
  VectorType i32s = k.vectorType(k.builder.getI32Type(), kRows);
  if (scheme == Scheme::q8_0)
    return k.create<arith::SIToFPOp>(k.f32Vector(kRows),
                                     k.create<arith::ExtSIOp>(i32s, column));
  Value wide = k.create<arith::ExtUIOp>(i32s, column);
  if (high)
    wide = k.create<arith::ShRUIOp>(wide, k.i32s(4, kRows));
  else
    wide = k.create<arith::AndIOp>(wide, k.i32s(15, kRows));
  return k.create<arith::SIToFPOp>(
      k.f32Vector(kRows), k.create<arith::SubIOp>(wide, k.i32s(8, kRows)));
}

/// The first `valid` columns of a block of q8_0 or q4_0.
static Value integerBlock(KernelShell &k, Scheme scheme, Value table,
                          Value block, Row x, Value column, int64_t valid,
                          Value sums) {
  Value scales = k.finiteToF32(k.load(
      k.view(table, block, k.builder.getF16Type(), kRows), k.index(0), kRows));
  int64_t step = scheme == Scheme::q4_0 ? 8 : 4; // columns of 64 bytes
  Value total = k.f32s(0, kRows);
  for (int64_t c = 0; c < valid; ++c) {
    Value at = k.add(block, 2 * kRows + c / step * 4 * kRows);
    Value numbers = numbersOf(k, k.load(table, at, 4 * kRows), c % 4, scheme,
                              c % step >= 4);
    total = multiplyColumn(k, numbers, x, k.add(column, c), total);
  }
  return k.fma(total, scales, sums);
}

static Value integerPanel(KernelShell &k, Scheme scheme, Value table,
                          Value panel, Row x, int64_t columns) {
  Value first = k.mul(panel, layout::panelBytes(scheme, columns));
  int64_t whole = columns / layout::kBlock, tail = columns % layout::kBlock;
  auto block = [&](Value b, int64_t valid, Value sums) {
    return integerBlock(k, scheme, table,
                        k.add(first, k.mul(b, layout::blockBytes(scheme))), x,
                        k.mul(b, layout::kBlock), valid, sums);
  };
  Value sums = k.loop(k.index(0), k.index(whole), 1, k.f32s(0, kRows),
                      [&](Value b, ValueRange carried) -> Values {
                        return {block(b, layout::kBlock, carried[0])};
                      })[0];
  return tail ? block(k.index(whole), tail, sums) : sums;
}

void sinter::kernels::linearRow(KernelShell &k, RankedTensorType type,
                                Value weight, Row x, Value bias, Row to) {
  Scheme scheme = xf::getScheme(type);
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  int64_t elements = llvm::divideCeil(rows, kRows) * kRows * columns;
  if (scheme == Scheme::f16)
    weight = k.view(weight, k.index(0), k.builder.getF16Type(), elements);
  else if (scheme == Scheme::bf16)
    weight = k.view(weight, k.index(0), k.builder.getBF16Type(), elements);
  auto panel = [&](Value p, int64_t valid) {
    Value sums = xf::isIntegerScheme(scheme)
                     ? integerPanel(k, scheme, weight, p, x, columns)
                     : floatPanel(k, scheme, weight, p, x, columns);
    Value row = k.mul(p, kRows);
    for (Piece piece : piecesOf(valid, kRows)) {
      Value part = k.create<vector::ExtractStridedSliceOp>(
          sums, piece.offset, piece.width, /*strides=*/int64_t(1));
      Value at = k.add(row, piece.offset);
      if (bias)
        part = k.addf(part, k.load(bias, at, piece.width));
      k.store(part, to.memory, k.add(to.at, at));
    }
  };
  k.loop(k.index(0), k.index(rows / kRows), 1,
         [&](Value p) { panel(p, kRows); });
  if (rows % kRows)
    panel(k.index(rows / kRows), rows % kRows);
}
