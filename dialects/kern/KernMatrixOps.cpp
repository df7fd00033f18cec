// Matrices that a subgroup holds: the type's assembly, and the verifiers of the
// ops kern.matrix_*.
#include "dialects/kern/Kern.h"

using namespace mlir;
using namespace sinter::kern;

//===-- !kern.matrix ------------------------------------------------------===//

/// <edge x element, use>
Type MatrixType::parse(AsmParser &parser) {
  SmallVector<int64_t> edge;
  Type element;
  StringRef word;
  SMLoc start = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(edge, /*allowDynamic=*/false) ||
      parser.parseType(element) || parser.parseComma() ||
      parser.parseKeyword(&word) || parser.parseGreater())
    return {};
  std::optional<MatrixUse> use = symbolizeMatrixUse(word);
  if (edge.size() != 1 || !use) {
    parser.emitError(start, "expected <edge x element, a | b | sum>");
    return {};
  }
  return MatrixType::getChecked([&] { return parser.emitError(start); },
                                parser.getContext(), edge[0], element, *use);
}

void MatrixType::print(AsmPrinter &printer) const {
  printer << "<" << getEdge() << "x" << getElement() << ", "
          << stringifyMatrixUse(getUse()) << ">";
}

LogicalResult MatrixType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t edge, Type element, MatrixUse use) {
  if (edge != 8 && edge != 16)
    return emitError() << "edge must be 8 or 16, got " << edge
                       << " (matrix_c1)";
  if (use == MatrixUse::sum ? !element.isF32() : !element.isF16())
    return emitError() << "elements must be f16, and f32 for sum, got "
                       << element << " (matrix_c1)";
  return success();
}

//===-- Ops ---------------------------------------------------------------===//

/// Whether the kernel's device has matrices like `type`; `id` as "op_c1".
static LogicalResult verifyCaps(Operation *op, MatrixType type, StringRef id) {
  auto kernel = op->getParentOfType<KernelOp>();
  if (kernel && kernel.getCaps().getMatrix() == type.getEdge())
    return success();
  return op->emitOpError("needs a grid whose caps have matrices of edge ")
         << type.getEdge() << " (" << id << ")";
}

static bool isShared(Value memory) {
  auto scratch = memory.getDefiningOp<ScratchOp>();
  return scratch && scratch.getShared();
}

/// `elements`: of memory that a row takes.
static LogicalResult verifyStride(Operation *op, int64_t stride,
                                  int64_t elements, StringRef id) {
  if (stride % 4 == 0 && stride >= elements)
    return success();
  return op->emitOpError("stride must be a multiple of 4 and at least ")
         << elements << ", got " << stride << " (" << id << ")";
}

LogicalResult MatrixFillOp::verify() {
  if (getType().getUse() != MatrixUse::sum)
    return emitOpError("must be a sum (matrix_fill_c2)");
  return verifyCaps(*this, getType(), "matrix_fill_c1");
}

LogicalResult MatrixLoadOp::verify() {
  if (!isShared(getMemory()) || getType().getUse() == MatrixUse::sum)
    return emitOpError("must load a or b out of shared scratch "
                       "(matrix_load_c2)");
  if (failed(verifyStride(*this, static_cast<int64_t>(getStride()),
                          getType().getEdge() / 2, "matrix_load_c3")))
    return failure();
  return verifyCaps(*this, getType(), "matrix_load_c1");
}

LogicalResult MatrixMultiplyAddOp::verify() {
  auto is = [&](Value value, MatrixUse use) {
    auto type = cast<MatrixType>(value.getType());
    return type.getUse() == use && type.getEdge() == getType().getEdge();
  };
  if (!is(getA(), MatrixUse::a) || !is(getB(), MatrixUse::b) ||
      !is(getSum(), MatrixUse::sum))
    return emitOpError("must have an a, a b and a sum of one edge "
                       "(matrix_multiply_add_c2)");
  return verifyCaps(*this, getType(), "matrix_multiply_add_c1");
}

LogicalResult MatrixStoreOp::verify() {
  MatrixType type = getMatrix().getType();
  if (!isShared(getMemory()) || type.getUse() != MatrixUse::sum)
    return emitOpError("must store a sum to shared scratch (matrix_store_c2)");
  if (failed(verifyStride(*this, static_cast<int64_t>(getStride()),
                          type.getEdge(), "matrix_store_c3")))
    return failure();
  return verifyCaps(*this, type, "matrix_store_c1");
}
