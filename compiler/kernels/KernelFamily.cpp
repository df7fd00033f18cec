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

bool sinter::kernels::isMatrix(mlir::BlockArgument argument) {
  return llvm::any_of(argument.getUsers(), [&](mlir::Operation *user) {
    if (auto lookup = llvm::dyn_cast<xf::EmbeddingOp>(user))
      return lookup.getTable() == argument;
    auto linear = llvm::dyn_cast<xf::LinearOp>(user);
    return linear && linear.getWeight() == argument;
  });
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
  for (const KernelFamily *family : allFamilies(region->hasAttr(kGridAttr))) {
    std::string reason;
    if (family->accepts(region, reason)) {
      selection.family = family;
      break;
    }
    if (!selection.reason.empty())
      selection.reason += "; ";
    selection.reason += family->name().str() + ": " + reason;
  }
  return selection;
}
