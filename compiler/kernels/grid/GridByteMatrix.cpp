// Quantizing, expanding to bytes, and multiplying (GridByteMatrix.h).
//
// 32 columns are a block of weights and of inputs: one scale for each row, and
// one for each token. For each block
// 1. lanes store the largest magnitude of every four inputs;
// 2. after a barrier they write inputs and the weights of the working slots as
//    bytes, and their scales;
// 3. after another one each subgroup multiplies a tile's 32 columns, exactly,
//    and adds the sums, times both scales, to its totals. No lane knows which
//    of the sums it holds: scales come as matrices of equal columns, or rows.
// The next block's magnitudes touch nothing that is read here.
#include "compiler/kernels/grid/GridByteMatrix.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;
using kern::MatrixOrder;
using kern::MatrixUse;

/// Words of a row of a block: four bytes each, and some more so that rows begin
/// in different banks.
static constexpr int64_t kPadding = 4;
static constexpr int64_t kRowWords = layout::kBlock / 4 + kPadding;

GridByteMatrix::GridByteMatrix(GridShell &k, const LinearRegion &linear,
                               int64_t panels)
    : GridMatrix(k, linear, panels), depth(k.matrixByteDepth()),
      input(k, linear, kTokens, /*chunkBlocks=*/1, kPadding) {
  int64_t rows = slots * panels * kRows;
  weights = k.scratch(k.builder.getI32Type(), rows * kRowWords,
                      /*shared=*/true);
  scales = k.scratch(k.builder.getF32Type(), rows, /*shared=*/true);
  takeStage();
}

Values GridByteMatrix::multiply(Value chunk, ValueRange totals) {
  Value column = k.mul(chunk, kChunk);
  Value last = k.sub(tokenCount(), k.index(1));
  auto start = [&](Value t) {
    return k.mul(k.min(k.add(firstToken, t), last), linear.columns);
  };
  input.storeMagnitudes(grid, column, start);
  k.barrier();
  expandWeights(chunk);
  input.storeUnits(grid, column, start);
  k.barrier();
  return multiplyBlock(totals);
}

/// A lane takes a row: its scale, then word after word.
void GridByteMatrix::expandWeights(Value chunk) {
  int64_t words = linear.scheme == xf::Scheme::q8_0 ? 8 : 4; // of a row
  Value memory = k.binding(linear.weight);
  Value at = k.mul(chunk, layout::blockBytes(linear.scheme) / 4);
  Value count = k.mul(working, panels * kRows);
  k.loop(k.lane(), count, k.group(), [&](Value unit) {
    PackedRow from = packedRow(unit, at);
    k.store(from.scale, scales, unit);
    Value first = k.add(k.add(from.start, from.row), kRows / 2);
    Value to = k.mul(unit, kRowWords);
    k.loop(k.index(0), k.index(words), 1, [&](Value w) {
      Value word = k.load(memory, k.add(first, k.mul(w, kRows)));
      Values bytes = GridDot::signedWords(k, linear.scheme, word);
      Value place = k.add(to, k.mul(w, static_cast<int64_t>(bytes.size())));
      for (auto [i, four] : llvm::enumerate(bytes))
        k.store(four, weights, k.add(place, static_cast<int64_t>(i)));
    });
  });
}

/// A matrix of the rows (tokens) from `row` on and the columns from `column`.
Value GridByteMatrix::load(Value bytes, Value row, Value column,
                           MatrixUse use) {
  auto type = kern::MatrixType::get(k.builder.getContext(), edge, depth,
                                    k.builder.getI8Type(), use);
  Value at = k.add(k.mul(row, kRowWords), k.div(column, 4));
  return k.create<kern::MatrixLoadOp>(
      type, bytes, at,
      use == MatrixUse::a ? MatrixOrder::rows : MatrixOrder::columns,
      kRowWords);
}

Value GridByteMatrix::spread(Value numbers, Value at, MatrixOrder order) {
  return k.create<kern::MatrixSpreadOp>(
      matrixType(k.builder.getF32Type(), MatrixUse::sum), numbers, at, order);
}

/// First row of a row tile of this subgroup's slot.
Value GridByteMatrix::rowOf(int64_t tile) {
  return k.add(k.mul(slot, panels * kRows), tile * edge);
}

/// Integer sums [row tile][token tile] with those of `depth` columns.
Values GridByteMatrix::multiplyStep(Value column, ValueRange sums) {
  Values next(sums), x;
  for (int64_t t = 0; t < tokenTiles(); ++t)
    x.push_back(
        load(input.stagedWords(), k.index(t * edge), column, MatrixUse::b));
  for (int64_t r = 0; r < rowTiles(); ++r) {
    Value w = load(weights, rowOf(r), column, MatrixUse::a);
    for (int64_t t = 0; t < tokenTiles(); ++t) {
      Value &sum = next[static_cast<size_t>(r * tokenTiles() + t)];
      sum = k.create<kern::MatrixMultiplyAddOp>(w, x[static_cast<size_t>(t)],
                                                sum);
    }
  }
  return next;
}

/// Totals [row tile][token tile] with those of the block.
Values GridByteMatrix::multiplyBlock(ValueRange totals) {
  Value zero = k.create<kern::MatrixFillOp>(
      matrixType(k.builder.getI32Type(), MatrixUse::sum), k.i32(0));
  Values sums(totals.size(), zero);
  if (depth == kChunk)
    sums = multiplyStep(k.index(0), sums);
  else
    sums = k.loop(k.index(0), k.index(kChunk), depth, sums,
                  [&](Value column, ValueRange carried) {
                    return multiplyStep(column, carried);
                  });
  Values ofTokens, next(totals);
  for (int64_t t = 0; t < tokenTiles(); ++t)
    ofTokens.push_back(
        spread(input.stagedScales(), k.index(t * edge), MatrixOrder::rows));
  for (int64_t r = 0; r < rowTiles(); ++r) {
    Value ofRows = spread(scales, rowOf(r), MatrixOrder::columns);
    for (int64_t t = 0; t < tokenTiles(); ++t) {
      auto tile = static_cast<size_t>(r * tokenTiles() + t);
      next[tile] = k.create<kern::MatrixScaledAddOp>(
          sums[tile], ofRows, ofTokens[static_cast<size_t>(t)], next[tile]);
    }
  }
  return next;
}
