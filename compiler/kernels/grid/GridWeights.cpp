// Packed weights on a grid (GridWeights.h).
//
// A word of q4_0 holds eight columns of a row. With u = q + 8 in every nibble,
// (word & (15 << 4 p)) is u * 16^p, exact in f32; x is multiplied by 16^-p
// beforehand. The topmost nibble is flipped to q in two's complement, so that
// the signed conversion is right for all of them; the others owe 8 times the
// sum of their x, subtracted once a block. q8_0 is the same with bytes, 128 and
// 256^p.
//
// Software adapters compile what they are given, so all fields of a word stand
// in the text, and the products of one token and panel after one another: the
// sum stays in a register, x do for all panels (docs/measurements/webgpu.md).
// GPUs' compilers do that themselves; for several tokens they get a loop over
// the fields, shifted down one after another, which is quicker to compile.
#include "compiler/kernels/grid/GridWeights.h"

#include "compiler/kernels/Layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;
using xf::Scheme;

namespace {

/// Where the columns of a word of an integer scheme lie.
struct WordLayout {
  int64_t columns;  ///< of a word
  int64_t words;    ///< of a row in a block
  uint32_t flip;    ///< makes all but the topmost unsigned
  uint32_t flipAll; ///< makes all unsigned
  double bias;      ///< of the unsigned ones
  uint32_t mask;    ///< of the lowest
  int32_t fieldBits;
  /// Place of a column: its field, counted from the lowest.
  int64_t field(int64_t column) const {
    return columns == 4 ? column
                        : (column < 4 ? 2 * column : 2 * (column - 4) + 1);
  }
  bool isTop(int64_t column) const { return field(column) == columns - 1; }
};

const WordLayout kNibbles{8, 4, 0x80000000u, 0, 8, 0xF, 4};
const WordLayout kBytes{4, 8, 0x00808080u, 0x80808080u, 128, 0xFF, 8};

const WordLayout &wordLayout(Scheme scheme) {
  return scheme == Scheme::q4_0 ? kNibbles : kBytes;
}

constexpr int64_t kScaleWords = layout::kPanelRows / 2;

/// Emits the product; holds what does not change from step to step.
class Emitter {
public:
  Emitter(GridShell &k, const LaneWeights &weights, int64_t tokens,
          bool hasSquares, const InputColumns &input)
      : k(k), weights(weights), tokens(tokens), hasSquares(hasSquares),
        input(input) {
    oddRow = k.equal(k.rem(weights.row, 2), k.index(1));
    pairOfRow = k.div(weights.row, 2);
  }

  LaneProduct integers(const LaneShare &share);
  LaneProduct floats(const LaneShare &share);
  void rowBlock(Value block, llvm::function_ref<void(Value, Value)> use);

private:
  int64_t panelCount() const {
    return static_cast<int64_t>(weights.panels.size());
  }
  int64_t sumCount() const { return panelCount() * tokens; }
  int64_t panelWords() const {
    return layout::panelBytes(weights.scheme, weights.columns) / 4;
  }
  /// Index of the panel's first word, plus `offset`.
  Value panelAt(int64_t panel, Value offset) {
    return k.add(k.mul(weights.panels[panel], panelWords()), offset);
  }
  Value half(Value word) {
    Values pair = k.unpackF16(word);
    return k.select(oddRow, pair[1], pair[0]);
  }
  /// The f32 value of the row in column `column` of a float scheme.
  Value floatAt(Value panelStart, Value column);
  Values octets(Value offset, ArrayRef<Value> starts, Value column,
                Values carried);
  Values fields(Value offset, ArrayRef<Value> starts, Value column,
                Values sums);
  Values zeros(int64_t count) { return Values(count, k.f32(0)); }
  LaneProduct unpack(ValueRange sums, ValueRange squares);

