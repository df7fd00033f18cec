// Quantizing into workgroup memory, and multiplying packed bytes (GridDot.h).
//
// Columns are taken in chunks that fit the memory. For each chunk
// 1. every lane stores the largest magnitude of its words of four columns;
// 2. after a barrier the eight words of a block have their scale, and every
//    lane stores its words as bytes;
// 3. after another barrier lanes multiply. The next chunk's magnitudes do not
//    touch what is read here, and its bytes come after its first barrier.
#include "compiler/kernels/grid/GridDot.h"

#include "compiler/kernels/Layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;
using xf::Scheme;

/// Words of activations in workgroup memory: 4 KiB, and as much for their
/// magnitudes. WebGPU grants 16 KiB.
static constexpr int64_t kWords = 1024;
static constexpr int64_t kBlockWords = layout::kBlock / 4;
static constexpr int64_t kScaleWords = layout::kPanelRows / 2;
/// As on the CPU (RowOps.cpp): blocks below this count as zero.
static constexpr double kSmallestMagnitude = 1e-30;

/// As few chunks as fit, of nearly equal size.
static int64_t blocksOfChunk(int64_t columns, int64_t tokens) {
  int64_t blocks = llvm::divideCeil(columns, layout::kBlock);
  int64_t most = kWords / kBlockWords / tokens;
  return llvm::divideCeil(blocks, llvm::divideCeil(blocks, most));
}

GridDot::GridDot(GridShell &k, const LinearRegion &linear, int64_t tokens,
                 int64_t chunkBlocks, int64_t rowWords)
    : k(k), linear(linear), tokens(tokens), chunkBlocks(chunkBlocks),
      rowWords(rowWords) {
  Type i32 = k.builder.getI32Type(), f32 = k.builder.getF32Type();
  words = k.scratch(i32, tokens * rowWords, /*shared=*/true);
  largest = k.scratch(f32, tokens * rowWords, /*shared=*/true);
  scales = k.scratch(f32, tokens * chunkBlocks, /*shared=*/true);
}

GridDot::GridDot(GridShell &k, const LinearRegion &linear, int64_t tokens)
    : GridDot(k, linear, tokens, blocksOfChunk(linear.columns, tokens),
              blocksOfChunk(linear.columns, tokens) * kBlockWords) {}

int64_t GridDot::chunkWords() const { return chunkBlocks * kBlockWords; }

Value GridDot::wordAt(Value t, Value word) {
  return k.add(k.mul(t, rowWords), word);
}

/// The words of this lane. A block has fewer than the workgroup has lanes, so
/// that where chunks are of one they take several rows at a time.
void GridDot::forWords(llvm::function_ref<void(Value, Value)> use) {
  if (chunkBlocks == 1)
    return k.loop(k.lane(), k.index(tokens * kBlockWords), k.group(),
                  [&](Value unit) {
                    use(k.div(unit, kBlockWords), k.rem(unit, kBlockWords));
                  });
  k.loop(k.index(0), k.index(tokens), 1, [&](Value t) {
    k.loop(k.lane(), k.index(chunkWords()), k.group(),
           [&](Value word) { use(t, word); });
  });
}

/// Four columns of the row at `start`; adds to `squares` if given.
Values GridDot::columnsOf(GridLinear &grid, Value column, Value start,
                          Value *squares) {
  InputColumns input = grid.columns({start});
  bool check = linear.columns % (chunkBlocks * layout::kBlock) != 0;
  Values x;
  for (int64_t c = 0; c < 4; ++c) {
    ColumnInput in = input(k.add(column, c), check);
    x.push_back(in.x[0]);
    if (squares)
      *squares = k.addf(*squares, in.squares[0]);
  }
  return x;
}

void GridDot::storeLargest(Value at, ArrayRef<Value> x) {
  Value most = k.create<math::AbsFOp>(x[0]);
  for (Value next : x.drop_front())
    most = k.maxf(most, k.create<math::AbsFOp>(next));
  k.store(most, largest, at);
}

