// Attention over one kv head (AttentionCore.h).
#include "compiler/kernels/AttentionCore.h"

#include "compiler/kernels/Activation.h"
#include "compiler/kernels/Layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

/// Positions whose keys are interleaved.
static constexpr int64_t kGroupOfPositions = layout::kTokenPadding;
static constexpr int64_t kMostTileRows = 8;
static constexpr int64_t kMostChunk = 256;
/// Below every score, and finite: a difference of two is never NaN.
static constexpr double kLowest = -1e30;

/// What one turn over a chunk of positions and a tile of rows works with.
struct AttentionCore::Tile {
  explicit Tile(const CacheView &cache) : cache(cache) {}

  const CacheView &cache;
  Value keys;     ///< element index of the kv head's first key, and value
  Value row;      ///< first row
  Value from, to; ///< positions to score: from is a multiple of 16
  Value origin;   ///< first position of the chunk
  Values limits;  ///< i32, last position that each row sees
  Values biases;  ///< first element of each row's biases, if there are any
  Values decay;   ///< exp(old maximum - new maximum) of each row
};

/// Rows computed together: as many as leave enough registers for the scores of
/// 16 positions each, in tiles of equal size.
static int64_t tileRowsFor(kern::CapsAttr caps, int64_t rows) {
  int64_t perRow = std::max<int64_t>(1, kGroupOfPositions / caps.lanes());
  int64_t most =
      std::clamp<int64_t>(caps.getRegisters() / 2 / perRow, 1, kMostTileRows);
  return llvm::divideCeil(rows, llvm::divideCeil(rows, most));
}

AttentionCore::AttentionCore(KernelShell &k, xf::KvCacheType type,
                             xf::AttentionOp op, int64_t tokens)
    : k(k), group(int64_t(op.getHeads()) / type.getKvHeads()),
      headDim(type.getHeadDim()),
      window(int64_t(op.getWindow()) < type.getCapacity() ? op.getWindow() : 0),
      softcap(op.getSoftcap().convertToDouble()),
      bias(op.getBias() ? k.binding(cast<BlockArgument>(op.getBias()))
                        : Value()),
      biasStride(type.getCapacity()),
      tileRows(tileRowsFor(k.caps, group * tokens)),
      chunkSize(std::min(kMostChunk, layout::cacheCapacity(type))) {
  int64_t rows = llvm::divideCeil(group * tokens, tileRows) * tileRows;
  Type f32 = k.builder.getF32Type();
  queries = k.scratch(f32, rows * headDim);
  outputs = k.scratch(f32, rows * headDim);
  maxima = k.scratch(f32, rows);
  sums = k.scratch(f32, rows);
  scoreRows = k.scratch(f32, tileRows * chunkSize);
}

Row AttentionCore::query(Value row) { return {queries, k.mul(row, headDim)}; }

Row AttentionCore::output(Value row) { return {outputs, k.mul(row, headDim)}; }

void AttentionCore::start(Value rows) {
  k.loop(k.index(0), rows, 1, [&](Value row) {
    k.storeScalar(k.f32(kLowest), maxima, row);
    k.storeScalar(k.f32(0), sums, row);
    forColumns(k, headDim, k.lanes(), [&](Value offset, int64_t width) {
      Row to = output(row);
      k.store(k.f32s(0, width), to.memory, k.add(to.at, offset));
    });
  });
}

void AttentionCore::finish(Value rows) {
  k.loop(k.index(0), rows, 1, [&](Value row) {
    Value inverse = k.divf(k.f32(1), k.loadScalar(sums, row));
    Row to = output(row);
    forColumns(k, headDim, k.lanes(), [&](Value offset, int64_t width) {
      Value at = k.add(to.at, offset);
      k.store(k.mulf(k.load(to.memory, at, width), k.splat(inverse, width)),
              to.memory, at);
    });
  });
}

