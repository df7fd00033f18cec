// Staging into workgroup memory, and adding up what lanes multiply
// (GridStaged.h).
//
// Columns are taken in chunks that fit the memory. For each chunk
// 1. every lane stores the largest magnitude of its units of four columns;
// 2. after a barrier the eight units of a block have their scale, and every
//    lane stores its units;
// 3. after another barrier lanes multiply. The next chunk's magnitudes do not
//    touch what is read here, and its units come after its first barrier.
#include "compiler/kernels/grid/GridStaged.h"

#include "compiler/kernels/Layout.h"
#include "compiler/kernels/grid/GridDot.h"
#include "compiler/kernels/grid/GridHalf.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

/// Words of staged numbers in workgroup memory: 4 KiB, and as much at most for
/// the magnitudes of units. WebGPU grants 16 KiB.
static constexpr int64_t kWords = 1024;
static constexpr int64_t kScaleWords = layout::kPanelRows / 2;
/// As on the CPU (RowOps.cpp): blocks below this count as zero.
static constexpr double kSmallestMagnitude = 1e-30;

bool GridStaged::fits(const LinearRegion &linear, kern::CapsAttr caps) {
  bool halves = caps.has(kern::Feature::shader_f16) && !caps.getMatrix();
  return linear.isInteger() && caps.getCheapBarriers() &&
         (caps.has(kern::Feature::packed_dot) || halves);
}

std::unique_ptr<GridStaged>
GridStaged::create(GridShell &k, const LinearRegion &linear, int64_t tokens) {
  if (!fits(linear, k.caps))
    return nullptr;
  if (k.caps.has(kern::Feature::packed_dot))
    return std::make_unique<GridDot>(k, linear, tokens);
  return std::make_unique<GridHalf>(k, linear, tokens);
}

/// As few chunks as fit, of nearly equal size.
static int64_t blocksOfChunk(int64_t columns, int64_t blockWords,
                             int64_t tokens) {
  int64_t blocks = llvm::divideCeil(columns, layout::kBlock);
  int64_t most = kWords / blockWords / tokens;
  return llvm::divideCeil(blocks, llvm::divideCeil(blocks, most));
}

GridStaged::GridStaged(GridShell &k, const LinearRegion &linear, int64_t tokens,
                       double limit, int64_t unitWords, int64_t chunkBlocks,
                       int64_t padding)
    : k(k), linear(linear), tokens(tokens), limit(limit), unitWords(unitWords),
      chunkBlocks(chunkBlocks ? chunkBlocks
                              : blocksOfChunk(linear.columns,
                                              kBlockUnits * unitWords, tokens)),
      rowUnits(chunkUnits() + padding) {
  Type i32 = k.builder.getI32Type(), f32 = k.builder.getF32Type();
  words = k.scratch(i32, tokens * rowUnits * unitWords, /*shared=*/true);
  largest = k.scratch(f32, tokens * rowUnits, /*shared=*/true);
  scales = k.scratch(f32, tokens * this->chunkBlocks, /*shared=*/true);
}

Value GridStaged::unitAt(Value t, Value unit) {
  return k.add(k.mul(t, rowUnits), unit);
}

Value GridStaged::wordAt(Value t, Value unit) {
  return k.mul(unitAt(t, unit), unitWords);
}

/// The units of this lane. A block has fewer than the workgroup has lanes, so
/// that where chunks are of one they take several rows at a time.
void GridStaged::forUnits(llvm::function_ref<void(Value, Value)> use) {
  if (chunkBlocks == 1)
    return k.loop(k.lane(), k.index(tokens * kBlockUnits), k.group(),
                  [&](Value unit) {
                    use(k.div(unit, kBlockUnits), k.rem(unit, kBlockUnits));
                  });
  k.loop(k.index(0), k.index(tokens), 1, [&](Value t) {
    k.loop(k.lane(), k.index(chunkUnits()), k.group(),
           [&](Value unit) { use(t, unit); });
  });
}

/// The columns of a unit of the row at `start`; adds to `squares` if given.
Values GridStaged::columnsOf(GridLinear &grid, Value column, Value start,
                             Value *squares) {
  InputColumns input = grid.columns({start});
  bool check = linear.columns % (chunkBlocks * layout::kBlock) != 0;
  Values x;
  for (int64_t c = 0; c < kUnit; ++c) {
    ColumnInput in = input(k.add(column, c), check);
    x.push_back(in.x[0]);
    if (squares)
      *squares = k.addf(*squares, in.squares[0]);
  }
  return x;
}

