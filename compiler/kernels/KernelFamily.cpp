// The table of kernel families and the choice among them.
#include "compiler/kernels/KernelFamily.h"

#include "llvm/ADT/STLExtras.h"

using namespace sinter;
using namespace sinter::kernels;

namespace sinter::kernels {
#define KERNEL_FAMILY(Name) const KernelFamily &get##Name##Family();
#include "compiler/kernels/Kernels.def"
#define KERNEL_FAMILY(Name) const KernelFamily &get##Name##Family();
#include "compiler/kernels/grid/GridKernels.def"
} // namespace sinter::kernels

llvm::ArrayRef<const KernelFamily *> sinter::kernels::allFamilies(bool grid) {
  static const std::vector<const KernelFamily *> workers = {
#define KERNEL_FAMILY(Name) &get##Name##Family(),
#include "compiler/kernels/Kernels.def"
  };
  static const std::vector<const KernelFamily *> grids = {
#define KERNEL_FAMILY(Name) &get##Name##Family(),
#include "compiler/kernels/grid/GridKernels.def"
  };
  return grid ? grids : workers;
}

/// Ops and forms that matchers read but no grid family computes; empty if there
/// are none.
static std::string beyondGrids(mlir::Operation &op) {
  if (auto attention = llvm::dyn_cast<xf::AttentionOp>(op))
    if (attention.getBias() || attention.getSoftcap().convertToDouble() > 0)
      return "a softcap or biases of scores";
  if (auto activation = llvm::dyn_cast<xf::ActivationOp>(op))
    if (!activation.getX().getDefiningOp<xf::SliceOp>())
      return "an activation that is no gate";
  if (auto add = llvm::dyn_cast<xf::AddOp>(op))
    for (mlir::Value operand : add->getOperands())
      if (operand.getDefiningOp<xf::RmsNormOp>())
        return "a sum with a norm";
  if (llvm::isa<xf::LayerNormOp, xf::AddPositionsOp, xf::ScaleOp,
                xf::SoftcapOp>(op))
    return op.getName().getStringRef().str();
  return {};
}

/// Why a grid family must not be asked: the fallback computes some of it.
static std::string beyondGrids(xf::RegionOp region, bool isLast) {
  for (mlir::Operation &op : region.getBody().front()) {
    std::string why = beyondGrids(op);
    if (!why.empty() &&
        (!isLast || !llvm::isa<xf::AddOp, xf::ActivationOp>(op)))
      return why + " is not computed on grids";
  }
  return {};
}

RegionRows sinter::kernels::rowsOfRegion(xf::RegionOp region) {
  auto first = region->getAttrOfType<mlir::IntegerAttr>(kFirstRowAttr);
  auto count = region->getAttrOfType<mlir::IntegerAttr>(kRowCountAttr);
  if (!first || !count)
    return {};
  return {first.getInt(), count.getInt()};
}

Selection sinter::kernels::selectFamily(xf::RegionOp region) {
  Selection selection;
  bool grid = region->hasAttr(kGridAttr);
  llvm::ArrayRef<const KernelFamily *> families = allFamilies(grid);
  for (const KernelFamily *family : families) {
    std::string reason;
    if (grid)
      reason = beyondGrids(region, family == families.back());
    if (reason.empty() && family->accepts(region, reason)) {
      selection.family = family;
      break;
    }
    if (!selection.reason.empty())
      selection.reason += "; ";
    selection.reason += family->name().str() + ": " + reason;
  }
  return selection;
}