void AttentionCore::run(const CacheView &cache, Value head, Value position,
                        Value tokens) {
  Value zero = k.index(0), last = k.sub(tokens, k.index(1));
  Value end = k.add(position, tokens);
  // Rows up to the end of the last tile; those beyond `tokens` repeat the
  // limits of the last token and are thrown away.
  Value rows = k.mul(k.div(k.add(k.mul(tokens, group), tileRows - 1), tileRows),
                     tileRows);
  auto firstSeenFrom = [&](Value at) {
    return window ? k.max(zero, k.sub(at, k.index(window - 1))) : zero;
  };
  auto floorToGroup = [&](Value at) {
    return k.mul(k.div(at, kGroupOfPositions), kGroupOfPositions);
  };
  start(rows);
  k.loop(floorToGroup(firstSeenFrom(position)), end, chunkSize, [&](Value c) {
    k.loop(zero, rows, tileRows, [&](Value row) {
      Tile tile{cache};
      tile.keys = k.mul(head, cache.capacity * headDim);
      tile.row = row;
      tile.origin = c;
      auto positionOf = [&](int64_t i) {
        return k.add(position, k.min(k.div(k.add(row, i), group), last));
      };
      for (int64_t i = 0; i < tileRows; ++i)
        tile.limits.push_back(k.toI32(positionOf(i)));
      for (int64_t i = 0; bias && i < tileRows; ++i) {
        Value qHead = k.add(k.mul(head, group), k.rem(k.add(row, i), group));
        tile.biases.push_back(k.mul(qHead, biasStride));
      }
      tile.from =
          window ? k.max(c, floorToGroup(firstSeenFrom(positionOf(0)))) : c;
      tile.to = k.min(k.add(c, chunkSize), k.add(positionOf(tileRows - 1), 1));
      k.when(k.less(tile.from, tile.to), [&] { chunk(tile); });
    });
  });
  finish(rows);
}

void AttentionCore::chunk(Tile &tile) {
  Values largest = scores(tile);
  weigh(tile, largest);
  accumulate(tile);
}

//===-- Scores ------------------------------------------------------------===//

/// q . k of the tile's rows with 16 positions from `first`.
Values AttentionCore::scoreBlock(Tile &tile, Value first) {
  int64_t chains =
      tileRows * std::max<int64_t>(1, kGroupOfPositions / k.lanes());
  int64_t unroll = chains >= 8 ? 1 : chains >= 4 ? 2 : 4;
  Value block = k.add(tile.keys, k.mul(first, headDim));
  auto step = [&](Value d, int64_t u, Values &sums) {
    Value key =
        k.load(tile.cache.keys, k.add(block, k.mul(d, kGroupOfPositions)),
               kGroupOfPositions);
    if (!tile.cache.type.getElementType().isF32())
      key = k.finiteToF32(key);
    for (int64_t i = 0; i < tileRows; ++i) {
      Row q = query(k.add(tile.row, i));
      Value x =
          k.splat(k.loadScalar(q.memory, k.add(q.at, d)), kGroupOfPositions);
      Value &sum = sums[u * tileRows + i];
      sum = k.fma(x, key, sum);
    }
  };
  int64_t looped = headDim / unroll * unroll;
  Values zeros(unroll * tileRows, k.f32s(0, kGroupOfPositions));
  Values sums = k.loop(k.index(0), k.index(looped), unroll, zeros,
                       [&](Value d, ValueRange carried) {
                         Values next(carried);
                         for (int64_t u = 0; u < unroll; ++u)
                           step(k.add(d, u), u, next);
                         return next;
                       });
  for (int64_t d = looped; d < headDim; ++d)
    step(k.index(d), d - looped, sums);
  for (int64_t width = unroll / 2; width >= 1; width /= 2)
    for (int64_t i = 0; i < width * tileRows; ++i)
      sums[i] = k.addf(sums[i], sums[i + width * tileRows]);
  sums.resize(tileRows);
  return sums;
}

