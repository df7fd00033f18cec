// Packed bytes, and their products (GridDot.h).
#include "compiler/kernels/grid/GridDot.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;
using xf::Scheme;

Values GridDot::packed(ArrayRef<Value> x, Value inverse) {
  Value word;
  for (int64_t c = 0; c < kUnit; ++c) {
    Value rounded =
        k.create<math::RoundEvenOp>(k.mulf(x[static_cast<size_t>(c)], inverse));
    Value q = k.create<arith::FPToSIOp>(k.builder.getI32Type(), rounded);
    if (c < 3)
      q = k.andi(q, 0xFF);
    if (c > 0)
      q = k.shiftLeft(q, static_cast<int32_t>(8 * c));
    word = word ? k.create<arith::OrIOp>(word, q).getResult() : q;
  }
  return {word};
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

/// A word of weights is one unit of the input, or two.
Values GridDot::multiplyBlock(const LaneWeights &weights,
                              ArrayRef<Value> starts, Value firstUnit) {
  int64_t inputWords = weights.scheme == Scheme::q8_0 ? 1 : 2;
  Values zeros(starts.size() * static_cast<size_t>(tokens), k.i32(0));
  Values sums = k.loop(
      k.index(0), k.index(kBlockUnits / inputWords), 1, zeros,
      [&](Value w, ValueRange carried) {
        Values next(carried);
        SmallVector<Values> bytes;
        for (Value start : starts) {
          Value at = k.add(start, k.mul(w, layout::kPanelRows));
          bytes.push_back(
              signedWords(k, weights.scheme, k.load(weights.memory, at)));
        }
        Value unit = k.add(firstUnit, k.mul(w, inputWords));
        for (int64_t t = 0; t < tokens; ++t)
          for (int64_t i = 0; i < inputWords; ++i) {
            Value x = k.load(words, wordAt(k.index(t), k.add(unit, i)));
            for (size_t p = 0; p < starts.size(); ++p) {
              Value &sum = next[p * static_cast<size_t>(tokens) +
                                static_cast<size_t>(t)];
              Value product = k.create<kern::PackedDotOp>(
                  k.builder.getI32Type(), bytes[p][static_cast<size_t>(i)], x);
              sum = k.create<arith::AddIOp>(sum, product);
            }
          }
        return next;
      });
  for (Value &sum : sums)
    sum = k.signedToF32(sum);
  return sums;
}
