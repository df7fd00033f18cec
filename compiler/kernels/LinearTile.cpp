// The inner loops of linear kernels (LinearTile.h). Packed layouts:
// docs/formats/packed-weights.md.
//
// Integer schemes, per block of 32 columns: an i32 sum over the block for each
// token and row, then acc += sum * (weight scale * activation scale) in f32.
// Nibbles are unsigned (q + 8); their sum starts at the block's correction
// -8 * sum(activations). Where the machine multiplies unsigned by signed bytes
// only, q8_0 weights are shifted by 128 in the same way; elsewhere they stay
// signed.
#include "compiler/kernels/LinearTile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;
using kern::Feature;
using xf::Scheme;

namespace {

constexpr int64_t kScaleBytes = 2 * layout::kPanelRows;
constexpr int64_t kCacheLine = 64;

/// Activations (i8 quadruples) of a block.
constexpr int64_t kQuads = layout::kBlock / 4;

class TileEmitter {
public:
  TileEmitter(VectorBuilder &b, const LinearRegion &linear,
              const TileInput &input, ArrayRef<TilePanel> panels,
              const TileShape &shape)
      : b(b), linear(linear), input(input), panels(panels), shape(shape),
        lanes(groupLanes(b)) {}

  Values run() {
    int64_t steps = linear.isInteger() ? linear.blocks() : linear.columns;
    int64_t unrolled = steps / shape.unroll * shape.unroll;
    Values sums(valuesPerStep() * copies(), b.f32s(0, lanes));
    auto turn = [&](int64_t count) {
      return [&, count](Value step, ValueRange carried) {
        Values sums(carried);
        prefetch(step, count);
        for (int64_t i = 0; i < count; ++i)
          emitStep(step, i, sums);
        return sums;
      };
    };
    sums = b.loop(b.index(0), b.index(unrolled), shape.unroll, sums,
                  turn(shape.unroll));
    if (unrolled < steps)
      sums = b.loop(b.index(unrolled), b.index(steps), 1, sums, turn(1));
    return combineCopies(sums);
  }

private:
  int64_t valuesPerStep() const {
    return int64_t(panels.size()) * shape.tokens * shape.groups;
  }
  /// Float schemes with few independent sums keep several copies of each, to
  /// hide the latency of fma. The copies are added at the end.
  int64_t copies() const {
    if (linear.isInteger())
      return 1;
    return std::max<int64_t>(
        1, std::min<int64_t>(shape.unroll, 8 / valuesPerStep()));
  }
  int64_t bytesPerStep() const {
    return linear.isInteger() ? layout::blockBytes(linear.scheme)
                              : linear.panelBytes() / linear.columns;
  }
  Values combineCopies(Values sums);
  void prefetch(Value step, int64_t count);
  void emitStep(Value step, int64_t offset, Values &sums) {
    Value at = b.add(step, offset);
    if (linear.isInteger())
      return b.caps.getRegisters() >= kRegistersForBlock
                 ? emitBlockByToken(at, sums)
                 : emitBlockByOctet(at, sums);
    emitColumn(at, offset % copies(), sums);
  }
  Value stepOffset(const TilePanel &panel, Value step) {
    return b.add(panel.byteOffset, b.mul(step, bytesPerStep()));
  }

  // Integer schemes.
  struct Block {
    Values scales;        ///< per group, f32
    Values quads;         ///< per [quad][group], i8
    Value quadsOf, index; ///< the block's bytes, and its number
  };
  bool isUnsigned() const {
    return linear.scheme == Scheme::q4_0 ||
           (b.caps.has(Feature::dot_u8s8) && !b.caps.has(Feature::dot_s8s8));
  }
  Values loadScales(const TilePanel &panel, Value offset);
  void loadQuads(Value bytes, int64_t octet, int64_t group, Value &low,
                 Value &high);
  Value initialSum(int64_t token);
  Value dot(Value sum, Value weights, Value activations);
  Value quad(int64_t token, int64_t index);
  Value scaleOf(int64_t token);
  void locateInput(Value block);
  void accumulate(Value &sum, Value dots, Value weightScale, Value inputScale) {
    Value product = b.create<arith::SIToFPOp>(b.f32Vector(lanes), dots);
    sum = b.fma(product, b.mulf(weightScale, inputScale), sum);
  }
  void emitBlockByToken(Value block, Values &sums);
  void emitBlockByOctet(Value block, Values &sums);

  // Float schemes.
  Value loadColumn(const TilePanel &panel, Value column, int64_t group);
  void emitColumn(Value column, int64_t copy, Values &sums);

  /// A block's eight unpacked registers, sixteen sums and temporaries.
  static constexpr int64_t kRegistersForBlock = 32;

