// xf-materialize-rope-tables: cosines and sines become a weight made at compile
// time, so that no kernel evaluates them. See Passes.td for before and after.
#include "compiler/transforms/Passes.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_MATERIALIZEROPETABLES
#include "compiler/transforms/Passes.h.inc"
} // namespace sinter

using namespace sinter;

namespace {

struct MaterializeRopeTablesPass
    : sinter::impl::MaterializeRopeTablesBase<MaterializeRopeTablesPass> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<xf::RopeOp> ropes;
    getOperation().walk([&](xf::RopeOp op) {
      if (!op.getTable())
        ropes.push_back(op);
    });
    for (xf::RopeOp op : ropes) {
      xf::WeightOp table = tableFor(op.getRope());
      OpBuilder builder(op);
      op.getTableMutable().assign(builder.create<xf::GetWeightOp>(
          op.getLoc(), table.getType(), table.getSymName()));
    }
  }

private:
  xf::WeightOp tableFor(xf::RopeAttr rope) {
    xf::WeightOp &table = tables[rope];
    if (table)
      return table;
    auto builder = OpBuilder::atBlockBegin(getOperation().getBody());
    auto type = xf::withScheme(
        RankedTensorType::get({context, rope.getDim()}, builder.getF32Type()),
        xf::Scheme::f32);
    std::string name = "rope." + std::to_string(tables.size() - 1);
    table = builder.create<xf::WeightOp>(getOperation().getLoc(), name, type,
                                         ArrayAttr(), rope, xf::AlibiAttr());
    return table;
  }

  llvm::MapVector<xf::RopeAttr, xf::WeightOp> tables;
};

} // namespace
