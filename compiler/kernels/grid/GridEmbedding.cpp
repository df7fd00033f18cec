// Embedding on a grid: one row of a packed table per token. A lane unpacks 32
// columns.
#include "compiler/kernels/Layout.h"
#include "compiler/kernels/RegionMatch.h"
#include "compiler/kernels/grid/GridTwin.h"
#include "compiler/kernels/grid/GridWeights.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

class GridEmbedding : public GridTwin {
public:
  GridEmbedding() : GridTwin(getEmbeddingFamily) {}
  StringRef name() const override { return "grid_embedding"; }
  WorkItems workItems(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override;

private:
  static xf::EmbeddingOp lookup(xf::RegionOp region) {
    return *region.getBody().front().getOps<xf::EmbeddingOp>().begin();
  }
  static int64_t blocks(xf::RegionOp region) {
    return llvm::divideCeil(columnsOf(lookup(region).getTable()),
                            layout::kBlock);
  }
};

} // namespace

WorkItems GridEmbedding::workItems(xf::RegionOp region) const {
  int64_t rows = rowsOf(lookup(region).getResult());
  if (ShapedType::isDynamic(rows))
    return {blocks(region), 1};
  return {blocks(region) * rows, 0};
}

FailureOr<kern::KernelOp> GridEmbedding::build(OpBuilder &builder,
                                               xf::RegionOp region,
                                               kern::CapsAttr caps) const {
  xf::EmbeddingOp op = lookup(region);
  auto tableType = cast<RankedTensorType>(op.getTable().getType());
  bool dynamic = ShapedType::isDynamic(rowsOf(op.getResult()));
  int64_t items = workItems(region).items;
  RegionRows part = rowsOfRegion(region);
  GridShell k(builder, region, id(region), caps, caps.getGroup());
  return k.items([&](Value first) {
    Value item = k.add(first, k.lane());
    k.when(k.less(item, k.index(items)), [&] {
      Value block = dynamic ? item : k.rem(item, blocks(region));
      Value token = dynamic ? k.tokenBlock() : k.div(item, blocks(region));
      Value id = k.toIndex(
          k.load(k.binding(cast<BlockArgument>(op.getTokens())), token));
      if (part.first)
        id = k.sub(id, k.index(part.first)); // wraps for those before it
      LaneWeights table;
      table.memory = k.binding(cast<BlockArgument>(op.getTable()));
      table.scheme = xf::getScheme(tableType);
      table.columns = tableType.getDimSize(1);
      table.panels = {k.div(id, layout::kPanelRows)};
      table.row = k.rem(id, layout::kPanelRows);
      Value start = k.mul(token, table.columns);
      auto unpack = [&] {
        emitRowBlock(k, table, block, [&](Value column, Value value) {
          k.store(value, k.result(), k.add(start, column));
        });
      };
      // Of a part of the table: only ids that are in it.
      if (part.count)
        k.when(k.less(id, k.index(part.count)), unpack);
      else
        unpack();
    });
  });
}

namespace sinter::kernels {
const KernelFamily &getGridEmbeddingFamily() {
  static const GridEmbedding family;
  return family;
}
} // namespace sinter::kernels
