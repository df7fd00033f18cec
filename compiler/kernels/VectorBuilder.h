// Idioms for building kernel bodies: vector loads and stores at the width of
// the caps, loops with carried values, constants, reductions. Knows upstream
// dialects and #kern.caps; knows no kernel.
#pragma once

#include "dialects/kern/Kern.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace sinter::kernels {

using Values = llvm::SmallVector<mlir::Value>;

class VectorBuilder {
public:
  VectorBuilder(mlir::OpBuilder &builder, mlir::Location loc,
                kern::CapsAttr caps)
      : builder(builder), loc(loc), caps(caps) {}

  template <typename OpT, typename... Args> OpT create(Args &&...args) {
    return builder.create<OpT>(loc, std::forward<Args>(args)...);
  }

  /// f32 lanes of one register.
  int64_t lanes() const { return caps.lanes(); }
  mlir::VectorType vectorType(mlir::Type element, int64_t count) const {
    return mlir::VectorType::get({count}, element);
  }
  mlir::VectorType f32Vector(int64_t count) const {
    return vectorType(builder.getF32Type(), count);
  }

  //===-- Constants, index arithmetic (folded) ----------------------------===//
  mlir::Value index(int64_t value);
  mlir::Value f32(double value);
  mlir::Value i32(int32_t value);
  /// Vector of `count` equal f32 / i32 / i8 constants.
  mlir::Value f32s(double value, int64_t count);
  mlir::Value i32s(int32_t value, int64_t count);
  mlir::Value i8s(int8_t value, int64_t count);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b) { return add(a, index(b)); }
  mlir::Value mul(mlir::Value a, int64_t b);

  //===-- Memory ----------------------------------------------------------===//
  /// `count` elements at a byte offset of memref<?xi8> `bytes`.
  mlir::Value view(mlir::Value bytes, mlir::Value byteOffset,
                   mlir::Type element, int64_t count);
  /// memory[at .. at + count) as a vector; elements keep their type.
  mlir::Value load(mlir::Value memory, mlir::Value at, int64_t count);
  mlir::Value loadScalar(mlir::Value memory, mlir::Value at);
  void store(mlir::Value value, mlir::Value memory, mlir::Value at);
  void storeScalar(mlir::Value value, mlir::Value memory, mlir::Value at);
  /// The same where only the first `valid` elements (a constant or an index
  /// value) exist: the others are read as zero and never written.
  mlir::Value loadHead(mlir::Value memory, mlir::Value at, int64_t count,
                       mlir::Value valid);
  void storeHead(mlir::Value value, mlir::Value memory, mlir::Value at,
                 mlir::Value valid);

  //===-- Arithmetic ------------------------------------------------------===//
  /// Vector of `count` copies of a scalar.
  mlir::Value splat(mlir::Value scalar, int64_t count);
  /// a * b + c: fused where the caps have fma, two operations elsewhere.
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value addf(mlir::Value a, mlir::Value b);
  mlir::Value mulf(mlir::Value a, mlir::Value b);
  /// Sum / largest element of a vector (f32: in a fixed tree order).
  mlir::Value reduceAdd(mlir::Value vector);
  mlir::Value reduceMax(mlir::Value vector);
  /// Vector of the same bits as vector<...xelement>.
  mlir::Value bitcast(mlir::Value vector, mlir::Type element);
  /// f16, bf16 (vector or scalar) to f32.
  mlir::Value toF32(mlir::Value value);
  /// The same for f16 that is finite (attribute `kern.finite` of the op), which
  /// is less work where the machine has no instruction for it.
  mlir::Value finiteToF32(mlir::Value value);

  //===-- Control flow ----------------------------------------------------===//
  /// for (i = from; i < to; i += step) with values carried from one turn to the
  /// next: `body` gets i and the carried values, returns the new ones.
  Values loop(mlir::Value from, mlir::Value to, int64_t step,
              mlir::ValueRange carried,
              llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> body);
  /// The same without carried values.
  void loop(mlir::Value from, mlir::Value to, int64_t step,
            llvm::function_ref<void(mlir::Value)> body);
  /// While `goesOn` of the carried values holds: `body` returns the new ones.
  Values loopWhile(mlir::ValueRange carried,
                   llvm::function_ref<mlir::Value(mlir::ValueRange)> goesOn,
                   llvm::function_ref<Values(mlir::ValueRange)> body);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  kern::CapsAttr caps;
};

} // namespace sinter::kernels
