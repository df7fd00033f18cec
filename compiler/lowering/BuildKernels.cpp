// plan -> kern: asks each region's family for a kernel.
#include "compiler/lowering/XfToPlan.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace sinter;

SmallVector<xf::RegionOp> sinter::kernelRegions(ModuleOp module) {
  auto regions = module.getOps<xf::RegionOp>();
  return {regions.begin(), regions.end()};
}

LogicalResult sinter::buildKernels(ModuleOp module, StringRef name,
                                   kern::CapsAttr caps,
                                   const kernels::ScheduleTable &schedules) {
  OpBuilder builder(module.getContext());
  builder.setInsertionPointToEnd(module.getBody());
  auto kernels = builder.create<ModuleOp>(module.getLoc(), name);
  builder.setInsertionPointToEnd(kernels.getBody());
  for (xf::RegionOp region : kernelRegions(module)) {
    kernels::Selection chosen = kernels::selectFamily(region);
    if (!chosen.family)
      return region.emitOpError("is taken by no kernel family: ")
             << chosen.reason;
    auto schedule = schedules.find(region.getSymName().str());
    auto kernel = kernels::buildKernel(
        builder, *chosen.family, region, caps,
        schedule == schedules.end() ? kernels::Schedule() : schedule->second);
    if (failed(kernel))
      return region.emitOpError() << "kernel family " << chosen.family->name()
                                  << " failed to build a kernel for " << name;
  }
  return verify(kernels);
}
