// Embedding: one row of a rows16-packed table per token, unpacked to f32,
// [scaled], [plus the row of its position in another table]. One work item is
// one token.
#include "compiler/kernels/Activation.h"
#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/Layout.h"
#include "compiler/kernels/RowOps.h"
#include "compiler/kernels/RowRegions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

class EmbeddingFamily : public KernelFamily {
public:
  StringRef name() const override { return "embedding"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override {
    return matchEmbedding(region, reason).has_value();
  }
  std::string id(xf::RegionOp region) const override;
  WorkItems workItems(xf::RegionOp region) const override;
  Cost cost(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  static EmbeddingRegion matched(xf::RegionOp region) {
    std::string reason;
    return *matchEmbedding(region, reason);
  }
};

} // namespace

std::string EmbeddingFamily::id(xf::RegionOp region) const {
  EmbeddingRegion found = matched(region);
  RankedTensorType table = found.tableType();
  return uniqueId(
      ("embedding_" + xf::stringifyScheme(xf::getScheme(table)) +
       (found.scale ? "__scale" : "") + (found.positions ? "__positions" : "") +
       "_" + Twine(table.getDimSize(0)) + "x" + Twine(table.getDimSize(1)))
          .str(),
      region);
}

WorkItems EmbeddingFamily::workItems(xf::RegionOp region) const {
  int64_t rows = matched(region).rows;
  if (ShapedType::isDynamic(rows))
    return {1, 1};
  return {rows, 0};
}

Cost EmbeddingFamily::cost(xf::RegionOp region) const {
  RankedTensorType table = matched(region).tableType();
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
  EmbeddingRegion found = matched(region);
  KernelShell k(builder, region, id(region), caps);
  Value tokens = k.binding(found.tokens), table = k.binding(found.table);
  int64_t columns = columnsOf(found.table);
  Value learned;
  if (found.positions)
    learned = k.scratch(k.builder.getF32Type(), columns);
  return k.items([&](Value item) {
    Value token = k.create<arith::IndexCastOp>(k.builder.getIndexType(),
                                               k.loadScalar(tokens, item));
    Row to{k.result(), k.mul(item, columns)};
    unpackTableRow(k, found.tableType(), table, token, to);
    if (found.positions) {
      Value at = k.add(k.scalar(kern::Scalar::position), item);
      unpackTableRow(k, cast<RankedTensorType>(found.positions.getType()),
                     k.binding(found.positions), at, {learned, k.index(0)});
    }
    if (!found.scale && !found.positions)
      return;
    forColumns(k, columns, k.lanes(), [&](Value offset, int64_t width) {
      Value x = k.load(to.memory, k.add(to.at, offset), width);
      if (found.scale)
        x = scaled(k, x, *found.scale);
      if (found.positions)
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
