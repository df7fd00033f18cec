// The body of a fallback kernel: the ops of a region for one token after
// another, each op's row in scratch of its own.
#pragma once

#include "compiler/kernels/AttentionCore.h"

#include "llvm/ADT/DenseMap.h"

#include <memory>

namespace sinter::kernels {

class FallbackBody {
public:
  /// `region` must be one that the fallback family accepts.
  FallbackBody(KernelShell &k, xf::RegionOp region) : k(k), region(region) {}

  kern::KernelOp build();

private:
  void allocate();
  /// The ops and results that have `count` rows (T), token after token.
  void loopOverTokens(int64_t count);
  void emit(mlir::Operation &op);

  void map(mlir::Value result, mlir::OperandRange operands,
           llvm::function_ref<mlir::Value(mlir::ValueRange)> compute);
  void emitSlice(xf::SliceOp op);
  void emitNorm(xf::RmsNormOp op);
  void emitLayerNorm(xf::LayerNormOp op);
  void emitAddPositions(xf::AddPositionsOp op);
  void emitQuantize(xf::QuantizeOp op);
  void emitLinear(xf::LinearOp op);
  void emitRope(xf::RopeOp op);
  void emitAppend(xf::AppendOp op);
  void emitAttention(xf::AttentionOp op);
  void emitSelectRow(xf::SelectRowOp op);

  /// The current token's row: of an argument, or what an op left in scratch.
  Row rowOf(mlir::Value value);
  mlir::Value bindingOf(mlir::Value argument) {
    return k.binding(mlir::cast<mlir::BlockArgument>(argument));
  }

  KernelShell &k;
  xf::RegionOp region;
  mlir::Value token;    ///< index of the current token in the chunk
  mlir::Value position; ///< its position
  llvm::DenseMap<mlir::Value, mlir::Value> rows; ///< scratch of op results
  llvm::DenseMap<mlir::Operation *, std::unique_ptr<AttentionCore>> cores;
  llvm::DenseMap<mlir::Operation *, mlir::Value> inputs; ///< of int8 linears
};

} // namespace sinter::kernels
