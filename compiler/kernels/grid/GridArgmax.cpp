// The greedy choice on a grid: index of the largest logit, the smallest among
// equals; NaN never wins. One work item is a row: one lane without barriers,
// else the whole workgroup.
#include "compiler/kernels/RegionMatch.h"
#include "compiler/kernels/grid/GridShell.h"
#include "compiler/kernels/grid/GridTwin.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

/// Below every logit that is a number of any use.
constexpr double kLowest = -3e38;

class GridArgmax : public GridTwin {
public:
  GridArgmax() : GridTwin(getArgmaxFamily) {}
  StringRef name() const override { return "grid_argmax"; }
  WorkItems workItems(xf::RegionOp region) const override {
    return getArgmaxFamily().workItems(region);
  }
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;
};

/// {value, index} of the better of two; the first where equal.
Values better(GridShell &k, ValueRange best, Value value, Value index) {
  Value larger =
      k.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, value, best[0]);
  return {k.select(larger, value, best[0]), k.select(larger, index, best[1])};
}

FailureOr<kern::KernelOp> GridArgmax::build(OpBuilder &builder,
                                            xf::RegionOp region,
                                            kern::CapsAttr caps) const {
  RegionMatch match(region);
  RowPart part = *match.takeRowPart(match.takeOnly<xf::ArgmaxOp>().getLogits());
  bool dynamic = ShapedType::isDynamic(rowsOf(match.result()));
  GridShell k(builder, region, id(region), caps, /*itemsPerGroup=*/1);
  int64_t lanes = k.meets() ? k.group() : 1;
  Value values, indices;
  if (k.meets()) {
    values = k.scratch(k.builder.getF32Type(), lanes, /*shared=*/true);
    indices = k.scratch(k.builder.getI32Type(), lanes, /*shared=*/true);
  }
  return k.items([&](Value item) {
    Value lane = k.lane(), row = dynamic ? k.tokenBlock() : item;
    Value logits = k.binding(part.argument);
    Value start = k.add(k.mul(row, part.stride), part.offset);
    auto scan = [&](Value first, int64_t stride) {
      return k.loop(first, k.index(part.columns), stride,
                    ValueRange{k.f32(kLowest), k.index(0)},
                    [&](Value i, ValueRange best) {
                      return better(k, best, k.load(logits, k.add(start, i)),
                                    i);
                    });
    };
    Value isFirst = k.equal(lane, k.index(0));
    if (!k.meets())
      return k.when(isFirst, [&] {
        k.store(k.toI32(scan(k.index(0), 1)[1]), k.result(), row);
      });
    // A lane has a run of neighbours, so that the first lane wins a tie.
    int64_t run = llvm::divideCeil(part.columns, lanes);
    Value from = k.mul(lane, run);
    Value to = k.min(k.add(from, run), k.index(part.columns));
    Values mine =
        k.loop(from, to, 1, ValueRange{k.f32(kLowest), k.index(0)},
               [&](Value i, ValueRange best) {
                 return better(k, best, k.load(logits, k.add(start, i)), i);
               });
    k.store(mine[0], values, lane);
    k.store(k.toI32(mine[1]), indices, lane);
    k.barrier();
    k.when(isFirst, [&] {
      Values best =
          k.loop(k.index(1), k.index(lanes), 1, ValueRange{mine[0], mine[1]},
                 [&](Value i, ValueRange best) {
                   return better(k, best, k.load(values, i),
                                 k.toIndex(k.load(indices, i)));
                 });
      k.store(k.toI32(best[1]), k.result(), row);
    });
  });
}

} // namespace

namespace sinter::kernels {
const KernelFamily &getGridArgmaxFamily() {
  static const GridArgmax family;
  return family;
}
} // namespace sinter::kernels
