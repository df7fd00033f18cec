// The frame of a grid kernel, and the scalar idioms its lanes are written in:
// typed bindings, lanes, private and shared memory, unsigned index arithmetic.
// A lane is scalar; nothing here knows a shading language (docs/web.md).
#pragma once

#include "compiler/kernels/VectorBuilder.h"
#include "dialects/xf/Xf.h"

namespace sinter::kernels {

/// The binding of a region argument or result on a grid: f32 or i32 (tokens,
/// packed weights, f16 caches) elements, of static size where it is known:
/// software adapters check bounds for every access, and a constant one is half
/// the cost. `maxTokens` stands for a dynamic number of tokens, if not 0;
/// `isTable` says that a matrix is not packed into panels.
mlir::MemRefType gridBindingType(mlir::Type type, int64_t maxTokens,
                                 bool isTable = false);

class GridShell : public VectorBuilder {
public:
  /// Creates kern.kernel @id at the builder's insertion point with the bindings
  /// of the region, weights marked readonly, and moves that point into it. A
  /// workgroup takes `itemsPerGroup` items.
  GridShell(mlir::OpBuilder &builder, xf::RegionOp region, llvm::StringRef id,
            kern::CapsAttr caps, int64_t itemsPerGroup);

  /// The binding of a region argument / of result `index`.
  mlir::Value binding(mlir::BlockArgument argument);
  mlir::Value result(unsigned index = 0);

  /// `count` elements private to each lane, or of the workgroup. Only before
  /// items().
  mlir::Value scratch(mlir::Type element, int64_t count, bool shared = false);
  mlir::Value floats(int64_t count) {
    return scratch(builder.getF32Type(), count);
  }

  /// kern.for_items; `body` gets the first item of the workgroup. Ends the
  /// kernel.
  kern::KernelOp items(llvm::function_ref<void(mlir::Value)> body);

  int64_t group() const { return caps.getGroup(); }
  /// Edge of the matrices that a subgroup multiplies; 0: none.
  int64_t matrixEdge() const { return caps.getMatrix(); }
  /// Depth of those of bytes; 0: none.
  int64_t matrixByteDepth() const { return caps.getMatrixBytes(); }
  /// Whether lanes may meet: barriers and shared memory are at hand.
  bool meets() const { return caps.getCheapBarriers(); }
  mlir::Value lane();
  mlir::Value tokenBlock(); ///< kern.block
  void barrier();
  mlir::Value scalar(kern::Scalar which);
  /// T: a constant where the type says so, else kern.scalar token_count.
  mlir::Value tokens(int64_t staticRows);

  //===-- Index arithmetic (unsigned, folded) and conditions --------------===//
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  using VectorBuilder::mul;
  mlir::Value div(mlir::Value a, int64_t b);
  mlir::Value rem(mlir::Value a, int64_t b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value less(mlir::Value a, mlir::Value b);
  mlir::Value equal(mlir::Value a, mlir::Value b);
  mlir::Value both(mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  mlir::Value toI32(mlir::Value index);
  mlir::Value toIndex(mlir::Value i32);
  /// scf.if without results.
  void when(mlir::Value condition, llvm::function_ref<void()> body);
  /// `count` copies of the body, each with a constant.
  void unrolled(int64_t count, llvm::function_ref<void(int64_t)> body) {
    for (int64_t i = 0; i < count; ++i)
      body(i);
  }

  //===-- f32 and words ---------------------------------------------------===//
  mlir::Value subf(mlir::Value a, mlir::Value b);
  mlir::Value divf(mlir::Value a, mlir::Value b);
  mlir::Value maxf(mlir::Value a, mlir::Value b);
  mlir::Value minf(mlir::Value a, mlir::Value b);
  mlir::Value exp(mlir::Value a);
  mlir::Value rsqrt(mlir::Value a);
  mlir::Value andi(mlir::Value a, uint32_t mask);
  mlir::Value xori(mlir::Value a, uint32_t mask);
  mlir::Value shiftLeft(mlir::Value a, int32_t bits);
  mlir::Value shiftRight(mlir::Value a, int32_t bits); ///< unsigned
  mlir::Value signedToF32(mlir::Value i32);
  mlir::Value bitsToF32(mlir::Value i32);
  /// The two f16 of a word.
  Values unpackF16(mlir::Value word);
  mlir::Value packF16(mlir::Value low, mlir::Value high);
  /// `word` of memory, plainly.
  mlir::Value load(mlir::Value memory, mlir::Value at) {
    return loadScalar(memory, at);
  }
  void store(mlir::Value value, mlir::Value memory, mlir::Value at) {
    storeScalar(value, memory, at);
  }
  /// The sum of `term(i)` for i from `from` below `to`.
  mlir::Value sum(mlir::Value from, mlir::Value to, int64_t step,
                  llvm::function_ref<mlir::Value(mlir::Value)> term);

private:
  xf::RegionOp region;
  kern::KernelOp kernel;
};

} // namespace sinter::kernels
