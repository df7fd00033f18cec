// kern.dot4 to machine instructions. Every way is exact for the inputs the op
// allows; what differs is which inputs the instruction likes:
//   vpdpbusd, usdot   u8 x s8; a signed lhs is shifted by 128 and corrected
//   sdot              s8 x s8; an unsigned lhs is shifted by -128 and corrected
//   pmaddubsw         u8 x s8 with 16-bit saturation: safe for lhs_small, and
//                     for |lhs| * sign(rhs, lhs) if rhs_symmetric
//   pmaddwd           after widening both sides to 16 bits: everything else
//   relaxed dot       s8 x u7 (wasm): small lhs second; else rhs is split into
//                     its low seven bits and its sign
//   i32x4.dot_i16x8_s even and odd bytes as 16-bit lanes: everything else
//   (wasm)
#include "targets/cpu/raise/CpuPasses.h"

#include "dialects/kern/Kern.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::cpu;

namespace sinter::cpu {
#define GEN_PASS_DEF_LOWERDOT4PASS
#include "targets/cpu/raise/CpuPasses.h.inc"
} // namespace sinter::cpu

namespace {

/// Largest number of pmaddubsw results with lhs in 0..15 whose sum fits i16.
constexpr int kSmallSums = 8;

constexpr llvm::StringLiteral
    kRelaxedDot("wasm.relaxed.dot.i8x16.i7x16.add.signed");

class Dot4Lowering {
public:
  Dot4Lowering(DotIsa isa, MLIRContext *context) : isa(isa), builder(context) {}

  void lower(kern::Dot4Op op);

private:
  /// A chain of products whose second sum is added at its end. lhs_small on
  /// x86, in 16 bits: acc + widened(sum); wasm: acc - 128 * sum.
  struct Chain {
    Value acc;
    Value sum;
    int length;
  };

  template <typename OpT> Value make(Value a, Value b) {
    return builder.create<OpT>(loc, a, b);
  }
  Value call(Type result, const Twine &name, ValueRange operands) {
    return builder
        .create<LLVM::CallIntrinsicOp>(
            loc, result, builder.getStringAttr("llvm." + name), operands)
        .getResult(0);
  }
  Value splat(VectorType type, int64_t value) {
    return builder.create<arith::ConstantOp>(
        loc, DenseElementsAttr::get(
                 type, builder.getIntegerAttr(type.getElementType(), value)));
  }
  VectorType vectorOf(int64_t count, unsigned bits) {
    return VectorType::get({count}, builder.getIntegerType(bits));
  }
  /// The same bits as i32 lanes, as the dot product intrinsics of x86 want it.
  Value asI32(Value bytes) {
    return builder.create<vector::BitCastOp>(loc, accType, bytes);
  }
  Value every(Value vector, int64_t first, int64_t step);

  bool isX86() const {
    return isa == DotIsa::ssse3 || isa == DotIsa::avx2 ||
           isa == DotIsa::avx512Vnni;
  }
  bool isWasm() const {
    return isa == DotIsa::wasmRelaxed || isa == DotIsa::wasmSimd128;
  }
  bool hasInstruction(int64_t bits) const;
  Value lowerVnni(kern::Dot4Op op, Value acc);
  Value lowerArm(kern::Dot4Op op, Value acc);
  Value lowerSymmetric(kern::Dot4Op op, Value acc);
  Value lowerWidened(kern::Dot4Op op, Value acc);
  Value lowerPairs(kern::Dot4Op op, Value acc);
  Value lowerWasm(kern::Dot4Op op);
  void lowerSmall(kern::Dot4Op op);
  void lowerSplit(kern::Dot4Op op);
  bool continues(kern::Dot4Op op) const;
  void finishChain(kern::Dot4Op last, Value result);
  Value maddUbs(Value unsignedBytes, Value signedBytes);
  Value maddWd(Value a, Value b);

