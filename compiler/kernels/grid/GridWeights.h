// What one lane does with packed weights (docs/formats/packed-weights.md): the
// same row of one or more panels, times the columns of one or more tokens.
#pragma once

#include "compiler/kernels/grid/GridShell.h"

#include <functional>

namespace sinter::kernels {

/// One column of the input: a number per token and, where a norm is on the
/// way, what it adds to each token's sum of squares.
struct ColumnInput {
  Values x;
  Values squares;
};
/// Gives column `k`; where `check`, k may lie beyond the last one, whose value
/// is then zero.
using InputColumns = std::function<ColumnInput(mlir::Value k, bool check)>;

/// A weight matrix as a lane sees it.
struct LaneWeights {
  mlir::Value memory;
  xf::Scheme scheme = xf::Scheme::f32;
  int64_t columns = 0;
  Values panels;   ///< panel numbers
  mlir::Value row; ///< of the panel, 0 to 15
};

/// Which part of the columns a lane sums: units `first`, first + stride, ...
struct LaneShare {
  mlir::Value first;
  int64_t stride = 1;
};

/// The sums of the lane's part, [panel][token], and of squares by token.
struct LaneProduct {
  llvm::SmallVector<Values> sums;
  Values squares;
};

/// Sums weight * x over the lane's columns; hasSquares is for one token.
/// Nibbles and bytes are masked where they stand, never shifted; the powers of
/// two that leaves are multiplied into x, once for all panels. Every op counts
/// on software adapters.
LaneProduct emitLaneProduct(GridShell &k, const LaneWeights &weights,
                            int64_t tokens, bool hasSquares,
                            const InputColumns &input, const LaneShare &share);

/// The values of the columns [32 * block, + 32) of one row, one after another:
/// `use` gets a column and its value, for columns that exist.
void emitRowBlock(GridShell &k, const LaneWeights &weights, mlir::Value block,
                  llvm::function_ref<void(mlir::Value, mlir::Value)> use);

} // namespace sinter::kernels
