// Embedding: one row of a rows16-packed table per token, unpacked to f32. One
// work item is one token.
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
  if (!op || match.resultCount() != 1 || match.result() != op.getResult() ||
      !isa<BlockArgument>(op.getTokens()) ||
      !isa<BlockArgument>(op.getTable())) {
    reason = "not a lookup in a table";
    return false;
  }
  return match.complete(reason);
}

std::string EmbeddingFamily::id(xf::RegionOp region) const {
  RankedTensorType table = tableType(region);
  return uniqueId(("embedding_" + xf::stringifyScheme(xf::getScheme(table)) +
                   "_" + Twine(table.getDimSize(0)) + "x" +
                   Twine(table.getDimSize(1)))
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
  return k.items([&](Value item) {
    Value token = k.create<arith::IndexCastOp>(k.builder.getIndexType(),
                                               k.loadScalar(tokens, item));
    unpackTableRow(k, tableType(region), table, token,
                   {k.result(), k.mul(item, columnsOf(op.getResult()))});
  });
}

namespace sinter::kernels {
const KernelFamily &getEmbeddingFamily() {
  static const EmbeddingFamily family;
  return family;
}
} // namespace sinter::kernels