  GridShell &k;
  const LaneWeights &weights;
  int64_t tokens;
  bool hasSquares;
  const InputColumns &input;
  Value oddRow, pairOfRow;
};

LaneProduct Emitter::unpack(ValueRange sums, ValueRange squares) {
  LaneProduct product;
  for (int64_t p = 0; p < panelCount(); ++p)
    product.sums.push_back(Values(sums.slice(p * tokens, tokens)));
  product.squares = Values(squares);
  return product;
}

/// One word of every panel at block start + its offset, times its columns, all
/// in the text.
/// Carried: sums [panel][token], biased x sums by token, squares by token.
Values Emitter::octets(Value offset, ArrayRef<Value> starts, Value column,
                       Values carried) {
  const WordLayout &words = wordLayout(weights.scheme);
  bool check = weights.columns % layout::kBlock != 0;
  Values flipped;
  for (Value start : starts)
    flipped.push_back(
        k.xori(k.load(weights.memory, k.add(start, offset)), words.flip));
  SmallVector<Values> xs, numbers; // by column; of tokens, of panels
  for (int64_t c = 0; c < words.columns; ++c) {
    ColumnInput in = input(k.add(column, c), check);
    int64_t field = words.field(c);
    auto mask = static_cast<uint32_t>(uint64_t(words.mask)
                                      << (field * words.fieldBits));
    double power = 1;
    for (int64_t i = 0; i < field; ++i)
      power /= double(1 << words.fieldBits);
    for (int64_t t = 0; t < tokens; ++t) {
      Value &bias = carried[sumCount() + t];
      if (!words.isTop(c))
        bias = k.addf(bias, in.x[t]);
      if (hasSquares) {
        Value &squares = carried[sumCount() + tokens + t];
        squares = k.addf(squares, in.squares[t]);
      }
      if (field)
        in.x[t] = k.mulf(in.x[t], k.f32(power));
    }
    xs.push_back(in.x);
    Values &weightsOfColumn = numbers.emplace_back();
    for (Value word : flipped)
      weightsOfColumn.push_back(k.signedToF32(k.andi(word, mask)));
  }
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t p = 0; p < panelCount(); ++p) {
      Value &sum = carried[p * tokens + t];
      for (int64_t c = 0; c < words.columns; ++c)
        sum = k.addf(sum, k.mulf(numbers[c][p], xs[c][t]));
    }
  return carried;
}

/// One word of every panel, field after field in a loop, for several tokens.
Values Emitter::fields(Value offset, ArrayRef<Value> starts, Value column,
                       Values sums) {
  const WordLayout &words = wordLayout(weights.scheme);
  bool check = weights.columns % layout::kBlock != 0;
  for (Value start : starts) {
    Value word = k.load(weights.memory, k.add(start, offset));
    sums.push_back(words.flipAll ? k.xori(word, words.flipAll) : word);
  }
  Values done =
      k.loop(k.index(0), k.index(words.columns), 1, sums,
             [&](Value field, ValueRange carried) {
               // Fields of q4_0 alternate between columns 0 to 3 and 4 to 7.
               Value c = words.columns == 4 ? field
                                            : k.add(k.div(field, 2),
                                                    k.mul(k.rem(field, 2), 4));
               ColumnInput in = input(k.add(column, c), check);
               Values next(carried);
               for (int64_t p = 0; p < panelCount(); ++p) {
                 Value &word = next[sumCount() + p];
                 Value weight = k.subf(k.signedToF32(k.andi(word, words.mask)),
                                       k.f32(words.bias));
                 for (int64_t t = 0; t < tokens; ++t) {
                   Value &sum = next[p * tokens + t];
                   sum = k.addf(sum, k.mulf(weight, in.x[t]));
                 }
                 word = k.shiftRight(word, words.fieldBits);
               }
               return next;
             });
  done.resize(static_cast<size_t>(sumCount()));
  return done;
}

LaneProduct Emitter::integers(const LaneShare &share) {
  const WordLayout &words = wordLayout(weights.scheme);
  int64_t blockWords = layout::blockBytes(weights.scheme) / 4;
  int64_t blocks = llvm::divideCeil(weights.columns, layout::kBlock);
  Values wordStarts, scaleStarts;
  for (int64_t p = 0; p < panelCount(); ++p) {
    wordStarts.push_back(panelAt(p, k.add(weights.row, kScaleWords)));
    scaleStarts.push_back(panelAt(p, pairOfRow));
  }
  int64_t squares = hasSquares ? tokens : 0;
  bool wide = tokens > 1 && k.meets();
  Values totals = k.loop(
      share.first, k.index(blocks), share.stride, zeros(sumCount() + squares),
      [&](Value block, ValueRange carried) {
        Value at = k.mul(block, blockWords);
        Value column = k.mul(block, layout::kBlock);
        Values inner = zeros(sumCount() + (wide ? 0 : tokens));
        inner.append(carried.begin() + sumCount(), carried.end());
        inner =
            k.loop(k.index(0), k.index(words.words), 1, inner,
                   [&](Value w, ValueRange sums) {
                     Value offset = k.add(at, k.mul(w, layout::kPanelRows));
                     Value c = k.add(column, k.mul(w, words.columns));
                     return wide ? fields(offset, wordStarts, c, Values(sums))
                                 : octets(offset, wordStarts, c, Values(sums));
                   });
        Values next(carried);
        for (int64_t p = 0; p < panelCount(); ++p) {
          Value scale = half(k.load(weights.memory, k.add(scaleStarts[p], at)));
          for (int64_t t = 0; t < tokens; ++t) {
            Value sum = inner[p * tokens + t];
            if (!wide)
              sum =
                  k.subf(sum, k.mulf(inner[sumCount() + t], k.f32(words.bias)));
            Value &total = next[p * tokens + t];
            total = k.addf(total, k.mulf(scale, sum));
          }
        }
        for (int64_t t = 0; t < squares; ++t)
          next[sumCount() + t] = inner[sumCount() + tokens + t];
        return next;
      });
  ValueRange all(totals);
  return unpack(all.take_front(sumCount()), all.drop_front(sumCount()));
}

