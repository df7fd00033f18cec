// Shape checks the verifiers of the op groups share.
#pragma once

#include "dialects/xf/Xf.h"

namespace sinter::xf {

/// Rows of an activation: T (may be dynamic).
inline int64_t rowsOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType()).getDimSize(0);
}

/// Columns of an activation: D.
inline int64_t columnsOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType()).getDimSize(1);
}

/// An activation is tensor<T x D x f32>, T dynamic or positive, D static and
/// positive, its numbers stored as `scheme`: f32 (no encoding) or dyn_i8.
/// `id` is the constraint.
mlir::LogicalResult verifyActivation(mlir::Operation *op, mlir::Value value,
                                     llvm::StringRef name, llvm::StringRef id,
                                     Scheme scheme = Scheme::f32);

/// An op whose operands and result are all one and the same activation type.
mlir::LogicalResult verifySameActivations(mlir::Operation *op,
                                          llvm::StringRef id);

/// A weight is a static tensor of f32 of the given shape, without encoding or
/// with a #xf.quant other than dyn_i8.
mlir::LogicalResult verifyWeight(mlir::Operation *op, mlir::Value value,
                                 llvm::ArrayRef<int64_t> shape,
                                 llvm::StringRef name, llvm::StringRef id);

/// An activation with the given number of rows and columns.
mlir::LogicalResult verifyShape(mlir::Operation *op, mlir::Value value,
                                int64_t rows, int64_t columns,
                                llvm::StringRef name, llvm::StringRef id,
                                Scheme scheme = Scheme::f32);

/// Checks that a region's body holds only xf ops, and neither symbols nor
/// xf.fused.
mlir::LogicalResult verifyRegionBody(mlir::Block &body, llvm::StringRef where,
                                     llvm::StringRef id);

} // namespace sinter::xf
