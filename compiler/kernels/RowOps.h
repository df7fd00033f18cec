// Rows: loops over columns of any number, sums of squares, RMS norm, int8
// quantization, rows of packed tables. Shared by the families that compute
// norms, rotations, quantization and choices, alone or before something else.
#pragma once

#include "compiler/kernels/KernelShell.h"

namespace sinter::kernels {

/// A row of f32: elements memory[at ...].
struct Row {
  mlir::Value memory;
  mlir::Value at;
};

/// A run of columns computed as one vector.
struct Piece {
  int64_t offset = 0;
  int64_t width = 0;
};

/// [0, columns) as vectors of `width` (a power of two) and, at the end, of
/// smaller powers of two.
llvm::SmallVector<Piece> piecesOf(int64_t columns, int64_t width);

/// Calls body(offset, width) for the pieces of [0, columns): a loop where there
/// are more than eight whole vectors, else straight.
void forColumns(KernelShell &k, int64_t columns, int64_t width,
                llvm::function_ref<void(mlir::Value, int64_t)> body);

/// Sum of squares of a row (f32 sums, several independent ones).
mlir::Value sumOfSquares(KernelShell &k, Row row, int64_t columns);

/// 1 / sqrt(mean of squares + epsilon).
mlir::Value inverseRms(KernelShell &k, Row row, int64_t columns,
                       double epsilon);

/// to = from * inverseRms(from) * weight; to may be from.
void rmsNormRow(KernelShell &k, Row from, mlir::Value weight, int64_t columns,
                double epsilon, Row to);

/// to = from.
void copyRow(KernelShell &k, Row from, int64_t columns, Row to);

/// Writes a dyn_i8 row at a byte offset of `bytes`: `block` gives the f32
/// vector<32> that starts at a column of which only the first `valid` exist
/// (the others must be 0).
void quantizeRow(
    KernelShell &k, int64_t columns,
    llvm::function_ref<mlir::Value(mlir::Value column, int64_t valid)> block,
    mlir::Value bytes, mlir::Value rowOffset);

/// Row `row` of a rows16 table of any weight scheme as f32. `table` is its
/// binding, [rows, columns] its shape.
void unpackTableRow(KernelShell &k, mlir::RankedTensorType type,
                    mlir::Value table, mlir::Value row, Row to);

/// to = x * transpose(weight) + bias in f32, for a rows16 weight of any scheme;
/// `weight` is its binding, a null bias is none.
void linearRow(KernelShell &k, mlir::RankedTensorType type, mlir::Value weight,
               Row x, mlir::Value bias, Row to);

/// to = the f32 numbers of the dyn_i8 row at a byte offset of `bytes`,
/// `columns` of them.
void dequantizeRow(KernelShell &k, mlir::Value bytes, mlir::Value rowOffset,
                   int64_t columns, Row to);

/// Index (i32) of the row's largest element, the smallest among equals; NaN
/// never wins, and a row of nothing else gives 0.
mlir::Value argmaxRow(KernelShell &k, Row row, int64_t columns);

} // namespace sinter::kernels
