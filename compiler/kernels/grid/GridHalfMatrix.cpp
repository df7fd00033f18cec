// Expanding to f16, and multiplying (GridHalfMatrix.h).
//
// For each 32 columns
// 1. lanes write the weights of the working slots as f16 and the inputs,
//    multiplied by a power of two that brings the row's largest to 2^14, so
//    that neither large rows overflow nor small ones vanish;
// 2. after a barrier each subgroup multiplies; another barrier.
#include "compiler/kernels/grid/GridHalfMatrix.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;
using kern::MatrixOrder;
using kern::MatrixUse;

/// Words of a row of a chunk: pairs, and four more so that rows begin in
/// different banks.
static constexpr int64_t kRowWords = layout::kBlock / 2 + 4;
/// f16 panels are copied as they lie: pairs of rows, column after column.
static constexpr int64_t kColumnWords = layout::kPanelRows / 2;
static constexpr int64_t kPanelWords = layout::kPanelRows * kRowWords;

GridHalfMatrix::GridHalfMatrix(GridShell &k, const LinearRegion &linear,
                               int64_t panels)
    : GridMatrix(k, linear, panels) {
  Type i32 = k.builder.getI32Type(), f32 = k.builder.getF32Type();
  weights = k.scratch(i32, slots * panels * kPanelWords, /*shared=*/true);
  inputs = k.scratch(i32, kTokens * kRowWords, /*shared=*/true);
  scales = k.scratch(f32, kTokens, /*shared=*/true);
  takeStage();
}

void GridHalfMatrix::prepare() {
  measure();
  k.barrier();
}

Values GridHalfMatrix::multiply(Value chunk, ValueRange sums) {
  expandWeights(chunk);
  expandInputs(chunk);
  k.barrier();
  Values next = multiplyExpanded(sums);
  k.barrier();
  return next;
}

/// A power of two that brings `largest` into [2^14, 2^15), or as near as f32
/// allows.
Value GridHalfMatrix::scaleOf(Value largest) {
  Value bits =
      k.create<arith::BitcastOp>(k.builder.getI32Type(), largest).getResult();
  Value exponent = k.create<arith::MaxUIOp>(k.shiftRight(bits, 23), k.i32(15));
  Value inverse = k.create<arith::SubIOp>(k.i32(2 * 127 + 14), exponent);
  return k.bitsToF32(k.shiftLeft(inverse, 23));
}

/// The scale of every token's row. Subgroups take rows in turn.
void GridHalfMatrix::measure() {
  Type indexType = k.builder.getIndexType();
  Value size = k.create<kern::SubgroupSizeOp>(indexType);
  Value lane = k.create<kern::SubgroupLaneOp>(indexType);
  Value memory = k.binding(linear.input);
  Value last = k.sub(tokenCount(), k.index(1));
  Value steps = k.create<arith::CeilDivUIOp>(k.index(linear.columns), size);
  // Lanes of a subgroup times subgroups is the group: so many turns.
  Value turns =
      k.create<arith::DivUIOp>(k.mul(size, kTokens), k.index(k.group()));
  k.loop(k.index(0), turns, 1, [&](Value turn) {
    Value t = k.add(k.mul(subgroup, turns), turn);
    Value start = k.mul(k.min(k.add(firstToken, t), last), linear.columns);
    Value mine =
        k.loop(k.index(0), steps, 1, ValueRange{k.f32(0)},
               [&](Value step, ValueRange carried) {
                 Value column = k.min(k.add(k.mul(step, size), lane),
                                      k.index(linear.columns - 1));
                 Value x = k.load(memory, k.add(start, column));
                 return Values{k.maxf(carried[0], k.create<math::AbsFOp>(x))};
               })[0];
    Value largest =
        k.create<kern::SubgroupReduceOp>(kern::Reduction::max, mine);
    k.when(k.equal(lane, k.index(0)),
           [&] { k.store(scaleOf(largest), scales, t); });
  });
}

/// A word of two numbers that f16 holds; what is not finite stays so.
Value GridHalfMatrix::packed(Value low, Value high) {
  Value both =
      k.create<vector::FromElementsOp>(k.f32Vector(2), ValueRange{low, high});
  return k.create<kern::PackF16Op>(k.builder.getI32Type(), both);
}

void GridHalfMatrix::expandWeights(Value chunk) {
  if (linear.isInteger())
    expandIntegers(chunk);
  else
    copyHalves(chunk);
}

