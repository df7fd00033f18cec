// Embedding: one row of a rows16-packed table per token, unpacked to f32,
// [scaled], [plus the row of its position in another table]. One work item is
// one token.
#include "compiler/kernels/Activation.h"
#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/Layout.h"
#include "compiler/kernels/RegionMatch.h"
#include "compiler/kernels/RowOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

class EmbeddingFamily : public KernelFamily {
public:
  StringRef name() const override { return "embedding"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override;
  std::string id(xf::RegionOp region) const override;
  WorkItems workItems(xf::RegionOp region) const override;
  Cost cost(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  /// The scale and the learned positions that follow a lookup, if any.
  struct Tail {
    xf::ScaleOp scale;
    xf::AddPositionsOp positions;
  };
  static Tail tailOf(xf::RegionOp region) {
    Tail tail;
    for (Operation &op : region.getBody().front()) {
      if (auto scale = dyn_cast<xf::ScaleOp>(op))
        tail.scale = scale;
      if (auto positions = dyn_cast<xf::AddPositionsOp>(op))
        tail.positions = positions;
    }
    return tail;
  }
  static xf::EmbeddingOp lookup(xf::RegionOp region) {
    return *region.getBody().front().getOps<xf::EmbeddingOp>().begin();
  }
  static RankedTensorType tableType(xf::RegionOp region) {
    return cast<RankedTensorType>(lookup(region).getTable().getType());
  }
};

} // namespace

bool EmbeddingFamily::accepts(xf::RegionOp region, std::string &reason) const {
  RegionMatch match(region);
  auto op = match.takeOnly<xf::EmbeddingOp>();
  Value value = match.resultCount() == 1 ? match.result() : Value();
  if (auto positions =
          value ? match.take<xf::AddPositionsOp>(value) : nullptr) {
    if (!isa<BlockArgument>(positions.getTable())) {
      reason = "positions that are no argument";
      return false;
    }
    value = positions.getX();
  }
  if (auto scale = value ? match.take<xf::ScaleOp>(value) : nullptr)
    value = scale.getX();
  if (!op || value != op.getResult() || !isa<BlockArgument>(op.getTokens()) ||
      !isa<BlockArgument>(op.getTable())) {
    reason = "not a lookup in a table";
    return false;
  }
  return match.complete(reason);
}

std::string EmbeddingFamily::id(xf::RegionOp region) const {
  RankedTensorType table = tableType(region);
  Tail tail = tailOf(region);
  return uniqueId(
      ("embedding_" + xf::stringifyScheme(xf::getScheme(table)) +
       (tail.scale ? "__scale" : "") + (tail.positions ? "__positions" : "") +
       "_" + Twine(table.getDimSize(0)) + "x" + Twine(table.getDimSize(1)))
          .str(),
      region);
}

WorkItems EmbeddingFamily::workItems(xf::RegionOp region) const {
  int64_t rows = rowsOf(lookup(region).getResult());
  if (ShapedType::isDynamic(rows))
    return {1, 1};
  return {rows, 0};
}

Cost EmbeddingFamily::cost(xf::RegionOp region) const {
  RankedTensorType table = tableType(region);
  auto columns = double(table.getDimSize(1));
  Cost cost;
  cost.bytesPerToken =
      columns * 4 +
      double(layout::panelBytes(xf::getScheme(table), table.getDimSize(1))) /
          layout::kPanelRows;
  cost.flopsPerToken = columns;
  return cost;
}

FailureOr<kern::KernelOp> EmbeddingFamily::build(OpBuilder &builder,
                                                 xf::RegionOp region,
                                                 kern::CapsAttr caps) const {
  xf::EmbeddingOp op = lookup(region);
  KernelShell k(builder, region, id(region), caps);
  Value tokens = k.binding(cast<BlockArgument>(op.getTokens()));
  Value table = k.binding(cast<BlockArgument>(op.getTable()));
  Tail tail = tailOf(region);
  int64_t columns = columnsOf(op.getResult());
  Value learned;
  if (tail.positions)
    learned = k.scratch(k.builder.getF32Type(), columns);
  return k.items([&](Value item) {
    Value token = k.create<arith::IndexCastOp>(k.builder.getIndexType(),
                                               k.loadScalar(tokens, item));
    Row to{k.result(), k.mul(item, columns)};
    unpackTableRow(k, tableType(region), table, token, to);
    if (tail.positions) {
      Value at = k.add(k.scalar(kern::Scalar::position), item);
      unpackTableRow(
          k, cast<RankedTensorType>(tail.positions.getTable().getType()),
          k.binding(cast<BlockArgument>(tail.positions.getTable())), at,
          {learned, k.index(0)});
    }
    if (!tail.scale && !tail.positions)
      return;
    forColumns(k, columns, k.lanes(), [&](Value offset, int64_t width) {
      Value x = k.load(to.memory, k.add(to.at, offset), width);
      if (tail.scale)
        x = scaled(k, x, tail.scale.getFactor().convertToDouble());
      if (tail.positions)
        x = k.addf(x, k.load(learned, offset, width));
      k.store(x, to.memory, k.add(to.at, offset));
    });
  });
}

namespace sinter::kernels {
const KernelFamily &getEmbeddingFamily() {
  static const EmbeddingFamily family;
  return family;
}
} // namespace sinter::kernels
