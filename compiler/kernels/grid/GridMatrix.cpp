// The workgroup of a product of matrices (GridMatrix.h).
//
// A workgroup has a slot for every 32 lanes. A subgroup takes a slot: some
// weight panels, times 64 tokens. How many lanes a subgroup has is known when
// the kernel runs: larger ones take several rounds for all slots, and smaller
// ones leave some of themselves idle. For each 32 columns lanes write the
// weights of the working slots and the inputs into workgroup memory, and
// subgroups multiply. Sums go through workgroup memory, too, to lanes that know
// their row and token.
#include "compiler/kernels/grid/GridMatrix.h"

#include "compiler/kernels/grid/GridByteMatrix.h"
#include "compiler/kernels/grid/GridHalfMatrix.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;
using kern::MatrixOrder;
using kern::MatrixUse;

static constexpr int64_t kSlotLanes = 32;

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

std::unique_ptr<GridMatrix>
GridMatrix::make(GridShell &k, const LinearRegion &linear, int64_t panels) {
  if (linear.isInteger() && k.matrixByteDepth())
    return std::make_unique<GridByteMatrix>(k, linear, panels);
  return std::make_unique<GridHalfMatrix>(k, linear, panels);
}

GridMatrix::GridMatrix(GridShell &k, const LinearRegion &linear, int64_t panels)
    : k(k), linear(linear), grid(k, linear), panels(panels),
      edge(k.matrixEdge()), slots(k.group() / kSlotLanes) {}

void GridMatrix::takeStage() {
  stage = k.scratch(k.builder.getF32Type(),
                    slots * each() * stageTokens() * kRows, /*shared=*/true);
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
    firstToken = k.mul(block, blockTokens);
    prepare();
    Value rounds = k.create<arith::DivUIOp>(k.index(slots), working);
    k.loop(k.index(0), rounds, 1, [&](Value round) {
      firstPanel =
          k.add(first, k.mul(k.mul(round, working), k.index(panels / each())));
      Value zero = k.create<kern::MatrixFillOp>(
          matrixType(k.builder.getF32Type(), MatrixUse::sum), k.f32(0));
      Values zeros(static_cast<size_t>(rowTiles() * tokenTiles()), zero);
      int64_t chunks = llvm::divideCeil(linear.columns, kChunk);
      Values sums = k.loop(k.index(0), k.index(chunks), 1, zeros,
                           [&](Value chunk, ValueRange carried) {
                             return multiply(chunk, carried);
                           });
      store(sums);
    });
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

GridMatrix::PackedRow GridMatrix::packedRow(Value number, Value at) {
  Value memory = k.binding(linear.weight);
  Value row = k.rem(number, kRows);
  Value start = k.add(
      k.mul(weightPanel(k.div(number, kRows)), linear.panelBytes() / 4), at);
  Values pair = k.unpackF16(k.load(memory, k.add(start, k.div(row, 2))));
  Value odd = k.equal(k.rem(row, 2), k.index(1));
  return {row, start, k.select(odd, pair[1], pair[0])};
}

void GridMatrix::store(ValueRange sums) {
  for (int64_t output = 0; output < panels / each(); ++output)
    for (int64_t part = 0; part < kTokens / stageTokens(); ++part)
      storePart(sums, output, part);
}

/// One output panel of every working slot, stageTokens() tokens.
void GridMatrix::storePart(ValueRange sums, int64_t output, int64_t part) {
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
      Value scale = divisor(t);
      Values results;
      for (int64_t p = 0; p < each(); ++p) {
        Value sum =
            k.load(stage, k.add(k.add(k.mul(ofSlot, each() * pieceSize), place),
                                p * pieceSize));
        results.push_back(scale ? k.divf(sum, scale) : sum);
      }
      grid.store(panel, k.rem(place, kRows), token, results);
    });
  });
  k.barrier();
}