void GridDot::storeWord(Value t, Value word, ArrayRef<Value> x) {
  Value block = k.div(word, kBlockWords);
  Value first = wordAt(t, k.mul(block, kBlockWords));
  Value most = k.load(largest, first);
  for (int64_t i = 1; i < kBlockWords; ++i)
    most = k.maxf(most, k.load(largest, k.add(first, i)));
  Value nonzero = k.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, most,
                                          k.f32(kSmallestMagnitude));
  Value zero = k.f32(0);
  Value inverse = k.select(nonzero, k.divf(k.f32(127), most), zero);
  Value packed;
  for (int64_t c = 0; c < 4; ++c) {
    Value rounded = k.create<math::RoundEvenOp>(k.mulf(x[c], inverse));
    Value q = k.create<arith::FPToSIOp>(k.builder.getI32Type(), rounded);
    if (c < 3)
      q = k.andi(q, 0xFF);
    if (c > 0)
      q = k.shiftLeft(q, static_cast<int32_t>(8 * c));
    packed = packed ? k.create<arith::OrIOp>(packed, q).getResult() : q;
  }
  k.store(packed, words, wordAt(t, word));
  k.when(k.equal(k.rem(word, kBlockWords), k.index(0)), [&] {
    Value scale = k.select(nonzero, k.divf(most, k.f32(127)), zero);
    k.store(scale, scales, k.add(k.mul(t, chunkBlocks), block));
  });
}

void GridDot::storeMagnitudes(GridLinear &grid, Value column, RowStart start) {
  forWords([&](Value t, Value word) {
    storeLargest(wordAt(t, word), columnsOf(grid, k.add(column, k.mul(word, 4)),
                                            start(t), nullptr));
  });
}

void GridDot::storeBytes(GridLinear &grid, Value column, RowStart start) {
  forWords([&](Value t, Value word) {
    storeWord(
        t, word,
        columnsOf(grid, k.add(column, k.mul(word, 4)), start(t), nullptr));
  });
}

/// The chunk from block `firstBlock`; gives the squares with those of the
/// lane's columns added, or null without.
Value GridDot::quantize(GridLinear &grid, Value firstBlock, RowStart start,
                        Value squares) {
  Value column = k.mul(firstBlock, layout::kBlock);
  if (squares) {
    auto columnOf = [&](Value word) { return k.add(column, k.mul(word, 4)); };
    Value row = start(k.index(0));
    squares =
        k.loop(k.lane(), k.index(chunkWords()), k.group(), ValueRange{squares},
               [&](Value word, ValueRange carried) {
                 Value sum = carried[0];
                 storeLargest(word, columnsOf(grid, columnOf(word), row, &sum));
                 return Values{sum};
               })[0];
  } else {
    storeMagnitudes(grid, column, start);
  }
  k.barrier();
  storeBytes(grid, column, start);
  k.barrier();
  return squares;
}

/// A nibble is u = q + 8; in a byte, (u + 120) ^ 128 is q.
Values GridDot::signedWords(GridShell &k, Scheme scheme, Value word) {
  if (scheme == Scheme::q8_0)
    return {word};
  Values both;
  for (int32_t shift : {0, 4}) {
    Value nibbles =
        k.andi(shift ? k.shiftRight(word, shift) : word, 0x0F0F0F0Fu);
    Value moved = k.create<arith::AddIOp>(nibbles, k.i32(0x78787878));
    both.push_back(k.xori(moved, 0x80808080u));
  }
  return both;
}

