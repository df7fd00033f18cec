// One row of a rows16-packed matrix as f32 (RowOps.h): what an embedding
// gathers. Format: docs/formats/packed-weights.md.
#include "compiler/kernels/RowOps.h"

#include "compiler/kernels/Layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;
using xf::Scheme;

/// f32, f16, bf16: [K][16], the row's elements lie 16 apart.
static void unpackFloats(KernelShell &k, RankedTensorType type, Value table,
                         Value row, Row to) {
  int64_t columns = type.getDimSize(1);
  int64_t panels = llvm::divideCeil(type.getDimSize(0), layout::kPanelRows);
  int64_t elements = panels * columns * layout::kPanelRows;
  Scheme scheme = xf::getScheme(type);
  if (scheme == Scheme::f16)
    table = k.view(table, k.index(0), k.builder.getF16Type(), elements);
  else if (scheme == Scheme::bf16)
    table = k.view(table, k.index(0), k.builder.getBF16Type(), elements);
  Value first =
      k.add(k.mul(k.div(row, layout::kPanelRows), columns * layout::kPanelRows),
            k.rem(row, layout::kPanelRows));
  k.loop(k.index(0), k.index(columns), 1, [&](Value column) {
    Value x =
        k.loadScalar(table, k.add(first, k.mul(column, layout::kPanelRows)));
    if (scheme != Scheme::f32)
      x = k.toF32(x);
    k.storeScalar(x, to.memory, k.add(to.at, column));
  });
}

/// Stores the first `valid` of four i32 numbers times `scale` at a column.
static void storeFour(KernelShell &k, Value numbers, Value scale, Row to,
                      Value column, int64_t valid) {
  Value x = k.mulf(k.create<arith::SIToFPOp>(k.f32Vector(4), numbers),
                   k.splat(scale, 4));
  Value at = k.add(to.at, column);
  if (valid >= 4)
    return k.store(x, to.memory, at);
  for (int64_t i = 0; i < valid; ++i)
    k.storeScalar(k.create<vector::ExtractOp>(x, i), to.memory, k.add(at, i));
}

/// The columns of one block (those below `valid`) of row `lane` of a panel;
/// `block` is the block's byte offset.
static void unpackBlock(KernelShell &k, Scheme scheme, Value table, Value block,
                        Value lane, Row to, Value column, int64_t valid) {
  Type i32s = k.vectorType(k.builder.getI32Type(), 4);
  Value scale = k.finiteToF32(k.loadScalar(
      k.view(table, k.add(block, k.mul(lane, 2)), k.builder.getF16Type(), 1),
      k.index(0)));
  Value numbers = k.add(block, k.add(k.mul(lane, 4), 2 * layout::kPanelRows));
  bool nibbles = scheme == Scheme::q4_0;
  int64_t step = nibbles ? 8 : 4; // columns of four bytes
  for (int64_t first = 0; first < valid; first += step) {
    Value bytes =
        k.load(table, k.add(numbers, first / step * 4 * layout::kPanelRows), 4);
    if (!nibbles) {
      storeFour(k, k.create<arith::ExtSIOp>(i32s, bytes), scale, to,
                k.add(column, first), valid - first);
      continue;
    }
    Value wide = k.create<arith::ExtUIOp>(i32s, bytes);
    Value low = k.create<arith::AndIOp>(wide, k.i32s(15, 4));
    Value high = k.create<arith::ShRUIOp>(wide, k.i32s(4, 4));
    Value eight = k.i32s(8, 4);
    storeFour(k, k.create<arith::SubIOp>(low, eight), scale, to,
              k.add(column, first), valid - first);
    if (valid > first + 4)
      storeFour(k, k.create<arith::SubIOp>(high, eight), scale, to,
                k.add(column, first + 4), valid - first - 4);
  }
}

void sinter::kernels::unpackTableRow(KernelShell &k, RankedTensorType type,
                                     Value table, Value row, Row to) {
  Scheme scheme = xf::getScheme(type);
  if (!xf::isIntegerScheme(scheme))
    return unpackFloats(k, type, table, row, to);
  int64_t columns = type.getDimSize(1);
  int64_t whole = columns / layout::kBlock, tail = columns % layout::kBlock;
  Value panel = k.mul(k.div(row, layout::kPanelRows),
                      layout::panelBytes(scheme, columns));
  Value lane = k.rem(row, layout::kPanelRows);
  int64_t blockBytes = layout::blockBytes(scheme);
  k.loop(k.index(0), k.index(whole), 1, [&](Value b) {
    unpackBlock(k, scheme, table, k.add(panel, k.mul(b, blockBytes)), lane, to,
                k.mul(b, layout::kBlock), layout::kBlock);
  });
  if (tail)
    unpackBlock(k, scheme, table, k.add(panel, whole * blockBytes), lane, to,
                k.index(whole * layout::kBlock), tail);
}
