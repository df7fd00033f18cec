// The last family for grids: any mix of ops on rows. A lane computes one column
// of every result, asking for the elements it needs from the result backwards;
// nothing in between is kept. Correct, and slow where a linear reads what
// another op computes.
#include "compiler/kernels/Layout.h"
#include "compiler/kernels/RegionMatch.h"
#include "compiler/kernels/grid/GridActivation.h"
#include "compiler/kernels/grid/GridNorms.h"
#include "compiler/kernels/grid/GridTwin.h"
#include "compiler/kernels/grid/GridWeights.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

constexpr int64_t kColumns = layout::kPanelRows; // of a work item

class GridFallback : public GridTwin {
public:
  GridFallback() : GridTwin(getFallbackFamily) {}
  StringRef name() const override { return "grid_fallback"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override;
  WorkItems workItems(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;
};

bool GridFallback::accepts(xf::RegionOp region, std::string &reason) const {
  if (rowsOfRegion(region).count) {
    reason = "a part of a matrix";
    return false;
  }
  for (Operation &op : region.getBody().front().without_terminator())
    if (!isa<xf::SliceOp, xf::AddOp, xf::MulOp, xf::ScaleOp, xf::SoftcapOp,
             xf::ActivationOp, xf::RmsNormOp, xf::LayerNormOp, xf::LinearOp,
             xf::SelectRowOp, xf::EmbeddingOp, xf::AddPositionsOp, xf::RopeOp>(
            op)) {
      reason = op.getName().getStringRef().str() +
               " is computed on a grid only by a family of its own";
      return false;
    }
  for (Type type : region.getResultTypes())
    if (cast<RankedTensorType>(type).getRank() != 2 ||
        xf::getScheme(type) != xf::Scheme::f32) {
      reason = "a result that is not f32 rows";
      return false;
    }
  for (Type type : region.getArgumentTypes())
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      if (xf::getScheme(tensor) == xf::Scheme::dyn_i8) {
        reason = "int8 activations";
        return false;
      }
  return GridTwin::accepts(region, reason);
}

int64_t widest(xf::RegionOp region) {
  int64_t columns = 1;
  for (Type type : region.getResultTypes())
    columns = std::max(columns, cast<RankedTensorType>(type).getDimSize(1));
  return columns;
}

WorkItems GridFallback::workItems(xf::RegionOp region) const {
  auto items = static_cast<int64_t>(llvm::divideCeil(widest(region), kColumns));
  bool dynamic = llvm::any_of(region.getResultTypes(), [](Type type) {
    return cast<RankedTensorType>(type).isDynamicDim(0);
  });
  return {items, dynamic ? 1 : 0};
}

/// Elements of the values of a region.
class Elements {
public:
  Elements(GridShell &k) : k(k) {}

  /// value[token][column]
  Value at(Value value, Value token, Value column);

private:
  Value bindingOf(Value argument) {
    return k.binding(cast<BlockArgument>(argument));
  }
  /// `part` has the weights and epsilon of a norm of x in `groups` groups.
  Value norm(const NormPart &part, Value x, int64_t groups, Value token,
             Value column);
  Value norm(xf::RmsNormOp op, Value token, Value column);
  Value norm(xf::LayerNormOp op, Value token, Value column);
  Value linear(xf::LinearOp op, Value token, Value column);
  Value rope(xf::RopeOp op, Value token, Value column);
  /// table[row][column]
  Value lookup(Value table, Value row, Value column);
  Value embedding(xf::EmbeddingOp op, Value token, Value column);
  LaneWeights row(Value weight, Value index);

  GridShell &k;
};

LaneWeights Elements::row(Value weight, Value index) {
  LaneWeights lane;
  lane.memory = bindingOf(weight);
  lane.scheme = xf::getScheme(weight.getType());
  lane.columns = columnsOf(weight);
  lane.panels = {k.div(index, layout::kPanelRows)};
  lane.row = k.rem(index, layout::kPanelRows);
  return lane;
}

Value Elements::norm(const NormPart &part, Value x, int64_t groups, Value token,
                     Value column) {
  int64_t columns = columnsOf(x) / groups;
  Value inGroup = k.rem(column, columns);
  Value first = k.sub(column, inGroup);
  LaneSums alone(k);
  GridNormFactors factors = gridNormFactors(
      k, part, columns, [&](Value c) { return at(x, token, k.add(first, c)); },
      alone);
  return gridNormalize(k, part, factors, at(x, token, column),
                       part.normOfEachGroup ? column : inGroup);
}

Value Elements::norm(xf::RmsNormOp op, Value token, Value column) {
  NormPart part;
  part.normWeight = cast<BlockArgument>(op.getWeight());
  part.epsilon = op.getEpsilon().convertToDouble();
  return norm(part, op.getX(), static_cast<int64_t>(op.getGroups()), token,
              column);
}

Value Elements::norm(xf::LayerNormOp op, Value token, Value column) {
  NormPart part;
  part.normWeight = cast<BlockArgument>(op.getWeight());
  if (op.getBias())
    part.normBias = cast<BlockArgument>(op.getBias());
  part.epsilon = op.getEpsilon().convertToDouble();
  part.isLayerNorm = true;
  part.normOfEachGroup = columnsOf(op.getWeight()) == columnsOf(op.getX());
  return norm(part, op.getX(), static_cast<int64_t>(op.getGroups()), token,
              column);
}

Value Elements::linear(xf::LinearOp op, Value token, Value column) {
  InputColumns input = [&](Value c, bool check) {
    int64_t columns = columnsOf(op.getX());
    Value inside = check ? k.min(c, k.index(columns - 1)) : c;
    Value x = at(op.getX(), token, inside);
    if (check)
      x = k.select(k.less(c, k.index(columns)), x, k.f32(0));
    return ColumnInput{{x}, {}};
  };
  Value sum = emitLaneProduct(k, row(op.getWeight(), column), 1, false, input,
                              {k.index(0), 1})
                  .sums[0][0];
  return op.getBias() ? k.addf(sum, k.load(bindingOf(op.getBias()), column))
                      : sum;
}

Value Elements::rope(xf::RopeOp op, Value token, Value column) {
  int64_t headDim = columnsOf(op.getX()) / int64_t(op.getHeads());
  int64_t dim = op.getRope().getDim(), half = dim / 2;
  Value d = k.rem(column, headDim), head = k.sub(column, d);
  Value isLow = k.less(d, k.index(half)), turns = k.less(d, k.index(dim));
  // The pair's index; for columns that are not rotated any will do.
  Value i = k.select(isLow, d, k.sub(d, k.min(d, k.index(half))));
  i = k.min(i, k.index(half - 1));
  Value low = at(op.getX(), token, k.add(head, i));
  Value high = at(op.getX(), token, k.add(head, k.add(i, half)));
  Value position = k.add(k.scalar(kern::Scalar::position), token);
  Value angle = k.add(k.mul(position, dim), i);
  Value cosine = k.load(bindingOf(op.getTable()), angle);
  Value sine = k.load(bindingOf(op.getTable()), k.add(angle, half));
  Value a = k.subf(k.mulf(low, cosine), k.mulf(high, sine));
  Value b = k.addf(k.mulf(high, cosine), k.mulf(low, sine));
  Value turned = k.select(isLow, a, b);
  return dim == headDim ? turned
                        : k.select(turns, turned, at(op.getX(), token, column));
}

Value Elements::lookup(Value table, Value index, Value column) {
  // The column as a dot product with a unit vector.
  InputColumns unit = [&](Value c, bool) {
    return ColumnInput{{k.select(k.equal(c, column), k.f32(1), k.f32(0))}, {}};
  };
  return emitLaneProduct(k, row(table, index), 1, false, unit, {k.index(0), 1})
      .sums[0][0];
}

Value Elements::embedding(xf::EmbeddingOp op, Value token, Value column) {
  Value id = k.toIndex(k.load(bindingOf(op.getTokens()), token));
  return lookup(op.getTable(), id, column);
}

Value Elements::at(Value value, Value token, Value column) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return k.load(k.binding(argument),
                  k.add(k.mul(token, columnsOf(value)), column));
  return llvm::TypeSwitch<Operation *, Value>(value.getDefiningOp())
      .Case([&](xf::SliceOp op) {
        return at(op.getX(), token,
                  k.add(column, static_cast<int64_t>(op.getOffset())));
      })
      .Case([&](xf::AddOp op) {
        return k.addf(at(op.getLhs(), token, column),
                      at(op.getRhs(), token, column));
      })
      .Case([&](xf::MulOp op) {
        return k.mulf(at(op.getLhs(), token, column),
                      at(op.getRhs(), token, column));
      })
      .Case([&](xf::ScaleOp op) {
        return k.mulf(at(op.getX(), token, column),
                      k.f32(op.getFactor().convertToDouble()));
      })
      .Case([&](xf::SoftcapOp op) {
        return gridCapped(k, at(op.getX(), token, column),
                          op.getCap().convertToDouble());
      })
      .Case([&](xf::AddPositionsOp op) {
        Value position = k.add(k.scalar(kern::Scalar::position), token);
        return k.addf(at(op.getX(), token, column),
                      lookup(op.getTable(), position, column));
      })
      .Case([&](xf::ActivationOp op) {
        return gridActivate(k, op.getKind(), at(op.getX(), token, column));
      })
      .Case([&](xf::SelectRowOp op) {
        return at(op.getX(), k.scalar(kern::Scalar::row), column);
      })
      .Case<xf::RmsNormOp, xf::LayerNormOp>(
          [&](auto op) { return norm(op, token, column); })
      .Case([&](xf::LinearOp op) { return linear(op, token, column); })
      .Case([&](xf::RopeOp op) { return rope(op, token, column); })
      .Case([&](xf::EmbeddingOp op) { return embedding(op, token, column); });
}

FailureOr<kern::KernelOp> GridFallback::build(OpBuilder &builder,
                                              xf::RegionOp region,
                                              kern::CapsAttr caps) const {
  WorkItems work = workItems(region);
  GridShell k(builder, region, id(region), caps, caps.getGroup() / kColumns);
  return k.items([&](Value first) {
    Value column = k.add(k.mul(first, kColumns), k.lane());
    Elements elements(k);
    Operation *yield = region.getBody().front().getTerminator();
    for (auto [index, value] : llvm::enumerate(yield->getOperands())) {
      int64_t columns = columnsOf(value), rows = rowsOf(value);
      auto write = [&, value = value, index = index](Value token) {
        k.store(elements.at(value, token, column),
                k.result(static_cast<unsigned>(index)),
                k.add(k.mul(token, columns), column));
      };
      Value inside = k.less(column, k.index(columns));
      if (work.perTokens) {
        Value token = k.tokenBlock();
        inside = k.both(inside, k.less(token, k.tokens(rows)));
        k.when(inside, [&] { write(token); });
      } else {
        k.when(inside, [&] { k.loop(k.index(0), k.index(rows), 1, write); });
      }
    }
  });
}

} // namespace

namespace sinter::kernels {
const KernelFamily &getGridFallbackFamily() {
  static const GridFallback family;
  return family;
}
} // namespace sinter::kernels
