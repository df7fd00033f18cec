// Products of f16 matrices in workgroup memory (GridMatrix.h).
//
// A workgroup has a slot for every 32 lanes. A subgroup takes a slot: some
// weight panels, times 64 tokens. How many lanes a subgroup has is known when
// the kernel runs: larger ones take several rounds for all slots, and smaller
// ones leave some of themselves idle. For each 32 columns
// 1. lanes write the weights of the working slots as f16 and the inputs,
//    multiplied by a power of two that brings the row's largest to 2^14, so
//    that neither large rows overflow nor small ones vanish;
// 2. after a barrier each subgroup multiplies; another barrier.
// Sums go through workgroup memory to lanes that know their row and token.
#include "compiler/kernels/grid/GridMatrix.h"

#include "compiler/kernels/Layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;
using kern::MatrixOrder;
using kern::MatrixUse;

static constexpr int64_t kRows = layout::kPanelRows;
static constexpr int64_t kChunk = layout::kBlock;
static constexpr int64_t kSlotLanes = 32;
/// Words of a row of a chunk: pairs, and four more so that rows begin in
/// different banks.
static constexpr int64_t kRowWords = kChunk / 2 + 4;
/// f16 panels are copied as they lie: pairs of rows, column after column.
static constexpr int64_t kColumnWords = kRows / 2;
static constexpr int64_t kPanelWords = kRows * kRowWords;

ScheduleParameter GridMatrix::panelChoice(const LinearRegion &linear,
                                          kern::CapsAttr caps) {
  if (linear.hasGate())
    return {"subgroup_panels", 2, {2}};
  // Small matrices make four times the text.
  return {"subgroup_panels", caps.getMatrix() == 16 ? 2 : 1, {1, 2}};
}

int64_t GridMatrix::outputPanels(const LinearRegion &linear,
                                 kern::CapsAttr caps, int64_t panels) {
  return caps.getGroup() / kSlotLanes * panels /
         GridLinear::panelsPerOutput(linear);
}

GridMatrix::GridMatrix(GridShell &k, const LinearRegion &linear, int64_t panels)
    : k(k), linear(linear), grid(k, linear), panels(panels),
      edge(k.matrixEdge()), slots(k.group() / kSlotLanes) {
  Type i32 = k.builder.getI32Type(), f32 = k.builder.getF32Type();
  weights = k.scratch(i32, slots * panels * kPanelWords, /*shared=*/true);
  inputs = k.scratch(i32, kTokens * kRowWords, /*shared=*/true);
  scales = k.scratch(f32, kTokens, /*shared=*/true);
  stage =
      k.scratch(f32, slots * each() * stageTokens() * kRows, /*shared=*/true);
}

void GridMatrix::emit(Value first, int64_t blockTokens) {
  Value block = k.tokenBlock();
  Value leads = k.equal(k.rem(block, kTokens / blockTokens), k.index(0));
  k.when(leads, [&] {
    Value size = k.create<kern::SubgroupSizeOp>(k.builder.getIndexType());
    subgroup = k.create<arith::DivUIOp>(k.lane(), size);
    Value count = k.create<arith::DivUIOp>(k.index(k.group()), size);
    working = k.min(count, k.index(slots));
    slot = k.min(subgroup, k.index(slots - 1));
    Value firstToken = k.mul(block, blockTokens);
    measure(firstToken);
    k.barrier();
    Value rounds = k.create<arith::DivUIOp>(k.index(slots), working);
    k.loop(k.index(0), rounds, 1, [&](Value round) {
      firstPanel =
          k.add(first, k.mul(k.mul(round, working), k.index(panels / each())));
      auto sum = kern::MatrixType::get(k.builder.getContext(), edge,
                                       k.builder.getF32Type(), MatrixUse::sum);
      Value zero = k.create<kern::MatrixFillOp>(sum, k.f32(0));
      Values zeros(static_cast<size_t>(rowTiles() * tokenTiles()), zero);
      int64_t chunks = llvm::divideCeil(linear.columns, kChunk);
      Values sums = k.loop(k.index(0), k.index(chunks), 1, zeros,
                           [&](Value chunk, ValueRange carried) {
                             expandWeights(chunk);
                             expandInputs(chunk, firstToken);
                             k.barrier();
                             Values next = multiply(carried);
                             k.barrier();
                             return next;
                           });
      store(sums, firstToken);
    });
  });
}

/// A power of two that brings `largest` into [2^14, 2^15), or as near as f32
/// allows.
Value GridMatrix::scaleOf(Value largest) {
  Value bits =
      k.create<arith::BitcastOp>(k.builder.getI32Type(), largest).getResult();
  Value exponent = k.create<arith::MaxUIOp>(k.shiftRight(bits, 23), k.i32(15));
  Value inverse = k.create<arith::SubIOp>(k.i32(2 * 127 + 14), exponent);
  return k.bitsToF32(k.shiftLeft(inverse, 23));
}

