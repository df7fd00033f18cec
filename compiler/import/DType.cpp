//===- DType.cpp - Element types of tensors in model files
//------------------===//
//
// See DType.h. Sizes come from hostile files: all products are checked.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/DType.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace sinter;

static const DTypeInfo kTable[] = {
#define SINTER_DTYPE(enumerator, name, elements, bytes, safetensors, gguf)     \
  {name, elements, bytes, safetensors, gguf},
#include "compiler/import/DTypes.def"
};

const DTypeInfo &sinter::dtypeInfo(DType dtype) {
  return kTable[static_cast<unsigned>(dtype)];
}

bool sinter::isFloatLike(DType dtype) {
  switch (dtype) {
  case DType::I8:
  case DType::I16:
  case DType::I32:
  case DType::I64:
  case DType::U8:
  case DType::U16:
  case DType::U32:
  case DType::U64:
  case DType::Bool:
    return false;
  default:
    return true;
  }
}

std::optional<DType> sinter::dtypeFromSafetensors(llvm::StringRef name) {
  if (name.empty())
    return std::nullopt;
  for (unsigned i = 0; i < std::size(kTable); ++i)
    if (kTable[i].safetensorsName == name)
      return static_cast<DType>(i);
  return std::nullopt;
}

std::optional<DType> sinter::dtypeFromGguf(uint32_t type) {
  for (unsigned i = 0; i < std::size(kTable); ++i)
    if (kTable[i].ggufType >= 0 &&
        static_cast<uint32_t>(kTable[i].ggufType) == type)
      return static_cast<DType>(i);
  return std::nullopt;
}

std::optional<uint64_t> sinter::rowBytes(DType dtype, uint64_t elements) {
  const DTypeInfo &info = dtypeInfo(dtype);
  if (elements % info.blockElements != 0)
    return std::nullopt;
  return llvm::checkedMulUnsigned<uint64_t>(elements / info.blockElements,
                                            info.blockBytes);
}

std::optional<uint64_t> sinter::elementCount(llvm::ArrayRef<int64_t> shape) {
  uint64_t count = 1;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    std::optional<uint64_t> product =
        llvm::checkedMulUnsigned<uint64_t>(count, static_cast<uint64_t>(size));
    if (!product || *product > static_cast<uint64_t>(INT64_MAX))
      return std::nullopt;
    count = *product;
  }
  return count;
}

std::optional<uint64_t> sinter::tensorBytes(DType dtype,
                                            llvm::ArrayRef<int64_t> shape) {
  uint64_t last = shape.empty() ? 1 : static_cast<uint64_t>(shape.back());
  if (last % dtypeInfo(dtype).blockElements != 0)
    return std::nullopt;
  std::optional<uint64_t> count = elementCount(shape);
  if (!count)
    return std::nullopt;
  return rowBytes(dtype, *count);
}