/// Stores the scores of the tile's positions, -infinity where a row does not
/// see one; returns a vector per row of largest scores.
Values AttentionCore::scores(Tile &tile) {
  Type i32 = k.builder.getI32Type();
  SmallVector<int32_t> counting;
  for (int64_t i = 0; i < kGroupOfPositions; ++i)
    counting.push_back(int32_t(i));
  Value lanes = k.create<arith::ConstantOp>(DenseIntElementsAttr::get(
      k.vectorType(i32, kGroupOfPositions), counting));
  Value hidden = k.f32s(-INFINITY, kGroupOfPositions);
  Values lowest(tileRows, k.f32s(kLowest, kGroupOfPositions));
  return k.loop(
      tile.from, tile.to, kGroupOfPositions, lowest,
      [&](Value first, ValueRange largest) {
        Values sums = scoreBlock(tile, first), next;
        Value positions = k.create<arith::AddIOp>(
            lanes, k.splat(k.toI32(first), kGroupOfPositions));
        for (int64_t i = 0; i < tileRows; ++i) {
          if (bias)
            sums[i] = k.addf(sums[i], k.load(bias, k.add(tile.biases[i], first),
                                             kGroupOfPositions));
          if (softcap > 0)
            sums[i] = capped(k, sums[i], softcap);
          Value limit = tile.limits[i];
          Value seen =
              k.create<arith::CmpIOp>(arith::CmpIPredicate::sle, positions,
                                      k.splat(limit, kGroupOfPositions));
          if (window) {
            Value before = k.create<arith::SubIOp>(limit, k.i32(window));
            seen = k.create<arith::AndIOp>(
                seen,
                k.create<arith::CmpIOp>(arith::CmpIPredicate::sgt, positions,
                                        k.splat(before, kGroupOfPositions)));
          }
          Value score = k.create<arith::SelectOp>(seen, sums[i], hidden);
          k.store(score, scoreRows,
                  k.add(k.sub(first, tile.origin), i * chunkSize));
          next.push_back(k.maxf(score, largest[i]));
        }
        return next;
      });
}

/// scores -> exp(score - maximum); updates maxima and sums, sets tile.decay.
void AttentionCore::weigh(Tile &tile, ValueRange largest) {
  for (int64_t i = 0; i < tileRows; ++i) {
    Value row = k.add(tile.row, i);
    Value before = k.loadScalar(maxima, row);
    Value now = k.maxf(k.reduceMax(largest[i]), before);
    Value decay = k.exp(k.subf(before, now));
    k.storeScalar(now, maxima, row);
    tile.decay.push_back(decay);
    Value maximum = k.splat(now, kGroupOfPositions);
    Value zero = k.f32s(0, kGroupOfPositions);
    Value sum =
        k.loop(tile.from, tile.to, kGroupOfPositions, zero,
               [&](Value first, ValueRange carried) -> Values {
                 Value at = k.add(k.sub(first, tile.origin), i * chunkSize);
                 Value weight = k.exp(
                     k.subf(k.load(scoreRows, at, kGroupOfPositions), maximum));
                 k.store(weight, scoreRows, at);
                 return {k.addf(carried[0], weight)};
               })[0];
    k.storeScalar(k.fma(k.loadScalar(sums, row), decay, k.reduceAdd(sum)), sums,
                  row);
  }
}

//===-- Values ------------------------------------------------------------===//

/// outputs = outputs * decay + weights * values, for some columns.
void AttentionCore::accumulatePieces(Tile &tile, ArrayRef<Piece> pieces) {
  auto outputAt = [&](int64_t i, const Piece &piece) {
    return k.add(output(k.add(tile.row, i)).at, piece.offset);
  };
  Values start;
  for (const Piece &piece : pieces)
    for (int64_t i = 0; i < tileRows; ++i)
      start.push_back(k.mulf(k.load(outputs, outputAt(i, piece), piece.width),
                             k.splat(tile.decay[i], piece.width)));
  auto body = [&](Value position, ValueRange carried) {
    Values next, weights;
    Value at = k.add(tile.keys, k.mul(position, headDim));
    for (int64_t i = 0; i < tileRows; ++i)
      weights.push_back(k.loadScalar(
          scoreRows, k.add(k.sub(position, tile.origin), i * chunkSize)));
    for (const Piece &piece : pieces) {
      Value x = k.load(tile.cache.values, k.add(at, piece.offset), piece.width);
      if (!tile.cache.type.getElementType().isF32())
        x = k.finiteToF32(x);
      for (int64_t i = 0; i < tileRows; ++i)
        next.push_back(
            k.fma(k.splat(weights[i], piece.width), x, carried[next.size()]));
    }
    return next;
  };
  Values sums = k.loop(tile.from, tile.to, 1, start, body);
  size_t next = 0;
  for (const Piece &piece : pieces)
    for (int64_t i = 0; i < tileRows; ++i)
      k.store(sums[next++], outputs, outputAt(i, piece));
}

void AttentionCore::accumulate(Tile &tile) {
  SmallVector<Piece> pieces = piecesOf(headDim, k.lanes());
  size_t together =
      std::max<int64_t>(1, k.caps.getRegisters() * 5 / 8 / tileRows);
  ArrayRef<Piece> rest = pieces;
  while (!rest.empty()) {
    accumulatePieces(tile, rest.take_front(together));
    rest = rest.drop_front(std::min(together, rest.size()));
  }
}
