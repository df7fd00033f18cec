// Pairs of f16, and their products (GridHalf.h).
//
// With the bits of 1024 above it an integer u < 1024 is the f16 1024 + u. So a
// shift, a mask and an or make two weights out of a word, a subtraction removes
// 1024 and the offset of u, exactly. The mask picks fields that lie 16 bits
// apart: columns 0 and 2 of a unit, then 1 and 3, and the input is staged in
// the same pairs.
#include "compiler/kernels/grid/GridHalf.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;
using xf::Scheme;

namespace {

/// Columns whose products are summed in f16: each half of a pair has half of
/// them. More round more, fewer are converted to f32 more often
/// (docs/kernels.md).
constexpr int64_t kRunColumns = 16;

/// How pairs lie in a word of weights.
struct PairLayout {
  SmallVector<int32_t> shifts; ///< of the pairs, in the order of the input's
  uint32_t mask;
  uint32_t flip; ///< makes the fields unsigned
  double offset; ///< of the unsigned fields
  double largestInput;
};

/// With the largest input a run of the largest weights, 8 and 128, stays below
/// half of what f16 holds.
const PairLayout &pairLayout(Scheme scheme) {
  static const PairLayout nibbles{{0, 8, 4, 12}, 0x000F000F, 0, 8, 240};
  static const PairLayout bytes{{0, 8}, 0x00FF00FF, 0x80808080, 128, 16};
  return scheme == Scheme::q4_0 ? nibbles : bytes;
}

} // namespace

GridHalf::GridHalf(GridShell &k, const LinearRegion &linear, int64_t tokens)
    : GridStaged(k, linear, tokens, pairLayout(linear.scheme).largestInput,
                 /*unitWords=*/2) {}

/// Nothing is beyond f16 but what is not finite.
Values GridHalf::packed(ArrayRef<Value> x, Value inverse) {
  Values pairs;
  for (size_t c = 0; c < 2; ++c) {
    Value pair = k.create<vector::FromElementsOp>(
        k.f32Vector(2),
        ValueRange{k.mulf(x[c], inverse), k.mulf(x[c + 2], inverse)});
    pairs.push_back(
        k.create<kern::PackF16Op>(k.builder.getI32Type(), pair).getResult());
  }
  return pairs;
}

Value GridHalf::pairAt(Value word) {
  return k.create<kern::BitcastF16Op>(word);
}

Values GridHalf::weightPairs(Scheme scheme, Value word) {
  const PairLayout &layout = pairLayout(scheme);
  constexpr double power = 1024; // 0x6400
  auto type = VectorType::get({2}, k.builder.getF16Type());
  Value offset = k.create<arith::ConstantOp>(DenseElementsAttr::get(
      type, k.builder.getF16FloatAttr(static_cast<float>(power + layout.offset))
                .getValue()));
  if (layout.flip)
    word = k.xori(word, layout.flip);
  Values pairs;
  for (int32_t shift : layout.shifts) {
    Value fields =
        k.andi(shift ? k.shiftRight(word, shift) : word, layout.mask);
    Value bits = k.create<arith::OrIOp>(fields, k.i32(0x64006400));
    pairs.push_back(k.subf(pairAt(bits), offset));
  }
  return pairs;
}

/// A run of columns at a turn.
Values GridHalf::multiplyBlock(const LaneWeights &weights,
                               ArrayRef<Value> starts, Value firstUnit) {
  auto wordPairs =
      static_cast<int64_t>(pairLayout(weights.scheme).shifts.size());
  int64_t runWords = kRunColumns / (2 * wordPairs);
  int64_t blockWords = layout::kBlock / (2 * wordPairs);
  Values zeros(starts.size() * static_cast<size_t>(tokens), k.f32(0));
  return k.loop(
      k.index(0), k.index(blockWords), runWords, zeros,
      [&](Value w, ValueRange carried) {
        SmallVector<Values> pairs(starts.size()); // [panel][pair]
        for (size_t p = 0; p < starts.size(); ++p)
          for (int64_t i = 0; i < runWords; ++i) {
            Value at = k.add(starts[p], k.mul(k.add(w, i), layout::kPanelRows));
            pairs[p].append(
                weightPairs(weights.scheme, k.load(weights.memory, at)));
          }
        Values next(carried);
        for (int64_t t = 0; t < tokens; ++t) {
          Value at = k.add(wordAt(k.index(t), firstUnit), k.mul(w, wordPairs));
          Values x;
          for (int64_t i = 0; i < kRunColumns / 2; ++i)
            x.push_back(pairAt(k.load(words, k.add(at, i))));
          for (size_t p = 0; p < starts.size(); ++p) {
            Value sum;
            for (auto [weight, input] : llvm::zip_equal(pairs[p], x)) {
              Value product = k.mulf(weight, input);
              sum = sum ? k.addf(sum, product) : product;
            }
            Value both = k.create<arith::ExtFOp>(k.f32Vector(2), sum);
            Value &total =
                next[p * static_cast<size_t>(tokens) + static_cast<size_t>(t)];
            total = k.addf(total, k.addf(k.create<vector::ExtractOp>(both, 0),
                                         k.create<vector::ExtractOp>(both, 1)));
          }
        }
        return next;
      });
}