  DotIsa isa;
  OpBuilder builder;
  Location loc = builder.getUnknownLoc();
  VectorType accType, bytesType;
  llvm::DenseMap<Value, Chain> chains;
};

/// Lanes first, first + step, ... of a vector.
Value Dot4Lowering::every(Value vector, int64_t first, int64_t step) {
  SmallVector<int64_t> lanes;
  int64_t count = cast<VectorType>(vector.getType()).getDimSize(0);
  for (int64_t lane = first; lane < count; lane += step)
    lanes.push_back(lane);
  return builder.create<vector::ShuffleOp>(loc, vector, vector, lanes);
}

/// Whether the instructions of the set take a register of `bits`.
bool Dot4Lowering::hasInstruction(int64_t bits) const {
  switch (isa) {
  case DotIsa::avx512Vnni:
    return bits == 512 || bits == 256 || bits == 128;
  case DotIsa::avx2:
    return bits == 256 || bits == 128;
  case DotIsa::ssse3:
  case DotIsa::armDotprod:
  case DotIsa::armI8mm:
  case DotIsa::wasmRelaxed:
  case DotIsa::wasmSimd128:
    return bits == 128;
  case DotIsa::generic:
    return false;
  }
  llvm_unreachable("unknown instruction set");
}

/// pmaddubsw: i16 sums of two neighbouring u8 x s8 products.
Value Dot4Lowering::maddUbs(Value unsignedBytes, Value signedBytes) {
  int64_t count = bytesType.getDimSize(0);
  return call(vectorOf(count / 2, 16),
              count == 32 ? "x86.avx2.pmadd.ub.sw"
                          : "x86.ssse3.pmadd.ub.sw.128",
              {unsignedBytes, signedBytes});
}

/// pmaddwd: i32 sums of two neighbouring i16 products.
Value Dot4Lowering::maddWd(Value a, Value b) {
  int64_t count = cast<VectorType>(a.getType()).getDimSize(0);
  return call(vectorOf(count / 2, 32),
              count == 32   ? "x86.avx512.pmaddw.d.512"
              : count == 16 ? "x86.avx2.pmadd.wd"
                            : "x86.sse2.pmadd.wd",
              {a, b});
}

Value Dot4Lowering::lowerVnni(kern::Dot4Op op, Value acc) {
  std::string name =
      "x86.avx512.vpdpbusd." + std::to_string(accType.getDimSize(0) * 32);
  Value rhs = asI32(op.getRhs());
  if (op.getLhsUnsigned() || op.getLhsSmall())
    return call(accType, name, {acc, asI32(op.getLhs()), rhs});
  // (lhs + 128) . rhs - 128 . rhs
  Value flip = splat(bytesType, -128);
  Value shifted = asI32(make<arith::XOrIOp>(op.getLhs(), flip));
  Value excess = call(accType, name, {splat(accType, 0), asI32(flip), rhs});
  return make<arith::SubIOp>(call(accType, name, {acc, shifted, rhs}), excess);
}

Value Dot4Lowering::lowerArm(kern::Dot4Op op, Value acc) {
  Value lhs = op.getLhs(), rhs = op.getRhs();
  if (!op.getLhsUnsigned() || op.getLhsSmall())
    return call(accType, "aarch64.neon.sdot.v4i32.v16i8", {acc, lhs, rhs});
  if (isa == DotIsa::armI8mm)
    return call(accType, "aarch64.neon.usdot.v4i32.v16i8", {acc, lhs, rhs});
  // (lhs - 128) . rhs + 64 . rhs + 64 . rhs
  Value shifted = make<arith::XOrIOp>(lhs, splat(bytesType, -128));
  Value half = splat(bytesType, 64);
  for (Value left : {shifted, half, half})
    acc = call(accType, "aarch64.neon.sdot.v4i32.v16i8", {acc, left, rhs});
  return acc;
}

/// |lhs| x sign(rhs, lhs): at most 2 * 128 * 127, which fits i16.
Value Dot4Lowering::lowerSymmetric(kern::Dot4Op op, Value acc) {
  Value magnitude = builder.create<math::AbsIOp>(loc, op.getLhs());
  Value rhs = call(bytesType,
                   bytesType.getDimSize(0) == 32 ? "x86.avx2.psign.b"
                                                 : "x86.ssse3.psign.b.128",
                   {op.getRhs(), op.getLhs()});
  Value pairs = maddUbs(magnitude, rhs);
  Value ones = splat(cast<VectorType>(pairs.getType()), 1);
  return make<arith::AddIOp>(acc, maddWd(pairs, ones));
}

/// Any machine, any width.
Value Dot4Lowering::lowerWidened(kern::Dot4Op op, Value acc) {
  int64_t count = bytesType.getDimSize(0);
  bool isUnsigned = op.getLhsUnsigned() || op.getLhsSmall();
  auto widen = [&](Value bytes, unsigned bits, bool zeroExtend) -> Value {
    if (zeroExtend)
      return builder.create<arith::ExtUIOp>(loc, vectorOf(count, bits), bytes);
    return builder.create<arith::ExtSIOp>(loc, vectorOf(count, bits), bytes);
  };
  Value products =
      make<arith::MulIOp>(widen(op.getLhs(), 32, isUnsigned),
                          widen(op.getRhs(), 32, /*zeroExtend=*/false));
  Value sums =
      make<arith::AddIOp>(every(products, 0, 2), every(products, 1, 2));
  sums = make<arith::AddIOp>(every(sums, 0, 2), every(sums, 1, 2));
  return make<arith::AddIOp>(acc, sums);
}

/// wasm's i32x4.dot_i16x8_s: bytes 0 and 2 of each lane, then 1 and 3.
Value Dot4Lowering::lowerPairs(kern::Dot4Op op, Value acc) {
  VectorType words = vectorOf(bytesType.getDimSize(0) / 2, 16);
  Value eight = splat(words, 8);
  bool isUnsigned = op.getLhsUnsigned() || op.getLhsSmall();
  auto half = [&](Value bytes, bool odd, bool zeroExtend) -> Value {
    Value both = builder.create<vector::BitCastOp>(loc, words, bytes);
    if (zeroExtend)
      return odd ? make<arith::ShRUIOp>(both, eight)
                 : make<arith::AndIOp>(both, splat(words, 0xff));
    return make<arith::ShRSIOp>(odd ? both : make<arith::ShLIOp>(both, eight),
                                eight);
  };
  for (bool odd : {false, true}) {
    Value products = call(
        accType, "wasm.dot",
        {half(op.getLhs(), odd, isUnsigned), half(op.getRhs(), odd, false)});
    acc = make<arith::AddIOp>(acc, products);
  }
  return acc;
}

/// What takes one step on wasm; null where a chain is needed.
Value Dot4Lowering::lowerWasm(kern::Dot4Op op) {
  if (isa == DotIsa::wasmRelaxed && op.getLhsSmall())
    return call(accType, kRelaxedDot, {op.getRhs(), op.getLhs(), op.getAcc()});
  if (isa == DotIsa::wasmRelaxed && !op.getLhsUnsigned())
    return nullptr;
  return lowerPairs(op, op.getAcc());
}

/// Whether the only user of a product is the next one of its chain.
bool Dot4Lowering::continues(kern::Dot4Op op) const {
  if (!op->hasOneUse())
    return false;
  auto next = dyn_cast<kern::Dot4Op>(*op->user_begin());
  return next && next.getLhsSmall() == op.getLhsSmall() &&
         next.getLhsUnsigned() == op.getLhsUnsigned() &&
         next.getAcc() == op.getResult() && next.getLhs() != op.getResult() &&
         next->getBlock() == op->getBlock();
}

/// Replaces the last op of a chain and erases all of it.
void Dot4Lowering::finishChain(kern::Dot4Op last, Value result) {
  last.getResult().replaceAllUsesWith(result);
  for (kern::Dot4Op dead = last; dead;) {
    auto previous = dead.getAcc().getDefiningOp<kern::Dot4Op>();
    if (previous && !chains.erase(previous.getResult()))
      previous = nullptr;
    dead.erase();
    dead = previous;
  }
}

void Dot4Lowering::lowerSmall(kern::Dot4Op op) {
  Chain chain{op.getAcc(), maddUbs(op.getLhs(), op.getRhs()), 1};
  if (auto found = chains.find(op.getAcc()); found != chains.end()) {
    chain.acc = found->second.acc;
    chain.sum = make<arith::AddIOp>(found->second.sum, chain.sum);
    chain.length += found->second.length;
  }
  if (chain.length < kSmallSums && continues(op)) {
    chains[op.getResult()] = chain;
    return; // the last op of the chain erases this one
  }
  Value ones = splat(cast<VectorType>(chain.sum.getType()), 1);
  finishChain(op, make<arith::AddIOp>(chain.acc, maddWd(chain.sum, ones)));
}

/// lhs . rhs = lhs . (rhs & 127) - 128 * (lhs . (rhs < 0)).
void Dot4Lowering::lowerSplit(kern::Dot4Op op) {
  Chain chain{op.getAcc(), splat(accType, 0), 0};
  if (auto found = chains.find(op.getAcc()); found != chains.end())
    chain = found->second;
  // As words: the activations are one word, copied to all lanes.
  Value words = asI32(op.getRhs());
  auto bytes = [&](Value word) {
    return builder.create<vector::BitCastOp>(loc, bytesType, word);
  };
  Value low = make<arith::AndIOp>(words, splat(accType, 0x7f7f7f7f));
  Value sign =
      make<arith::AndIOp>(make<arith::ShRUIOp>(words, splat(accType, 7)),
                          splat(accType, 0x01010101));
  chain.acc = call(accType, kRelaxedDot, {op.getLhs(), bytes(low), chain.acc});
  chain.sum = call(accType, kRelaxedDot, {op.getLhs(), bytes(sign), chain.sum});
  if (continues(op)) {
    chains[op.getResult()] = chain;
    return;
  }
  finishChain(
      op, make<arith::SubIOp>(
              chain.acc, make<arith::ShLIOp>(chain.sum, splat(accType, 7))));
}

void Dot4Lowering::lower(kern::Dot4Op op) {
  builder.setInsertionPoint(op);
  loc = op.getLoc();
  accType = cast<VectorType>(op.getAcc().getType());
  bytesType = cast<VectorType>(op.getLhs().getType());
  bool saturating = isa == DotIsa::ssse3 || isa == DotIsa::avx2;
  bool fits = hasInstruction(accType.getDimSize(0) * 32);
  if (fits && saturating && op.getLhsSmall())
    return lowerSmall(op);
  Value result;
  if (fits && isWasm()) {
    result = lowerWasm(op);
    if (!result)
      return lowerSplit(op);
  } else if (!fits ||
             (saturating && (op.getLhsUnsigned() || !op.getRhsSymmetric())))
    result = lowerWidened(op, op.getAcc());
  else if (saturating)
    result = lowerSymmetric(op, op.getAcc());
  else if (isX86())
    result = lowerVnni(op, op.getAcc());
  else
    result = lowerArm(op, op.getAcc());
  op.getResult().replaceAllUsesWith(result);
  op.erase();
}

struct LowerDot4Pass
    : public sinter::cpu::impl::LowerDot4PassBase<LowerDot4Pass> {
  using LowerDot4PassBase::LowerDot4PassBase;

  void runOnOperation() override {
    std::optional<DotIsa> parsed = parseDotIsa(isa);
    if (!parsed) {
      getOperation()->emitError("unknown isa '")
          << std::string(isa) << "' for cpu-lower-dot4";
      return signalPassFailure();
    }
    SmallVector<kern::Dot4Op> ops;
    getOperation()->walk([&](kern::Dot4Op op) { ops.push_back(op); });
    Dot4Lowering lowering(*parsed, &getContext());
    for (kern::Dot4Op op : ops)
      lowering.lower(op);
  }
};

} // namespace

static constexpr std::pair<DotIsa, llvm::StringLiteral> kIsaNames[] = {
    {DotIsa::generic, "generic"},
    {DotIsa::ssse3, "ssse3"},
    {DotIsa::avx2, "avx2"},
    {DotIsa::avx512Vnni, "avx512-vnni"},
    {DotIsa::armDotprod, "arm-dotprod"},
    {DotIsa::armI8mm, "arm-i8mm"},
    {DotIsa::wasmRelaxed, "wasm-relaxed"},
    {DotIsa::wasmSimd128, "wasm-simd128"},
};

llvm::StringRef sinter::cpu::dotIsaName(DotIsa isa) {
  for (const auto &[value, name] : kIsaNames)
    if (value == isa)
      return name;
  llvm_unreachable("unknown instruction set");
}

std::optional<DotIsa> sinter::cpu::parseDotIsa(llvm::StringRef name) {
  for (const auto &[value, spelling] : kIsaNames)
    if (spelling == name)
      return value;
  return std::nullopt;
}
