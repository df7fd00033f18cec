// Byte sizes of bindings (Layout.h); docs/formats/packed-weights.md and
// docs/formats/bundle.md are the source of the numbers.
#include "compiler/kernels/Layout.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter;
using xf::Scheme;

namespace {

/// Every buffer starts and ends at a multiple of this.
constexpr int64_t kBufferAlignment = 64;

int64_t roundUp(int64_t value, int64_t multiple) {
  return llvm::divideCeil(value, multiple) * multiple;
}

int64_t elementBytes(Type type) {
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

} // namespace

int64_t layout::rowBytes(RankedTensorType activation) {
  int64_t columns = activation.getDimSize(activation.getRank() - 1);
  if (xf::getScheme(activation) != Scheme::dyn_i8)
    return columns * elementBytes(activation.getElementType());
  int64_t padded = roundUp(columns, kBlock);
  return roundUp(padded + padded / kBlock * 8, kBufferAlignment);
}

int64_t layout::bufferBytes(RankedTensorType type, int64_t maxTokens) {
  int64_t rows = type.isDynamicDim(0) ? roundUp(maxTokens, kTokenPadding)
                                      : type.getDimSize(0);
  int64_t perRow = type.getRank() == 1 ? elementBytes(type.getElementType())
                                       : rowBytes(type);
  return roundUp(rows * perRow, kBufferAlignment);
}

int64_t layout::panelBytes(Scheme scheme, int64_t columns) {
  switch (scheme) {
  case Scheme::f32:
    return columns * kPanelRows * 4;
  case Scheme::f16:
  case Scheme::bf16:
    return columns * kPanelRows * 2;
  case Scheme::q8_0:
  case Scheme::q4_0:
    return llvm::divideCeil(columns, kBlock) * blockBytes(scheme);
  case Scheme::dyn_i8:
    break;
  }
  llvm_unreachable("not a scheme of weights");
}

int64_t layout::blockBytes(Scheme scheme) {
  return kPanelRows * (2 + (scheme == Scheme::q4_0 ? kBlock / 2 : kBlock));
}

int64_t layout::weightBytes(RankedTensorType weight, bool isRopeTable) {
  if (isRopeTable || weight.getRank() == 1)
    return weight.getNumElements() * 4;
  return llvm::divideCeil(weight.getDimSize(0), kPanelRows) *
         panelBytes(xf::getScheme(weight), weight.getDimSize(1));
}

llvm::StringRef layout::weightLayout(RankedTensorType weight,
                                     bool isRopeTable) {
  if (isRopeTable)
    return "rope";
  return weight.getRank() == 1 ? "vector" : "rows16";
}

int64_t layout::cacheValueOffset(xf::KvCacheType cache) {
  return cache.getKvHeads() * cacheCapacity(cache) * cache.getHeadDim() *
         elementBytes(cache.getElementType());
}

int64_t layout::cacheCapacity(xf::KvCacheType cache) {
  return roundUp(cache.getCapacity(), kTokenPadding);
}

int64_t layout::cacheBytes(xf::KvCacheType cache) {
  return 2 * cacheValueOffset(cache);
}

MemRefType layout::bindingType(Type type) {
  MLIRContext *context = type.getContext();
  Type element = IntegerType::get(context, 8);
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    if (xf::getScheme(tensor) == Scheme::f32 || tensor.getRank() == 1)
      element = tensor.getElementType();
  return MemRefType::get({ShapedType::kDynamic}, element);
}
