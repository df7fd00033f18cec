// The frame of a grid kernel (GridShell.h).
#include "compiler/kernels/grid/GridShell.h"

#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/Layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

MemRefType sinter::kernels::gridBindingType(Type type, int64_t maxTokens,
                                            bool isTable) {
  Builder builder(type.getContext());
  auto of = [&](Type element, int64_t count) {
    return MemRefType::get({count}, element);
  };
  if (auto cache = dyn_cast<xf::KvCacheType>(type)) {
    bool words = !cache.getElementType().isF32();
    return of(words ? Type(builder.getI32Type()) : builder.getF32Type(),
              layout::cacheBytes(cache) / 4);
  }
  auto tensor = cast<RankedTensorType>(type);
  if (!tensor.hasStaticShape())
    return of(tensor.getElementType(),
              maxTokens ? layout::bufferBytes(tensor, maxTokens) / 4
                        : ShapedType::kDynamic);
  bool weight = tensor.getEncoding() != nullptr;
  if (!weight || tensor.getRank() == 1 || isTable)
    return of(tensor.getElementType(), tensor.getNumElements());
  bool words = xf::getScheme(tensor) != xf::Scheme::f32;
  return of(words ? Type(builder.getI32Type()) : builder.getF32Type(),
            layout::weightBytes(tensor) / 4);
}

static bool isWeight(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getEncoding();
}

/// Whether an argument is a table that the compiler makes, of rotations or
/// position biases: its rows lie one after another, not in panels.
static bool isTable(BlockArgument argument) {
  return llvm::any_of(argument.getUsers(), [&](Operation *user) {
    if (auto rope = dyn_cast<xf::RopeOp>(user))
      return rope.getTable() == argument;
    auto attention = dyn_cast<xf::AttentionOp>(user);
    return attention && attention.getBias() == argument;
  });
}

GridShell::GridShell(OpBuilder &builder, xf::RegionOp region,
                     llvm::StringRef id, kern::CapsAttr caps,
                     int64_t itemsPerGroup)
    : VectorBuilder(builder, region.getLoc(), caps), region(region) {
  SmallVector<Type> bindings;
  auto most = region->getAttrOfType<IntegerAttr>(kMaxTokensAttr);
  int64_t maxTokens = most ? most.getInt() : 0;
  RegionRows part = rowsOfRegion(region);
  for (BlockArgument argument : region.getBody().getArguments()) {
    Type type = argument.getType();
    if (part.count && isMatrix(argument)) {
      auto matrix = cast<RankedTensorType>(type);
      type = matrix.clone({part.count, matrix.getDimSize(1)});
    }
    bindings.push_back(gridBindingType(type, maxTokens, isTable(argument)));
  }
  for (Type type : region.getResultTypes())
    bindings.push_back(gridBindingType(type, maxTokens));
  kernel = create<kern::KernelOp>(id, builder.getFunctionType(bindings, {}),
                                  caps, ArrayAttr(), ArrayAttr());
  kernel.setItemsPerGroup(itemsPerGroup);
  for (auto [index, type] : llvm::enumerate(region.getArgumentTypes()))
    if (isWeight(type))
      kernel.setReadonly(static_cast<unsigned>(index));
  Block &body = kernel.getBody().emplaceBlock();
  for (Type type : bindings)
    body.addArgument(type, loc);
  builder.setInsertionPointToStart(&body);
}

Value GridShell::binding(BlockArgument argument) {
  return kernel.getBody().getArgument(argument.getArgNumber());
}

Value GridShell::result(unsigned index) {
  return kernel.getBody().getArgument(region.getArgumentTypes().size() + index);
}

Value GridShell::scratch(Type element, int64_t count, bool shared) {
  auto op = create<kern::ScratchOp>(MemRefType::get({count}, element));
  op.setShared(shared);
  return op;
}

kern::KernelOp GridShell::items(llvm::function_ref<void(Value)> body) {
  auto loop = create<kern::ForItemsOp>();
  Block &block = loop.getBody().emplaceBlock();
  block.addArgument(builder.getIndexType(), loc);
  builder.setInsertionPointToStart(&block);
  body(block.getArgument(0));
  builder.setInsertionPointAfter(loop);
  create<kern::ReturnOp>();
  builder.setInsertionPointAfter(kernel);
  return kernel;
}

Value GridShell::lane() { return create<kern::LaneOp>(builder.getIndexType()); }

Value GridShell::tokenBlock() {
  return create<kern::BlockOp>(builder.getIndexType());
}

void GridShell::barrier() { create<kern::BarrierOp>(); }