Value Emitter::floatAt(Value panelStart, Value column) {
  constexpr int64_t rows = layout::kPanelRows;
  if (weights.scheme == Scheme::f32)
    return k.load(weights.memory,
                  k.add(panelStart, k.add(k.mul(column, rows), weights.row)));
  Value word =
      k.load(weights.memory,
             k.add(panelStart, k.add(k.mul(column, rows / 2), pairOfRow)));
  if (weights.scheme == Scheme::f16)
    return half(word);
  return k.bitsToF32(
      k.select(oddRow, k.andi(word, 0xFFFF0000u), k.shiftLeft(word, 16)));
}

LaneProduct Emitter::floats(const LaneShare &share) {
  constexpr int64_t unroll = 4;
  bool check = weights.columns % unroll != 0;
  Values starts;
  for (int64_t p = 0; p < panelCount(); ++p)
    starts.push_back(panelAt(p, k.index(0)));
  int64_t squares = hasSquares ? tokens : 0;
  int64_t units = llvm::divideCeil(weights.columns, unroll);
  Values totals = k.loop(
      share.first, k.index(units), share.stride, zeros(sumCount() + squares),
      [&](Value unit, ValueRange carried) {
        Values next(carried);
        for (int64_t c = 0; c < unroll; ++c) {
          Value column = k.add(k.mul(unit, unroll), c);
          ColumnInput in = input(column, check);
          Value inside =
              check ? k.min(column, k.index(weights.columns - 1)) : column;
          for (int64_t p = 0; p < panelCount(); ++p) {
            Value weight = floatAt(starts[p], inside);
            for (int64_t t = 0; t < tokens; ++t) {
              Value &sum = next[p * tokens + t];
              sum = k.addf(sum, k.mulf(weight, in.x[t]));
            }
          }
          for (int64_t t = 0; t < squares; ++t)
            next[sumCount() + t] = k.addf(next[sumCount() + t], in.squares[t]);
        }
        return next;
      });
  ValueRange all(totals);
  return unpack(all.take_front(sumCount()), all.drop_front(sumCount()));
}

void Emitter::rowBlock(Value block,
                       llvm::function_ref<void(Value, Value)> use) {
  Value column = k.mul(block, layout::kBlock);
  bool check = weights.columns % layout::kBlock != 0;
  auto give = [&](Value at, llvm::function_ref<Value()> value) {
    if (!check)
      return use(at, value());
    k.when(k.less(at, k.index(weights.columns)), [&] { use(at, value()); });
  };
  if (!xf::isIntegerScheme(weights.scheme)) {
    Value start = panelAt(0, k.index(0));
    k.loop(k.index(0), k.index(layout::kBlock), 1, [&](Value c) {
      Value at = k.add(column, c);
      give(at, [&] { return floatAt(start, at); });
    });
    return;
  }
  const WordLayout &words = wordLayout(weights.scheme);
  Value at = k.mul(block, layout::blockBytes(weights.scheme) / 4);
  Value scale = half(k.load(weights.memory, panelAt(0, k.add(at, pairOfRow))));
  Value start = panelAt(0, k.add(k.add(at, weights.row), kScaleWords));
  k.loop(k.index(0), k.index(words.words), 1, [&](Value w) {
    Value word = k.xori(
        k.load(weights.memory, k.add(start, k.mul(w, layout::kPanelRows))),
        words.flip);
    for (int64_t c = 0; c < words.columns; ++c) {
      int64_t field = words.field(c);
      double power = 1;
      for (int64_t i = 0; i < field; ++i)
        power /= double(1 << words.fieldBits);
      auto mask = static_cast<uint32_t>(uint64_t(words.mask)
                                        << (field * words.fieldBits));
      give(k.add(k.add(column, k.mul(w, words.columns)), c), [&] {
        Value q = k.mulf(k.signedToF32(k.andi(word, mask)), k.f32(power));
        if (!words.isTop(c))
          q = k.subf(q, k.f32(words.bias));
        return k.mulf(scale, q);
      });
    }
  });
}

} // namespace

LaneProduct sinter::kernels::emitLaneProduct(GridShell &k,
                                             const LaneWeights &weights,
                                             int64_t tokens, bool hasSquares,
                                             const InputColumns &input,
                                             const LaneShare &share) {
  Emitter emitter(k, weights, tokens, hasSquares, input);
  return xf::isIntegerScheme(weights.scheme) ? emitter.integers(share)
                                             : emitter.floats(share);
}

void sinter::kernels::emitRowBlock(GridShell &k, const LaneWeights &weights,
                                   Value block,
                                   llvm::function_ref<void(Value, Value)> use) {
  Emitter(k, weights, 1, false, {}).rowBlock(block, use);
}