/// A lane takes a row: its scale, then word after word.
void GridHalfMatrix::expandIntegers(Value chunk) {
  bool nibbles = linear.scheme == xf::Scheme::q4_0;
  int64_t perWord = nibbles ? 8 : 4;
  Value memory = k.binding(linear.weight);
  Value at = k.mul(chunk, layout::blockBytes(linear.scheme) / 4);
  Value count = k.mul(working, panels * kRows);
  k.loop(k.lane(), count, k.group(), [&](Value unit) {
    PackedRow from = packedRow(unit, at);
    // So that no product leaves f16: no matrix has weights beyond 65,504.
    double most = nibbles ? 65504.0 / 8 : 65504.0 / 128;
    Value scale = k.minf(k.f32(most), k.maxf(k.f32(-most), from.scale));
    Value first = k.add(k.add(from.start, from.row), kRows / 2);
    Value to = k.mul(unit, kRowWords);
    k.loop(k.index(0), k.index(kChunk / perWord), 1, [&](Value w) {
      Value word = k.load(memory, k.add(first, k.mul(w, kRows)));
      Values numbers;
      // Columns 4 to 7 are the upper nibbles of the bytes.
      for (int64_t c = 0; c < perWord; ++c) {
        auto low =
            static_cast<int32_t>(nibbles ? 8 * (c % 4) + 4 * (c / 4) : 8 * c);
        Value q = k.shiftLeft(word, nibbles ? 28 - low : 24 - low);
        if (nibbles) // u = q + 8; the topmost bit flipped is two's complement
          q = k.xori(q, 0x80000000u);
        q = k.create<arith::ShRSIOp>(q, k.i32(nibbles ? 28 : 24));
        numbers.push_back(k.mulf(k.signedToF32(q), scale));
      }
      Value place = k.add(to, k.mul(w, perWord / 2));
      for (int64_t c = 0; c < perWord; c += 2)
        k.store(packed(numbers[static_cast<size_t>(c)],
                       numbers[static_cast<size_t>(c) + 1]),
                weights, k.add(place, c / 2));
    });
  });
}

/// A lane takes words of two rows and one column, as they lie.
void GridHalfMatrix::copyHalves(Value chunk) {
  constexpr int64_t words = kChunk * kColumnWords;
  bool check = linear.columns % kChunk != 0;
  Value memory = k.binding(linear.weight);
  Value count = k.mul(working, panels * words);
  k.loop(k.lane(), count, k.group(), [&](Value unit) {
    Value number = k.div(unit, words), word = k.rem(unit, words);
    Value column = k.add(k.mul(chunk, kChunk), k.div(word, kColumnWords));
    if (check) // what is there too much meets inputs of zero
      column = k.min(column, k.index(linear.columns - 1));
    Value from =
        k.add(k.mul(weightPanel(number), linear.panelBytes() / 4),
              k.add(k.mul(column, kColumnWords), k.rem(word, kColumnWords)));
    k.store(k.load(memory, from), weights,
            k.add(k.mul(number, kPanelWords), word));
  });
}

/// A lane takes pairs of columns; tokens that do not exist repeat the last one.
void GridHalfMatrix::expandInputs(Value chunk) {
  constexpr int64_t pairs = kChunk / 2;
  bool check = linear.columns % kChunk != 0;
  Value last = k.sub(tokenCount(), k.index(1));
  k.loop(k.lane(), k.index(kTokens * pairs), k.group(), [&](Value unit) {
    Value t = k.div(unit, pairs), pair = k.rem(unit, pairs);
    Value token = k.min(k.add(firstToken, t), last);
    InputColumns input = grid.columns({k.mul(token, linear.columns)});
    Value column = k.add(k.mul(chunk, kChunk), k.mul(pair, 2));
    Value scale = k.load(scales, t);
    Values x;
    for (int64_t c = 0; c < 2; ++c)
      x.push_back(k.mulf(input(k.add(column, c), check).x[0], scale));
    k.store(packed(x[0], x[1]), inputs, k.add(k.mul(t, kRowWords), pair));
  });
}

/// The weights of a row tile of this subgroup's slot, from `column` of the
/// chunk on.
Value GridHalfMatrix::loadWeights(int64_t rowTile, Value column) {
  kern::MatrixType type = matrixType(k.builder.getF16Type(), MatrixUse::a);
  int64_t row = rowTile * edge;
  Value at = k.mul(slot, panels * kPanelWords);
  if (linear.isInteger())
    return k.create<kern::MatrixLoadOp>(
        type, weights, k.add(k.add(at, row * kRowWords), k.div(column, 2)),
        MatrixOrder::rows, kRowWords);
  int64_t offset = row / kRows * kPanelWords + row % kRows / 2;
  return k.create<kern::MatrixLoadOp>(
      type, weights, k.add(k.add(at, offset), k.mul(column, kColumnWords)),
      MatrixOrder::columns, kColumnWords);
}

/// Sums [row tile][token tile] with those of the chunk.
Values GridHalfMatrix::multiplyExpanded(ValueRange sums) {
  kern::MatrixType type = matrixType(k.builder.getF16Type(), MatrixUse::b);
  return k.loop(
      k.index(0), k.index(kChunk), edge, sums,
      [&](Value column, ValueRange carried) {
        Values next(carried), x;
        for (int64_t t = 0; t < tokenTiles(); ++t)
          x.push_back(k.create<kern::MatrixLoadOp>(
              type, inputs, k.add(k.div(column, 2), t * edge * kRowWords),
              MatrixOrder::columns, kRowWords));
        for (int64_t r = 0; r < rowTiles(); ++r) {
          Value w = loadWeights(r, column);
          for (int64_t t = 0; t < tokenTiles(); ++t) {
            Value &sum = next[static_cast<size_t>(r * tokenTiles() + t)];
            sum = k.create<kern::MatrixMultiplyAddOp>(
                w, x[static_cast<size_t>(t)], sum);
          }
        }
        return next;
      });
}
