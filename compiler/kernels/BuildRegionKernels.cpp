// xf-build-region-kernels: see KernelPasses.td.
#include "compiler/kernels/KernelPasses.h"

#include "compiler/kernels/KernelFamily.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_BUILDREGIONKERNELS
#include "compiler/kernels/KernelPasses.h.inc"
} // namespace sinter

using namespace sinter;

namespace {

struct BuildRegionKernelsPass
    : sinter::impl::BuildRegionKernelsBase<BuildRegionKernelsPass> {
  using BuildRegionKernelsBase::BuildRegionKernelsBase;

  void runOnOperation() override {
    auto parsed = kern::symbolizeFeature(features.getValue());
    if (!parsed) {
      getOperation().emitError()
          << "unknown feature in '" << features.getValue() << "'";
      return signalPassFailure();
    }
    auto emitError = [&] { return getOperation().emitError(); };
    auto caps = kern::CapsAttr::getChecked(
        llvm::function_ref<InFlightDiagnostic()>(emitError), &getContext(),
        group ? 32 : simdBits.getValue(), registers.getValue(), *parsed,
        cheapBarriers.getValue(), group.getValue(), matrix.getValue(),
        matrixBytes.getValue());
    if (!caps)
      return signalPassFailure();
    auto regions = getOperation().getOps<xf::RegionOp>();
    for (xf::RegionOp region : llvm::make_early_inc_range(regions))
      if (failed(replace(region, caps)))
        return signalPassFailure();
  }

  LogicalResult replace(xf::RegionOp region, kern::CapsAttr caps) {
    if (caps.isGrid())
      region->setAttr(kernels::kGridAttr, UnitAttr::get(&getContext()));
    kernels::Selection chosen = kernels::selectFamily(region);
    if (!chosen.family)
      return region.emitOpError("is taken by no kernel family: ")
             << chosen.reason;
    kernels::WorkItems items = chosen.family->workItems(region);
    auto remark = region.emitRemark()
                  << "family " << chosen.family->name() << ", " << items.items
                  << (items.items == 1 ? " item" : " items");
    if (items.perTokens)
      remark << " per " << items.perTokens << " tokens";
    if (!chosen.reason.empty())
      remark << "; " << chosen.reason;
    OpBuilder builder(region);
    if (auto same = SymbolTable::lookupSymbolIn(getOperation(),
                                                chosen.family->id(region));
        !same &&
        failed(kernels::buildKernel(builder, *chosen.family, region, caps)))
      return region.emitOpError("could not be built by kernel family ")
             << chosen.family->name();
    region.erase();
    return success();
  }
};

} // namespace