Value GridShell::scalar(kern::Scalar which) {
  return create<kern::ScalarOp>(builder.getIndexType(), which);
}

Value GridShell::tokens(int64_t staticRows) {
  return ShapedType::isDynamic(staticRows) ? scalar(kern::Scalar::token_count)
                                           : index(staticRows);
}

//===-- Index arithmetic and conditions -----------------------------------===//

Value GridShell::sub(Value a, Value b) {
  return builder.createOrFold<arith::SubIOp>(loc, a, b);
}

Value GridShell::mul(Value a, Value b) {
  return builder.createOrFold<arith::MulIOp>(loc, a, b);
}

Value GridShell::div(Value a, int64_t b) {
  return builder.createOrFold<arith::DivUIOp>(loc, a, index(b));
}

Value GridShell::rem(Value a, int64_t b) {
  return builder.createOrFold<arith::RemUIOp>(loc, a, index(b));
}

Value GridShell::min(Value a, Value b) {
  return builder.createOrFold<arith::MinUIOp>(loc, a, b);
}

Value GridShell::less(Value a, Value b) {
  return create<arith::CmpIOp>(arith::CmpIPredicate::ult, a, b);
}

Value GridShell::equal(Value a, Value b) {
  return create<arith::CmpIOp>(arith::CmpIPredicate::eq, a, b);
}

Value GridShell::both(Value a, Value b) { return create<arith::AndIOp>(a, b); }

Value GridShell::select(Value condition, Value a, Value b) {
  return create<arith::SelectOp>(condition, a, b);
}

Value GridShell::toI32(Value index) {
  return create<arith::IndexCastUIOp>(builder.getI32Type(), index);
}

Value GridShell::toIndex(Value i32) {
  return create<arith::IndexCastUIOp>(builder.getIndexType(), i32);
}

void GridShell::when(Value condition, llvm::function_ref<void()> body) {
  auto branch = create<scf::IfOp>(condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&branch.getThenRegion().front());
  body();
}

//===-- f32 and words -----------------------------------------------------===//

Value GridShell::subf(Value a, Value b) { return create<arith::SubFOp>(a, b); }

Value GridShell::divf(Value a, Value b) { return create<arith::DivFOp>(a, b); }

Value GridShell::maxf(Value a, Value b) {
  return create<arith::SelectOp>(
      create<arith::CmpFOp>(arith::CmpFPredicate::OGT, a, b), a, b);
}

Value GridShell::minf(Value a, Value b) {
  return create<arith::SelectOp>(
      create<arith::CmpFOp>(arith::CmpFPredicate::OLT, a, b), a, b);
}

Value GridShell::exp(Value a) { return create<math::ExpOp>(a); }

Value GridShell::rsqrt(Value a) { return create<math::RsqrtOp>(a); }

Value GridShell::andi(Value a, uint32_t mask) {
  return create<arith::AndIOp>(a, i32(static_cast<int32_t>(mask)));
}

Value GridShell::xori(Value a, uint32_t mask) {
  return create<arith::XOrIOp>(a, i32(static_cast<int32_t>(mask)));
}

Value GridShell::shiftLeft(Value a, int32_t bits) {
  return create<arith::ShLIOp>(a, i32(bits));
}

Value GridShell::shiftRight(Value a, int32_t bits) {
  return create<arith::ShRUIOp>(a, i32(bits));
}

Value GridShell::signedToF32(Value i32) {
  return create<arith::SIToFPOp>(builder.getF32Type(), i32);
}

Value GridShell::bitsToF32(Value i32) {
  return create<arith::BitcastOp>(builder.getF32Type(), i32);
}

Values GridShell::unpackF16(Value word) {
  Value pair = create<kern::UnpackF16Op>(word);
  return {create<vector::ExtractOp>(pair, 0),
          create<vector::ExtractOp>(pair, 1)};
}

Value GridShell::packF16(Value low, Value high) {
  // The nearest finite f16, as on the CPU.
  auto clamped = [&](Value x) {
    return minf(f32(65504), maxf(f32(-65504), x));
  };
  Value pair = create<vector::FromElementsOp>(
      f32Vector(2), ValueRange{clamped(low), clamped(high)});
  return create<kern::PackF16Op>(builder.getI32Type(), pair);
}

Value GridShell::sum(Value from, Value to, int64_t step,
                     llvm::function_ref<Value(Value)> term) {
  return loop(from, to, step, ValueRange{f32(0)},
              [&](Value i, ValueRange sums) {
                return Values{addf(sums[0], term(i))};
              })[0];
}
