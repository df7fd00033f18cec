// Matrices that a subgroup holds: the type's assembly, and the verifiers of the
// ops kern.matrix_*.
#include "dialects/kern/Kern.h"

using namespace mlir;
using namespace sinter::kern;

//===-- !kern.matrix ------------------------------------------------------===//

/// <edge x element, use>, or <rows x columns x element, use>
Type MatrixType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type element;
  StringRef word;
  SMLoc start = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
      parser.parseType(element) || parser.parseComma() ||
      parser.parseKeyword(&word) || parser.parseGreater())
    return {};
  std::optional<MatrixUse> use = symbolizeMatrixUse(word);
  if (shape.empty() || shape.size() > 2 || !use) {
    parser.emitError(start, "expected <edge x element, a | b | sum>, or rows x "
                            "columns for edge");
    return {};
  }
  int64_t rows = shape.front(), columns = shape.back();
  int64_t edge = *use == MatrixUse::b ? columns : rows;
  int64_t depth = *use == MatrixUse::b ? rows : columns;
  return MatrixType::getChecked([&] { return parser.emitError(start); },
                                parser.getContext(), edge, depth, element,
                                *use);
}

void MatrixType::print(AsmPrinter &printer) const {
  printer << "<" << getRows() << "x";
  if (getRows() != getColumns())
    printer << getColumns() << "x";
  printer << getElement() << ", " << stringifyMatrixUse(getUse()) << ">";
}

LogicalResult MatrixType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t edge, int64_t depth, Type element,
                                 MatrixUse use) {
  if (edge != 8 && edge != 16)
    return emitError() << "edge must be 8 or 16, got " << edge
                       << " (matrix_c1)";
  bool isSum = use == MatrixUse::sum;
  if (isSum ? !element.isF32() && !element.isSignlessInteger(32)
            : !element.isF16() && !element.isSignlessInteger(8))
    return emitError() << "elements must be f16 or i8, and f32 or i32 for sum, "
                          "got "
                       << element << " (matrix_c2)";
  if (depth != edge && !(element.isInteger(8) && isByteDepth(depth)))
    return emitError() << "depth must be the edge, or 8, 16 or 32 for i8, got "
                       << depth << " (matrix_c3)";
  return success();
}

//===-- Ops ---------------------------------------------------------------===//

/// Whether the kernel's device has matrices like `type`; `id` as "op_c1".
static LogicalResult verifyCaps(Operation *op, MatrixType type, StringRef id) {
  auto kernel = op->getParentOfType<KernelOp>();
  int64_t edge = kernel ? kernel.getCaps().getMatrix() : 0;
  int64_t depth = kernel ? kernel.getCaps().getMatrixBytes() : 0;
  if (edge != type.getEdge())
    return op->emitOpError("needs a grid whose caps have matrices of edge ")
           << type.getEdge() << " (" << id << ")";
  if (type.isInteger() && !depth)
    return op->emitOpError("needs a grid whose caps have matrix_bytes (")
           << id << ")";
  if (type.isInteger() && type.getUse() != MatrixUse::sum &&
      depth != type.getDepth())
    return op->emitOpError("needs a grid whose caps have matrix_bytes = ")
           << type.getDepth() << " (" << id << ")";
  return success();
}

static bool isShared(Value memory) {
  auto scratch = memory.getDefiningOp<ScratchOp>();
  return scratch && scratch.getShared();
}

/// Elements of a row, or of a column, whichever lies in one piece.
static int64_t pieceOf(MatrixType type, MatrixOrder order) {
  return order == MatrixOrder::rows ? type.getColumns() : type.getRows();
}

/// `elements`: of memory that a row takes.
static LogicalResult verifyStride(Operation *op, int64_t stride,
                                  int64_t elements, StringRef id) {
  if (stride % 4 == 0 && stride >= elements)
    return success();
  return op->emitOpError("stride must be a multiple of 4 and at least ")
         << elements << ", got " << stride << " (" << id << ")";
}

static bool isSum(MatrixType type, bool integer) {
  return type.getUse() == MatrixUse::sum && type.isInteger() == integer;
}

LogicalResult MatrixFillOp::verify() {
  return verifyCaps(*this, getType(), "matrix_fill_c1");
}

LogicalResult MatrixLoadOp::verify() {
  MatrixType type = getType();
  if (!isShared(getMemory()) || type.getUse() == MatrixUse::sum)
    return emitOpError("must load a or b out of shared scratch "
                       "(matrix_load_c2)");
  int64_t perWord = 32 / type.getElement().getIntOrFloatBitWidth();
  if (failed(verifyStride(*this, static_cast<int64_t>(getStride()),
                          pieceOf(type, getOrder()) / perWord,
                          "matrix_load_c3")))
    return failure();
  return verifyCaps(*this, type, "matrix_load_c1");
}

LogicalResult MatrixSpreadOp::verify() {
  if (!isShared(getMemory()) || !isSum(getType(), /*integer=*/false))
    return emitOpError("must make a sum of f32 out of shared scratch "
                       "(matrix_spread_c2)");
  return verifyCaps(*this, getType(), "matrix_spread_c1");
}

LogicalResult MatrixMultiplyAddOp::verify() {
  MatrixType a = getA().getType(), b = getB().getType(), sum = getType();
  bool uses = a.getUse() == MatrixUse::a && b.getUse() == MatrixUse::b &&
              sum.getUse() == MatrixUse::sum;
  if (!uses || a.getEdge() != sum.getEdge() || b.getEdge() != sum.getEdge())
    return emitOpError("must have an a, a b and a sum of one edge "
                       "(matrix_multiply_add_c2)");
  if (a.getElement() != b.getElement() || a.getDepth() != b.getDepth() ||
      a.isInteger() != sum.isInteger())
    return emitOpError("must have an a and a b of one element and depth, and "
                       "i32 sums of i8 (matrix_multiply_add_c2)");
  // Where the factors are there, so are their sums.
  return verifyCaps(*this, a, "matrix_multiply_add_c1");
}

LogicalResult MatrixScaledAddOp::verify() {
  MatrixType sum = getSum().getType(), total = getType();
  if (!isSum(sum, /*integer=*/true) || !isSum(total, /*integer=*/false) ||
      sum.getEdge() != total.getEdge())
    return emitOpError("must have a sum of i32, and others of f32, of one edge "
                       "(matrix_scaled_add_c2)");
  return verifyCaps(*this, sum, "matrix_scaled_add_c1");
}

LogicalResult MatrixStoreOp::verify() {
  MatrixType type = getMatrix().getType();
  if (!isShared(getMemory()) || !isSum(type, /*integer=*/false))
    return emitOpError("must store a sum of f32 to shared scratch "
                       "(matrix_store_c2)");
  if (failed(verifyStride(*this, static_cast<int64_t>(getStride()),
                          type.getEdge(), "matrix_store_c3")))
    return failure();
  return verifyCaps(*this, type, "matrix_store_c1");
}