  VectorBuilder &b;
  const LinearRegion &linear;
  const TileInput &input;
  ArrayRef<TilePanel> panels;
  const TileShape &shape;
  int64_t lanes;
  Value quads, scales, corrections; ///< of the block, as locateInput found them
};

Values TileEmitter::combineCopies(Values sums) {
  int64_t count = valuesPerStep();
  for (int64_t copy = 1; copy < copies(); ++copy)
    for (int64_t i = 0; i < count; ++i)
      sums[i] = b.addf(sums[i], sums[copy * count + i]);
  sums.truncate(count);
  return sums;
}

void TileEmitter::prefetch(Value step, int64_t count) {
  if (!shape.prefetchBytes)
    return;
  int64_t bytes = count * bytesPerStep();
  for (const TilePanel &panel : panels) {
    // f32 weights have a binding of f32, all others one of bytes.
    int64_t element = linear.scheme == Scheme::f32 ? 4 : 1;
    Value from = b.add(stepOffset(panel, step), shape.prefetchBytes);
    from = b.create<arith::DivUIOp>(from, b.index(element));
    for (int64_t line = 0; line < bytes; line += kCacheLine)
      b.create<kern::PrefetchOp>(panel.weights, b.add(from, line / element));
  }
}

//===-- Integer schemes ---------------------------------------------------===//

Values TileEmitter::loadScales(const TilePanel &panel, Value offset) {
  Value memory =
      b.view(panel.weights, offset, b.builder.getF16Type(), layout::kPanelRows);
  Values loaded;
  for (int64_t group = 0; group < shape.groups; ++group)
    loaded.push_back(b.finiteToF32(
        b.load(memory, b.index((shape.firstGroup + group) * lanes), lanes)));
  return loaded;
}

/// The weights of columns 8 * octet .. + 3 and + 4 .. + 7 for a group's rows.
void TileEmitter::loadQuads(Value bytes, int64_t octet, int64_t group,
                            Value &low, Value &high) {
  int64_t column = 4 * lanes * (shape.firstGroup + group);
  auto bytesAt = [&](int64_t offset) {
    return b.load(bytes, b.index(kScaleBytes + offset + column), 4 * lanes);
  };
  constexpr int64_t kRow = 4 * layout::kPanelRows;
  if (linear.scheme == Scheme::q4_0) {
    Type i32 = b.builder.getI32Type(), i8 = b.builder.getI8Type();
    Value both = b.bitcast(bytesAt(octet * kRow), i32);
    Value mask = b.i32s(0x0f0f0f0f, lanes), four = b.i32s(4, lanes);
    low = b.bitcast(b.create<arith::AndIOp>(both, mask), i8);
    high = b.bitcast(
        b.create<arith::AndIOp>(b.create<arith::ShRUIOp>(both, four), mask),
        i8);
    return;
  }
  low = bytesAt(2 * octet * kRow);
  high = bytesAt((2 * octet + 1) * kRow);
  if (isUnsigned()) {
    Value flip = b.i8s(-128, 4 * lanes);
    low = b.create<arith::XOrIOp>(low, flip);
    high = b.create<arith::XOrIOp>(high, flip);
  }
}

/// Views of the three parts of the input rows, at this block of the first
/// token; other tokens are a constant number of elements away.
void TileEmitter::locateInput(Value block) {
  int64_t padded = linear.blocks() * layout::kBlock;
  int64_t bytes = shape.tokens * std::max<int64_t>(input.stride, 64);
  Value rest = b.add(input.at, b.mul(block, 4));
  quads = b.view(input.memory, b.add(input.at, b.mul(block, layout::kBlock)),
                 b.builder.getI32Type(), bytes / 4);
  scales = b.view(input.memory, b.add(rest, padded), b.builder.getF32Type(),
                  bytes / 4);
  corrections = b.view(input.memory, b.add(rest, padded + 4 * linear.blocks()),
                       b.builder.getI32Type(), bytes / 4);
}

Value TileEmitter::quad(int64_t token, int64_t index) {
  Value four = b.loadScalar(quads, b.index(token * input.stride / 4 + index));
  return b.bitcast(b.splat(four, lanes), b.builder.getI8Type());
}

Value TileEmitter::scaleOf(int64_t token) {
  return b.splat(b.loadScalar(scales, b.index(token * input.stride / 4)),
                 lanes);
}

Value TileEmitter::initialSum(int64_t token) {
  if (!isUnsigned())
    return b.i32s(0, lanes);
  Value correction =
      b.loadScalar(corrections, b.index(token * input.stride / 4));
  if (linear.scheme == Scheme::q8_0) // 128 instead of 8
    correction = b.create<arith::ShLIOp>(correction, b.i32(4));
  return b.splat(correction, lanes);
}

Value TileEmitter::dot(Value sum, Value weights, Value activations) {
  auto op = b.create<kern::Dot4Op>(sum.getType(), sum, weights, activations,
                                   isUnsigned(), linear.scheme == Scheme::q4_0,
                                   /*rhs_symmetric=*/true);
  return op.getResult();
}

/// Many registers: a group's weights are unpacked once and kept while the
/// tokens go by, one sum at a time.
void TileEmitter::emitBlockByToken(Value block, Values &sums) {
  locateInput(block);
  int64_t position = 0;
  for (const TilePanel &panel : panels) {
    Value offset = stepOffset(panel, block);
    Values weightScales = loadScales(panel, offset);
    Value bytes = b.view(panel.weights, offset, b.builder.getI8Type(),
                         layout::blockBytes(linear.scheme));
    for (int64_t group = 0; group < shape.groups; ++group) {
      Values weights(kQuads);
      for (int64_t octet = 0; octet < kQuads / 2; ++octet)
        loadQuads(bytes, octet, group, weights[2 * octet],
                  weights[2 * octet + 1]);
      for (int64_t token = 0; token < shape.tokens; ++token) {
        Value dots = initialSum(token);
        for (int64_t index = 0; index < kQuads; ++index)
          dots = dot(dots, weights[index], quad(token, index));
        accumulate(sums[position + token * shape.groups + group], dots,
                   weightScales[group], scaleOf(token));
      }
    }
    position += shape.tokens * shape.groups;
  }
}

/// Few registers: the sums of all tokens and groups are kept while the weights
/// go by, eight columns at a time.
void TileEmitter::emitBlockByOctet(Value block, Values &sums) {
  locateInput(block);
  int64_t position = 0;
  for (const TilePanel &panel : panels) {
    Value offset = stepOffset(panel, block);
    Value bytes = b.view(panel.weights, offset, b.builder.getI8Type(),
                         layout::blockBytes(linear.scheme));
    Values dots;
    for (int64_t token = 0; token < shape.tokens; ++token)
      dots.append(shape.groups, initialSum(token));
    for (int64_t octet = 0; octet < kQuads / 2; ++octet)
      for (int64_t group = 0; group < shape.groups; ++group) {
        Value low, high;
        loadQuads(bytes, octet, group, low, high);
        for (int64_t token = 0; token < shape.tokens; ++token) {
          Value &sum = dots[token * shape.groups + group];
          sum = dot(sum, low, quad(token, 2 * octet));
          sum = dot(sum, high, quad(token, 2 * octet + 1));
        }
      }
    Values weightScales = loadScales(panel, offset);
    for (int64_t token = 0; token < shape.tokens; ++token)
      for (int64_t group = 0; group < shape.groups; ++group) {
        int64_t at = token * shape.groups + group;
        accumulate(sums[position + at], dots[at], weightScales[group],
                   scaleOf(token));
      }
    position += shape.tokens * shape.groups;
  }
}

//===-- Float schemes -----------------------------------------------------===//

Value TileEmitter::loadColumn(const TilePanel &panel, Value column,
                              int64_t group) {
  int64_t row = (shape.firstGroup + group) * lanes;
  if (linear.scheme == Scheme::f32) {
    Value at = b.create<arith::DivUIOp>(panel.byteOffset, b.index(4));
    at = b.add(b.add(at, b.mul(column, layout::kPanelRows)), row);
    return b.load(panel.weights, at, lanes);
  }
  Value offset = stepOffset(panel, column);
  if (linear.scheme == Scheme::f16) {
    Value memory = b.view(panel.weights, offset, b.builder.getF16Type(),
                          layout::kPanelRows);
    return b.toF32(b.load(memory, b.index(row), lanes));
  }
  // bf16: the upper half of an f32.
  Value memory =
      b.view(panel.weights, offset, b.builder.getI16Type(), layout::kPanelRows);
  Type i32 = b.vectorType(b.builder.getI32Type(), lanes);
  Value bits =
      b.create<arith::ExtUIOp>(i32, b.load(memory, b.index(row), lanes));
  bits = b.create<arith::ShLIOp>(bits, b.i32s(16, lanes));
  return b.bitcast(bits, b.builder.getF32Type());
}

void TileEmitter::emitColumn(Value column, int64_t copy, Values &sums) {
  int64_t position = copy * valuesPerStep();
  for (const TilePanel &panel : panels) {
    Values weights;
    for (int64_t group = 0; group < shape.groups; ++group)
      weights.push_back(loadColumn(panel, column, group));
    for (int64_t token = 0; token < shape.tokens; ++token) {
      Value at = b.add(b.add(input.at, token * input.stride), column);
      Value x = b.splat(b.loadScalar(input.memory, at), lanes);
      for (Value weight : weights) {
        sums[position] = b.fma(weight, x, sums[position]);
        ++position;
      }
    }
  }
}

} // namespace

Values sinter::kernels::emitTile(VectorBuilder &b, const LinearRegion &linear,
                                 const TileInput &input,
                                 ArrayRef<TilePanel> panels,
                                 const TileShape &shape) {
  return TileEmitter(b, linear, input, panels, shape).run();
}
