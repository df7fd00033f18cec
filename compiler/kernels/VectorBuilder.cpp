// Idioms for building kernel bodies (VectorBuilder.h).
#include "compiler/kernels/VectorBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter::kernels;

//===-- Constants, index arithmetic ---------------------------------------===//

Value VectorBuilder::index(int64_t value) {
  return create<arith::ConstantIndexOp>(value);
}

Value VectorBuilder::f32(double value) {
  return create<arith::ConstantOp>(builder.getF32FloatAttr(value));
}

Value VectorBuilder::i32(int32_t value) {
  return create<arith::ConstantOp>(builder.getI32IntegerAttr(value));
}

Value VectorBuilder::f32s(double value, int64_t count) {
  return create<arith::ConstantOp>(
      DenseElementsAttr::get(f32Vector(count), float(value)));
}

Value VectorBuilder::i32s(int32_t value, int64_t count) {
  return create<arith::ConstantOp>(
      DenseElementsAttr::get(vectorType(builder.getI32Type(), count), value));
}

Value VectorBuilder::i8s(int8_t value, int64_t count) {
  return create<arith::ConstantOp>(
      DenseElementsAttr::get(vectorType(builder.getI8Type(), count), value));
}

Value VectorBuilder::add(Value a, Value b) {
  return builder.createOrFold<arith::AddIOp>(loc, a, b);
}

Value VectorBuilder::mul(Value a, int64_t b) {
  return builder.createOrFold<arith::MulIOp>(loc, a, index(b));
}

//===-- Memory ------------------------------------------------------------===//

Value VectorBuilder::view(Value bytes, Value byteOffset, Type element,
                          int64_t count) {
  return create<memref::ViewOp>(MemRefType::get({count}, element), bytes,
                                byteOffset, ValueRange{});
}

static Type elementOf(Value memory) {
  return cast<MemRefType>(memory.getType()).getElementType();
}

Value VectorBuilder::load(Value memory, Value at, int64_t count) {
  return create<vector::LoadOp>(vectorType(elementOf(memory), count), memory,
                                at);
}

Value VectorBuilder::loadScalar(Value memory, Value at) {
  return create<memref::LoadOp>(memory, at);
}

void VectorBuilder::store(Value value, Value memory, Value at) {
  create<vector::StoreOp>(value, memory, at);
}

void VectorBuilder::storeScalar(Value value, Value memory, Value at) {
  create<memref::StoreOp>(value, memory, at);
}

Value VectorBuilder::loadHead(Value memory, Value at, int64_t count,
                              Value valid) {
  VectorType type = vectorType(elementOf(memory), count);
  Value mask = create<vector::CreateMaskOp>(
      vectorType(builder.getI1Type(), count), ValueRange{valid});
  Value zero = create<arith::ConstantOp>(builder.getZeroAttr(type));
  return create<vector::MaskedLoadOp>(type, memory, at, mask, zero);
}

void VectorBuilder::storeHead(Value value, Value memory, Value at,
                              Value valid) {
  int64_t count = cast<VectorType>(value.getType()).getDimSize(0);
  Value mask = create<vector::CreateMaskOp>(
      vectorType(builder.getI1Type(), count), ValueRange{valid});
  create<vector::MaskedStoreOp>(memory, at, mask, value);
}

//===-- Arithmetic --------------------------------------------------------===//

Value VectorBuilder::splat(Value scalar, int64_t count) {
  return create<vector::BroadcastOp>(vectorType(scalar.getType(), count),
                                     scalar);
}

Value VectorBuilder::fma(Value a, Value b, Value c) {
  if (caps.has(kern::Feature::fma))
    return create<math::FmaOp>(a, b, c);
  return addf(mulf(a, b), c);
}

Value VectorBuilder::addf(Value a, Value b) {
  return create<arith::AddFOp>(a, b);
}

Value VectorBuilder::mulf(Value a, Value b) {
  return create<arith::MulFOp>(a, b);
}

/// Halves a vector with `combine` until one element is left.
static Value reduceByHalves(VectorBuilder &b, Value vector,
                            llvm::function_ref<Value(Value, Value)> combine) {
  auto count = cast<VectorType>(vector.getType()).getDimSize(0);
  for (int64_t half = count / 2; half >= 1; half /= 2) {
    llvm::SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < half; ++i) {
      low.push_back(i);
      high.push_back(i + half);
    }
    vector = combine(b.create<vector::ShuffleOp>(vector, vector, low),
                     b.create<vector::ShuffleOp>(vector, vector, high));
  }
  return b.create<vector::ExtractOp>(vector, 0);
}

Value VectorBuilder::reduceAdd(Value vector) {
  bool isFloat =
      isa<FloatType>(cast<VectorType>(vector.getType()).getElementType());
  return reduceByHalves(*this, vector, [&](Value a, Value b) -> Value {
    if (isFloat)
      return create<arith::AddFOp>(a, b);
    return create<arith::AddIOp>(a, b);
  });
}

Value VectorBuilder::reduceMax(Value vector) {
  return reduceByHalves(*this, vector, [&](Value a, Value b) -> Value {
    return create<arith::SelectOp>(
        create<arith::CmpFOp>(arith::CmpFPredicate::OGT, a, b), a, b);
  });
}

Value VectorBuilder::bitcast(Value vector, Type element) {
  auto type = cast<VectorType>(vector.getType());
  int64_t bits = type.getDimSize(0) * type.getElementTypeBitWidth();
  return create<vector::BitCastOp>(
      vectorType(element, bits / element.getIntOrFloatBitWidth()), vector);
}

Value VectorBuilder::toF32(Value value) {
  Type type = builder.getF32Type();
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = vectorType(type, vector.getDimSize(0));
  return create<arith::ExtFOp>(type, value);
}

Value VectorBuilder::finiteToF32(Value value) {
  Value result = toF32(value);
  result.getDefiningOp()->setDiscardableAttr("kern.finite",
                                             builder.getUnitAttr());
  return result;
}

//===-- Control flow ------------------------------------------------------===//

Values VectorBuilder::loop(Value from, Value to, int64_t step,
                           ValueRange carried,
                           llvm::function_ref<Values(Value, ValueRange)> body) {
  auto loop = create<scf::ForOp>(
      from, to, index(step), carried,
      [&](OpBuilder &nested, Location, Value i, ValueRange values) {
        OpBuilder::InsertionGuard guard(builder);
        builder.restoreInsertionPoint(nested.saveInsertionPoint());
        create<scf::YieldOp>(body(i, values));
      });
  return Values(loop.getResults());
}

void VectorBuilder::loop(Value from, Value to, int64_t step,
                         llvm::function_ref<void(Value)> body) {
  loop(from, to, step, ValueRange{}, [&](Value i, ValueRange) {
    body(i);
    return Values{};
  });
}

Values VectorBuilder::loopWhile(ValueRange carried,
                                llvm::function_ref<Value(ValueRange)> goesOn,
                                llvm::function_ref<Values(ValueRange)> body) {
  auto loop = create<scf::WhileOp>(
      carried.getTypes(), carried,
      [&](OpBuilder &nested, Location, ValueRange values) {
        OpBuilder::InsertionGuard guard(builder);
        builder.restoreInsertionPoint(nested.saveInsertionPoint());
        create<scf::ConditionOp>(goesOn(values), values);
      },
      [&](OpBuilder &nested, Location, ValueRange values) {
        OpBuilder::InsertionGuard guard(builder);
        builder.restoreInsertionPoint(nested.saveInsertionPoint());
        create<scf::YieldOp>(body(values));
      });
  return Values(loop.getResults());
}
