// Norms on a grid: how lanes add up the elements of a row, what a norm needs to
// know of it, and what becomes of an element.
#pragma once

#include "compiler/kernels/RegionMatch.h"
#include "compiler/kernels/grid/GridShell.h"

#include <functional>

namespace sinter::kernels {

/// Sums over a row by `lanes` neighbouring lanes of a workgroup, or by one lane
/// alone (the default). Each total of several lanes takes workgroup memory of
/// its own and a barrier.
class LaneSums {
public:
  /// At most `totals` of them; only before items().
  explicit LaneSums(GridShell &k, int64_t lanes = 1, int64_t totals = 0);

  /// The lane's place among those of its row: it takes elements place,
  /// place + lanes, ...
  mlir::Value place();
  int64_t lanes() const { return count; }

  /// The sum of term(i) for i below `columns`. Where lanes meet, all of them
  /// must come here.
  mlir::Value total(int64_t columns,
                    llvm::function_ref<mlir::Value(mlir::Value)> term);

private:
  GridShell &k;
  int64_t count;
  Values memory; ///< one for each total
  size_t used = 0;
};

/// What the norm of one row subtracts and multiplies by.
struct GridNormFactors {
  mlir::Value mean; ///< null: nothing is subtracted
  mlir::Value inverse;
};

/// 1 / sqrt(squares / columns + epsilon).
mlir::Value gridInverseRoot(GridShell &k, mlir::Value squares, int64_t columns,
                            double epsilon);

/// The factors of a row of `columns` elements. The variance is summed of
/// deviations, in a second pass: with a mean far from zero, sums of squares
/// would lose it.
GridNormFactors
gridNormFactors(GridShell &k, const NormPart &norm, int64_t columns,
                llvm::function_ref<mlir::Value(mlir::Value)> element,
                LaneSums &sums);

/// The norm of element x, whose weights are at index `at`.
mlir::Value gridNormalize(GridShell &k, const NormPart &norm,
                          const GridNormFactors &factors, mlir::Value x,
                          mlir::Value at);

} // namespace sinter::kernels
