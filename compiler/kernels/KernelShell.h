// The frame of a kernel: kern.kernel with the bindings of a region, scratch,
// and the body of kern.for_items. Families fill it with the idioms of
// VectorBuilder.
#pragma once

#include "compiler/kernels/VectorBuilder.h"
#include "dialects/xf/Xf.h"

namespace sinter::kernels {

class KernelShell : public VectorBuilder {
public:
  /// Creates kern.kernel @id with one binding per argument and result of the
  /// region at the builder's insertion point, and moves that point into it.
  KernelShell(mlir::OpBuilder &builder, xf::RegionOp region, llvm::StringRef id,
              kern::CapsAttr caps);

  /// The binding of a region argument / of result `index`.
  mlir::Value binding(mlir::BlockArgument argument);
  mlir::Value result(unsigned index = 0);

  /// Worker-private memory of `count` elements. Only before items().
  mlir::Value scratch(mlir::Type element, int64_t count);

  /// T: a constant where the type says so, else kern.scalar token_count.
  mlir::Value tokens(int64_t staticRows);
  mlir::Value scalar(kern::Scalar which);

  /// kern.for_items; `body` gets the item. Ends the kernel.
  kern::KernelOp items(llvm::function_ref<void(mlir::Value)> body);

  //===-- Index arithmetic and conditions ---------------------------------===//
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  using VectorBuilder::mul;
  mlir::Value div(mlir::Value a, int64_t b); ///< a >= 0
  mlir::Value rem(mlir::Value a, int64_t b); ///< a >= 0
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value max(mlir::Value a, mlir::Value b);
  mlir::Value less(mlir::Value a, mlir::Value b);
  mlir::Value toI32(mlir::Value index);
  /// scf.if without results.
  void when(mlir::Value condition, llvm::function_ref<void()> body);

  //===-- f32, scalars or vectors -----------------------------------------===//
  mlir::Value subf(mlir::Value a, mlir::Value b);
  mlir::Value divf(mlir::Value a, mlir::Value b);
  /// The larger of a and b; b where a is NaN.
  mlir::Value maxf(mlir::Value a, mlir::Value b);
  mlir::Value minf(mlir::Value a, mlir::Value b);
  mlir::Value exp(mlir::Value a);

private:
  xf::RegionOp region;
  kern::KernelOp kernel;
};

} // namespace sinter::kernels