void GridStaged::storeLargest(Value at, ArrayRef<Value> x) {
  Value most = k.create<math::AbsFOp>(x[0]);
  for (Value next : x.drop_front())
    most = k.maxf(most, k.create<math::AbsFOp>(next));
  k.store(most, largest, at);
}

void GridStaged::storeUnit(Value t, Value unit, ArrayRef<Value> x) {
  Value block = k.div(unit, kBlockUnits);
  Value first = unitAt(t, k.mul(block, kBlockUnits));
  Value most = k.load(largest, first);
  for (int64_t i = 1; i < kBlockUnits; ++i)
    most = k.maxf(most, k.load(largest, k.add(first, i)));
  Value nonzero = k.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, most,
                                          k.f32(kSmallestMagnitude));
  Value zero = k.f32(0);
  Value inverse = k.select(nonzero, k.divf(k.f32(limit), most), zero);
  Value at = wordAt(t, unit);
  for (auto [i, word] : llvm::enumerate(packed(x, inverse)))
    k.store(word, words, k.add(at, static_cast<int64_t>(i)));
  k.when(k.equal(k.rem(unit, kBlockUnits), k.index(0)), [&] {
    Value scale = k.select(nonzero, k.divf(most, k.f32(limit)), zero);
    k.store(scale, scales, k.add(k.mul(t, chunkBlocks), block));
  });
}

void GridStaged::storeMagnitudes(GridLinear &grid, Value column,
                                 RowStart start) {
  forUnits([&](Value t, Value unit) {
    storeLargest(
        unitAt(t, unit),
        columnsOf(grid, k.add(column, k.mul(unit, kUnit)), start(t), nullptr));
  });
}

void GridStaged::storeUnits(GridLinear &grid, Value column, RowStart start) {
  forUnits([&](Value t, Value unit) {
    storeUnit(
        t, unit,
        columnsOf(grid, k.add(column, k.mul(unit, kUnit)), start(t), nullptr));
  });
}

/// The chunk from block `firstBlock`; gives the squares with those of the
/// lane's columns added, or null without.
Value GridStaged::stage(GridLinear &grid, Value firstBlock, RowStart start,
                        Value squares) {
  Value column = k.mul(firstBlock, layout::kBlock);
  if (squares) {
    auto columnOf = [&](Value unit) {
      return k.add(column, k.mul(unit, kUnit));
    };
    Value row = start(k.index(0));
    squares =
        k.loop(k.lane(), k.index(chunkUnits()), k.group(), ValueRange{squares},
               [&](Value unit, ValueRange carried) {
                 Value sum = carried[0];
                 storeLargest(unit, columnsOf(grid, columnOf(unit), row, &sum));
                 return Values{sum};
               })[0];
  } else {
    storeMagnitudes(grid, column, start);
  }
  k.barrier();
  storeUnits(grid, column, start);
  k.barrier();
  return squares;
}

/// Totals [panel][token] with the chunk's blocks of the lane added.
Values GridStaged::multiply(const LaneWeights &weights, Value firstBlock,
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
        Values sums = multiplyBlock(weights, starts, k.mul(block, kBlockUnits));
        Values next(carried);
        for (int64_t t = 0; t < tokens; ++t) {
          Value scale = k.load(scales, k.add(block, t * chunkBlocks));
          for (size_t p = 0; p < factors.size(); ++p) {
            size_t i = p * static_cast<size_t>(tokens) + static_cast<size_t>(t);
            Value product = k.mulf(k.mulf(factors[p], scale), sums[i]);
            next[i] = k.addf(next[i], product);
          }
        }
        return next;
      });
}

LaneProduct GridStaged::product(GridLinear &grid, const LaneWeights &weights,
                                RowStart start, const LaneShare &share) {
  size_t sumCount = weights.panels.size() * static_cast<size_t>(tokens);
  bool hasSquares = GridLinear::sumsSquares(linear);
  int64_t blocks = llvm::divideCeil(linear.columns, layout::kBlock);
  Values zeros(sumCount + (hasSquares ? 1 : 0), k.f32(0));
  Values totals = k.loop(k.index(0), k.index(blocks), chunkBlocks, zeros,
                         [&](Value firstBlock, ValueRange carried) {
                           Value squares =
                               stage(grid, firstBlock, start,
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