/// Integer sums [panel][token] of a block: weights from word `starts`, input
/// from word `firstWord` of the chunk.
Values GridDot::multiplyBlock(const LaneWeights &weights,
                              ArrayRef<Value> starts, Value firstWord) {
  int64_t inputWords = weights.scheme == Scheme::q8_0 ? 1 : 2;
  Values zeros(starts.size() * static_cast<size_t>(tokens), k.i32(0));
  return k.loop(
      k.index(0), k.index(kBlockWords / inputWords), 1, zeros,
      [&](Value w, ValueRange carried) {
        Values sums(carried);
        SmallVector<Values> bytes;
        for (Value start : starts) {
          Value at = k.add(start, k.mul(w, layout::kPanelRows));
          bytes.push_back(
              signedWords(k, weights.scheme, k.load(weights.memory, at)));
        }
        Value word = k.add(firstWord, k.mul(w, inputWords));
        for (int64_t t = 0; t < tokens; ++t)
          for (int64_t i = 0; i < inputWords; ++i) {
            Value x = k.load(words, wordAt(k.index(t), k.add(word, i)));
            for (size_t p = 0; p < starts.size(); ++p) {
              Value &sum = sums[p * static_cast<size_t>(tokens) +
                                static_cast<size_t>(t)];
              Value product = k.create<kern::PackedDotOp>(
                  k.builder.getI32Type(), bytes[p][static_cast<size_t>(i)], x);
              sum = k.create<arith::AddIOp>(sum, product);
            }
          }
        return sums;
      });
}

/// Totals [panel][token] with the chunk's blocks of the lane added.
Values GridDot::multiply(const LaneWeights &weights, Value firstBlock,
                         const LaneShare &share, ValueRange totals) {
  int64_t panelWords = layout::panelBytes(weights.scheme, weights.columns) / 4;
  int64_t blockWords = layout::blockBytes(weights.scheme) / 4;
  int64_t blocks = llvm::divideCeil(weights.columns, layout::kBlock);
  Value count = k.index(chunkBlocks);
  if (blocks % chunkBlocks)
    count = k.min(count, k.sub(k.index(blocks), firstBlock));
  Value oddRow = k.equal(k.rem(weights.row, 2), k.index(1));
  return k.loop(
      share.first, count, share.stride, totals,
      [&](Value block, ValueRange carried) {
        Value at = k.mul(k.add(firstBlock, block), blockWords);
        Values starts, factors;
        for (Value panel : weights.panels) {
          Value start = k.add(k.mul(panel, panelWords), at);
          starts.push_back(k.add(k.add(start, weights.row), kScaleWords));
          Values pair = k.unpackF16(
              k.load(weights.memory, k.add(start, k.div(weights.row, 2))));
          factors.push_back(k.select(oddRow, pair[1], pair[0]));
        }
        Values sums = multiplyBlock(weights, starts, k.mul(block, kBlockWords));
        Values next(carried);
        for (int64_t t = 0; t < tokens; ++t) {
          Value scale = k.load(scales, k.add(block, t * chunkBlocks));
          for (size_t p = 0; p < factors.size(); ++p) {
            size_t i = p * static_cast<size_t>(tokens) + static_cast<size_t>(t);
            Value product =
                k.mulf(k.mulf(factors[p], scale), k.signedToF32(sums[i]));
            next[i] = k.addf(next[i], product);
          }
        }
        return next;
      });
}

LaneProduct GridDot::product(GridLinear &grid, const LaneWeights &weights,
                             RowStart start, const LaneShare &share) {
  size_t sumCount = weights.panels.size() * static_cast<size_t>(tokens);
  bool hasSquares = GridLinear::sumsSquares(linear);
  int64_t blocks = llvm::divideCeil(linear.columns, layout::kBlock);
  Values zeros(sumCount + (hasSquares ? 1 : 0), k.f32(0));
  Values totals = k.loop(k.index(0), k.index(blocks), chunkBlocks, zeros,
                         [&](Value firstBlock, ValueRange carried) {
                           Value squares =
                               quantize(grid, firstBlock, start,
                                        hasSquares ? carried.back() : Value());
                           Values next = multiply(weights, firstBlock, share,
                                                  carried.take_front(sumCount));
                           if (squares)
                             next.push_back(squares);
                           return next;
                         });
  LaneProduct product;
  for (size_t p = 0; p < weights.panels.size(); ++p)
    product.sums.push_back(Values(
        ValueRange(totals).slice(p * static_cast<size_t>(tokens), tokens)));
  if (hasSquares)
    product.squares.push_back(totals.back());
  return product;
}
