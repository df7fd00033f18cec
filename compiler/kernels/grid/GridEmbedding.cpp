// Embedding on a grid: one row of a packed table per token, [scaled], [plus the
// row of its position in another table]. A lane unpacks 32 columns.
#include "compiler/kernels/Layout.h"
#include "compiler/kernels/RowRegions.h"
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
  static EmbeddingRegion matched(xf::RegionOp region) {
    std::string reason;
    return *matchEmbedding(region, reason);
  }
  static int64_t blocks(const EmbeddingRegion &found) {
    return llvm::divideCeil(columnsOf(found.table), layout::kBlock);
  }
};

/// Row `row` of a packed table.
LaneWeights rowOf(GridShell &k, BlockArgument table, Value row) {
  LaneWeights lane;
  lane.memory = k.binding(table);
  lane.scheme = xf::getScheme(table.getType());
  lane.columns = columnsOf(table);
  lane.panels = {k.div(row, layout::kPanelRows)};
  lane.row = k.rem(row, layout::kPanelRows);
  return lane;
}

/// Columns of block `block` of a token whose row is `id` of the table (of the
/// part of it that the region has).
void emitBlock(GridShell &k, const EmbeddingRegion &found, Value id,
               Value token, Value block) {
  Value start = k.mul(token, columnsOf(found.table));
  emitRowBlock(k, rowOf(k, found.table, id), block,
               [&](Value column, Value value) {
                 if (found.scale)
                   value = k.mulf(value, k.f32(*found.scale));
                 k.store(value, k.result(), k.add(start, column));
               });
  if (!found.positions)
    return;
  Value position = k.add(k.scalar(kern::Scalar::position), token);
  emitRowBlock(k, rowOf(k, found.positions, position), block,
               [&](Value column, Value value) {
                 Value at = k.add(start, column);
                 k.store(k.addf(k.load(k.result(), at), value), k.result(), at);
               });
}

} // namespace

WorkItems GridEmbedding::workItems(xf::RegionOp region) const {
  EmbeddingRegion found = matched(region);
  if (ShapedType::isDynamic(found.rows))
    return {blocks(found), 1};
  return {blocks(found) * found.rows, 0};
}

FailureOr<kern::KernelOp> GridEmbedding::build(OpBuilder &builder,
                                               xf::RegionOp region,
                                               kern::CapsAttr caps) const {
  EmbeddingRegion found = matched(region);
  bool dynamic = ShapedType::isDynamic(found.rows);
  int64_t items = workItems(region).items;
  RegionRows part = rowsOfRegion(region);
  GridShell k(builder, region, id(region), caps, caps.getGroup());
  return k.items([&](Value first) {
    Value item = k.add(first, k.lane());
    k.when(k.less(item, k.index(items)), [&] {
      Value block = dynamic ? item : k.rem(item, blocks(found));
      Value token = dynamic ? k.tokenBlock() : k.div(item, blocks(found));
      Value id = k.toIndex(k.load(k.binding(found.tokens), token));
      if (part.first)
        id = k.sub(id, k.index(part.first)); // wraps for those before it
      auto emit = [&] { emitBlock(k, found, id, token, block); };
      // Of a part of the table: only ids that are in it.
      if (part.count)
        k.when(k.less(id, k.index(part.count)), emit);
      else
        emit();
    });
  });
}

namespace sinter::kernels {
const KernelFamily &getGridEmbeddingFamily() {
  static const GridEmbedding family;
  return family;
}
} // namespace sinter::kernels