/// The scale of every token's row. Subgroups take rows in turn.
void GridMatrix::measure(Value firstToken) {
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

/// Output panel `i` of a slot; it may lie beyond the last.
Value GridMatrix::outputPanel(Value ofSlot, int64_t i) {
  return k.add(k.add(firstPanel, k.mul(ofSlot, panels / each())), i);
}

/// The weight panel that lies at place `number` in workgroup memory.
Value GridMatrix::weightPanel(Value number) {
  Value output = k.min(k.add(firstPanel, k.div(number, each())),
                       k.index(linear.panels() - 1));
  Values all = grid.weightPanels(output);
  if (all.size() == 1)
    return all[0];
  return k.select(k.equal(k.rem(number, each()), k.index(0)), all[0], all[1]);
}

/// A word of two numbers that f16 holds; what is not finite stays so.
Value GridMatrix::packed(Value low, Value high) {
  Value both =
      k.create<vector::FromElementsOp>(k.f32Vector(2), ValueRange{low, high});
  return k.create<kern::PackF16Op>(k.builder.getI32Type(), both);
}

void GridMatrix::expandWeights(Value chunk) {
  if (linear.isInteger())
    expandIntegers(chunk);
  else
    copyHalves(chunk);
}

/// A lane takes a row: its scale, then word after word.
void GridMatrix::expandIntegers(Value chunk) {
  bool nibbles = linear.scheme == xf::Scheme::q4_0;
  int64_t perWord = nibbles ? 8 : 4;
  Value memory = k.binding(linear.weight);
  Value at = k.mul(chunk, layout::blockBytes(linear.scheme) / 4);
  Value count = k.mul(working, panels * kRows);
  k.loop(k.lane(), count, k.group(), [&](Value unit) {
    Value row = k.rem(unit, kRows);
    Value start = k.add(
        k.mul(weightPanel(k.div(unit, kRows)), linear.panelBytes() / 4), at);
    Values pair = k.unpackF16(k.load(memory, k.add(start, k.div(row, 2))));
    Value odd = k.equal(k.rem(row, 2), k.index(1));
    Value scale = k.select(odd, pair[1], pair[0]);
    // So that no product leaves f16: no matrix has weights beyond 65,504.
    double most = nibbles ? 65504.0 / 8 : 65504.0 / 128;
    scale = k.minf(k.f32(most), k.maxf(k.f32(-most), scale));
    Value first = k.add(k.add(start, row), kRows / 2);
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
void GridMatrix::copyHalves(Value chunk) {
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
void GridMatrix::expandInputs(Value chunk, Value firstToken) {
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
Value GridMatrix::loadWeights(int64_t rowTile, Value column) {
  auto type = kern::MatrixType::get(k.builder.getContext(), edge,
                                    k.builder.getF16Type(), MatrixUse::a);
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
Values GridMatrix::multiply(ValueRange sums) {
  auto type = kern::MatrixType::get(k.builder.getContext(), edge,
                                    k.builder.getF16Type(), MatrixUse::b);
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

void GridMatrix::store(ValueRange sums, Value firstToken) {
  for (int64_t output = 0; output < panels / each(); ++output)
    for (int64_t part = 0; part < kTokens / stageTokens(); ++part)
      storePart(sums, output, part, firstToken);
}

/// One output panel of every working slot, stageTokens() tokens.
void GridMatrix::storePart(ValueRange sums, int64_t output, int64_t part,
                           Value firstToken) {
  int64_t tiles = stageTokens() / edge, panelTiles = kRows / edge;
  int64_t pieceSize = stageTokens() * kRows;
  k.when(k.less(subgroup, working), [&] {
    for (int64_t p = 0; p < each(); ++p)
      for (int64_t r = 0; r < panelTiles; ++r)
        for (int64_t t = 0; t < tiles; ++t) {
          int64_t tile =
              ((output * each() + p) * panelTiles + r) * tokenTiles() +
              part * tiles + t;
          Value at = k.add(k.mul(slot, each() * pieceSize),
                           p * pieceSize + t * edge * kRows + r * edge);
          k.create<kern::MatrixStoreOp>(sums[static_cast<size_t>(tile)], stage,
                                        at, MatrixOrder::columns, kRows);
        }
  });
  k.barrier();
  k.loop(k.lane(), k.mul(working, pieceSize), k.group(), [&](Value unit) {
    Value ofSlot = k.div(unit, pieceSize), place = k.rem(unit, pieceSize);
    Value t = k.add(k.div(place, kRows), part * stageTokens());
    Value panel = outputPanel(ofSlot, output);
    Value token = k.add(firstToken, t);
    Value exists = k.both(k.less(panel, k.index(linear.panels())),
                          k.less(token, tokenCount()));
    k.when(exists, [&] {
      Value scale = k.load(scales, t);
      Values results;
      for (int64_t p = 0; p < each(); ++p) {
        Value sum =
            k.load(stage, k.add(k.add(k.mul(ofSlot, each() * pieceSize), place),
                                p * pieceSize));
        results.push_back(k.divf(sum, scale));
      }
      grid.store(panel, k.rem(place, kRows), token, results);
    });
  });
  k.barrier();
}
