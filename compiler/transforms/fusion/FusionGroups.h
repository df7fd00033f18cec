// Groups of ops of one entry point, joined by fusions and turned into xf.fused
// in the end.
#pragma once

#include "dialects/xf/Xf.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/EquivalenceClasses.h"

namespace sinter {

/// Whether an entry point computes one token (decode, head): then what every
/// worker needs may be computed by each of them.
bool isSingleToken(mlir::func::FuncOp function);

class FusionGroups {
public:
  /// Every op of the function that computes something becomes a group of its
  /// own.
  explicit FusionGroups(mlir::func::FuncOp function, int64_t bindingLimit = 0);

  /// Joins the groups of these ops into one. Refused (false) if some op outside
  /// uses a result of the joined group before its last op: the group could not
  /// be computed in one piece.
  bool join(llvm::ArrayRef<mlir::Operation *> ops);

  bool singleToken() const { return oneToken; }

  /// Whether a kernel can have the whole of a matrix in one binding.
  bool canBind(mlir::Type matrix) const;

  /// Replaces every group by an xf.fused at the place of its last op. Returns
  /// how many were made.
  int64_t materialize();

  mlir::func::FuncOp function;

private:
  llvm::SmallVector<mlir::Operation *> members(mlir::Operation *op) const;

  llvm::EquivalenceClasses<mlir::Operation *> groups;
  bool oneToken;
  int64_t bindingLimit;
};

/// A fusion looks at one op and joins it with others where its pattern matches.
using Fusion = void (*)(mlir::Operation *op, FusionGroups &groups);

#define SINTER_FUSION(NAME)                                                    \
  void fuse##NAME(mlir::Operation *op, FusionGroups &groups);
#include "compiler/transforms/fusion/Fusions.def"
#undef SINTER_FUSION

} // namespace sinter
