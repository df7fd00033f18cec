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

/// An RMS or layer norm: where its weight and bias lie.
struct NormWeights {
  mlir::Value weight;
  mlir::Value bias; ///< null: none
  double epsilon = 0;
  bool isLayerNorm = false;
  mlir::Value at = {}; ///< first element of weight and bias; null: 0
};

/// What the norm of one row subtracts and multiplies by.
struct NormFactors {
  mlir::Value mean; ///< null: nothing is subtracted
  mlir::Value inverse;
};
NormFactors normFactors(KernelShell &k, const NormWeights &norm, Row row,
                        int64_t columns);

/// The norm of `width` elements x that begin at `column`, of which `valid`
/// exist (the others are 0, and stay 0).
mlir::Value normalize(KernelShell &k, const NormWeights &norm,
                      const NormFactors &factors, mlir::Value x,
                      mlir::Value column, int64_t width, int64_t valid);

/// to = norm(from); to may be from.
void normRow(KernelShell &k, const NormWeights &norm, Row from, int64_t columns,
             Row to);

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
