// What the kernels of a plan compute, as text: a small file of a bundle, from
// which tune works as from a model (docs/formats/regions.md).
#pragma once

#include "dialects/xf/Xf.h"
#include "targets/common/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace sinter {

/// Regions with what a run of one needs to know; the context outlives them.
struct PlanRegions {
  std::unique_ptr<mlir::MLIRContext> mlir;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  int64_t context = 0, chunk = 0; ///< tokens
};

/// Where a bundle keeps the regions of a plan: "plan.grid.regions.mlir".
std::string regionsPath(llvm::StringRef plan);

/// The file's text for a module after stage Plan or later.
std::string regionsText(mlir::ModuleOp module);

/// The regions of a module after stage Plan or later; the module is theirs.
PlanRegions regionsOf(std::unique_ptr<mlir::MLIRContext> mlir,
                      mlir::OwningOpRef<mlir::ModuleOp> module);

/// Reads text that may come from anywhere; `where` names it in messages. An
/// InputError for whatever the format does not allow, an UnsupportedError for a
/// newer version. All dialects are loaded afterwards.
llvm::Expected<PlanRegions> readRegions(llvm::StringRef text,
                                        llvm::StringRef where);

/// The file's text for the plan that `target` has in a bundle, after checking
/// it against the manifest. An InputError where the bundle has no such file, an
/// UnsupportedError where it has no such target.
llvm::Expected<std::string> regionsInBundle(llvm::StringRef folder,
                                            llvm::StringRef target);

} // namespace sinter
