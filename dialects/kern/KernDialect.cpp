// Registration and attributes of the kern dialect.
#include "dialects/kern/Kern.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace sinter::kern;

#include "dialects/kern/KernDialect.cpp.inc"
#include "dialects/kern/KernEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/kern/KernAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/kern/KernTypes.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/kern/KernOps.cpp.inc"

void KernDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/kern/KernAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/kern/KernTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/kern/KernOps.cpp.inc"
      >();
}

LogicalResult CapsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t simdBits, int64_t registers,
                               Feature features, bool cheapBarriers,
                               int64_t group, int64_t matrix,
                               int64_t matrixBytes) {
  if (simdBits < 32 || simdBits > 2048 || (simdBits & (simdBits - 1)))
    return emitError() << "simd_bits must be a power of two from 32 to 2048, "
                          "got "
                       << simdBits;
  if (registers <= 0)
    return emitError() << "registers must be positive, got " << registers;
  if (group < 0 || group > 1024)
    return emitError() << "group must be from 0 to 1024, got " << group;
  if (group && simdBits != 32)
    return emitError() << "simd_bits must be 32 on a grid, got " << simdBits;
  if (matrix && matrix != 8 && matrix != 16)
    return emitError() << "matrix must be 0, 8 or 16, got " << matrix;
  if (matrix && !(group && cheapBarriers &&
                  bitEnumContainsAll(features, Feature::subgroups)))
    return emitError() << "matrix needs a grid with subgroups and cheap "
                          "barriers";
  if (matrixBytes && !matrix)
    return emitError() << "matrix_bytes needs matrix, the edge";
  if (matrixBytes && !MatrixType::isByteDepth(matrixBytes))
    return emitError() << "matrix_bytes must be 0, 8, 16 or 32, got "
                       << matrixBytes;
  return success();
}
