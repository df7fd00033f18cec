// The interface of a kernel family: one file that knows one way to compute one
// shape of fused region. Families are tried in the order of Kernels.def; the
// first that accepts builds the kernel, the last accepts everything.
#pragma once

#include "compiler/kernels/Schedule.h"
#include "dialects/kern/Kern.h"
#include "dialects/xf/Xf.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/SmallVector.h"

#include <string>

namespace sinter::kernels {

/// How a dispatch is cut up: `items`, times ceil(token_count / perTokens) where
/// perTokens is not 0. The same for every variant.
struct WorkItems {
  int64_t items = 1;
  int64_t perTokens = 0;
};

/// What one run of the kernel costs with T tokens at position P: bytes and
/// flops are fixed + perToken * T (attention adds perTokenPosition * T * P).
struct Cost {
  double weightBytes = 0;
  double bytesPerToken = 0;
  double flopsPerToken = 0;
  double bytesPerTokenPosition = 0;
  double flopsPerTokenPosition = 0;
};

class KernelFamily {
public:
  virtual ~KernelFamily() = default;
  virtual llvm::StringRef name() const = 0;

  /// Whether this family can compute the region; if not, `reason` says why
  /// (shown as a remark).
  virtual bool accepts(xf::RegionOp region, std::string &reason) const = 0;

  /// `<family>_<weight>_<act>_<variant>[__<prologue>][__<epilogue>]_<shape>`:
  /// equal regions (but for symbols) give equal ids, different ones different
  /// ids. A C identifier.
  virtual std::string id(xf::RegionOp region) const = 0;

  virtual WorkItems workItems(xf::RegionOp region) const = 0;
  virtual Cost cost(xf::RegionOp region) const = 0;

  /// What build() may choose for a region and caps (docs/tuning.md). Work
  /// items, names and costs do not depend on it.
  virtual llvm::SmallVector<ScheduleParameter>
  schedule(xf::RegionOp region, kern::CapsAttr caps) const {
    return {};
  }

  /// Builds kern.kernel @id at the builder's insertion point, specialised to
  /// caps, with the schedule that the region has (buildKernel in Schedule.h).
  /// Bindings: one per argument of the region, then one per result, as
  /// `bindingType` (Layout.h) says.
  virtual mlir::FailureOr<kern::KernelOp> build(mlir::OpBuilder &builder,
                                                xf::RegionOp region,
                                                kern::CapsAttr caps) const = 0;
};

/// On a module: its plan is made for grids (docs/web.md), so integer linears
/// take f32 inputs. On an xf.region of such a plan: grid families build it.
constexpr llvm::StringLiteral kGridAttr = "sinter.grid";

/// On an xf.region for grids: the most tokens of a call, an i64.
constexpr llvm::StringLiteral kMaxTokensAttr = "sinter.max_tokens";

/// On an xf.region for grids whose matrix is too large for a binding: it
/// computes rows [first, first + count) of it, multiples of 16 but for the last
/// count, and its weight binding begins there. Both are i64.
constexpr llvm::StringLiteral kFirstRowAttr = "sinter.first_row";
constexpr llvm::StringLiteral kRowCountAttr = "sinter.row_count";

/// Rows of a region's matrix that it computes; count is 0 where all.
struct RegionRows {
  int64_t first = 0, count = 0;
};
RegionRows rowsOfRegion(xf::RegionOp region);
/// Whether an argument is a matrix of whose rows a region may compute a part: a
/// linear's or an embedding's, not a table of positions.
bool isMatrix(mlir::BlockArgument argument);

/// The families for CPU workers (Kernels.def) or for grids
/// (grid/GridKernels.def), in order of preference.
llvm::ArrayRef<const KernelFamily *> allFamilies(bool grid = false);

/// The family that computes a region, and why the earlier ones declined;
/// regions marked kGridAttr are shown to grid families, others to those for
/// CPUs. Null only for what even the fallback cannot compute: rope without a
/// table, int8 activations outside of a linear, weights that are not arguments.
struct Selection {
  const KernelFamily *family = nullptr;
  std::string reason;
};
Selection selectFamily(xf::RegionOp region);

} // namespace sinter::kernels
