// Registration, attributes and types of the xf dialect.
#include "dialects/xf/Xf.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace sinter::xf;

#include "dialects/xf/XfDialect.cpp.inc"
#include "dialects/xf/XfEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/xf/XfAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/xf/XfTypes.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/xf/XfOps.cpp.inc"

void XfDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/xf/XfAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/xf/XfTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/xf/XfOps.cpp.inc"
      >();
}

Scheme sinter::xf::getScheme(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return Scheme::f32;
  auto quant = dyn_cast_or_null<QuantAttr>(tensor.getEncoding());
  return quant ? quant.getScheme() : Scheme::f32;
}

RankedTensorType sinter::xf::withScheme(RankedTensorType type, Scheme scheme) {
  return RankedTensorType::get(type.getShape(), type.getElementType(),
                               QuantAttr::get(type.getContext(), scheme));
}

bool sinter::xf::isIntegerScheme(Scheme scheme) {
  return scheme == Scheme::q8_0 || scheme == Scheme::q4_0;
}

/// Checks the `values` of a rope attribute against its scaling kind.
static LogicalResult
verifyScalingValues(function_ref<InFlightDiagnostic()> emitError, int64_t dim,
                    RopeScaling scaling, ArrayRef<double> values) {
  size_t wanted = 0;
  switch (scaling) {
  case RopeScaling::none:
    wanted = 0;
    break;
  case RopeScaling::linear:
    wanted = 1;
    break;
  case RopeScaling::llama3:
    wanted = 4;
    break;
  case RopeScaling::yarn:
    wanted = 6;
    break;
  case RopeScaling::factors:
    wanted = static_cast<size_t>(dim / 2) + 1;
    break;
  }
  if (values.size() != wanted)
    return emitError() << "rope scaling " << stringifyRopeScaling(scaling)
                       << " takes " << wanted << " values, got "
                       << values.size();
  bool yarn = scaling == RopeScaling::yarn;
  for (double value : yarn ? values.drop_back() : values)
    if (!std::isfinite(value) || !(value > 0))
      return emitError() << "rope scaling values must be finite and positive";
  if (scaling == RopeScaling::llama3 && !(values[1] < values[2]))
    return emitError() << "rope scaling llama3 needs low_freq_factor below "
                          "high_freq_factor";
  if (yarn && !(values[2] <= values[1]))
    return emitError() << "rope scaling yarn needs beta_slow at most beta_fast";
  if (yarn && values[5] != 0 && values[5] != 1)
    return emitError() << "rope scaling yarn takes 0 or 1 for truncate";
  return success();
}

LogicalResult RopeAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               FloatAttr theta, int64_t dim,
                               RopeScaling scaling, DenseF64ArrayAttr values) {
  double base = theta.getValueAsDouble();
  if (!(base > 0) || !std::isfinite(base))
    return emitError() << "rope theta must be positive, got " << theta;
  if (dim <= 0 || dim % 2)
    return emitError() << "rope dim must be even and positive, got " << dim;
  if (scaling == RopeScaling::yarn && !(base > 1))
    return emitError() << "rope scaling yarn needs theta above 1, got "
                       << theta;
  return verifyScalingValues(emitError, dim, scaling,
                             values ? values.asArrayRef() : ArrayRef<double>());
}

LogicalResult AlibiAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                int64_t heads, FloatAttr scale) {
  double factor = scale.getValueAsDouble();
  if (heads <= 0 || heads > 1 << 12)
    return emitError() << "alibi heads must be 1 to 4096, got " << heads;
  if (!(factor > 0) || !std::isfinite(factor))
    return emitError() << "alibi scale must be finite and positive";
  return success();
}

LogicalResult SourceAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 StringRef name, StringRef stored,
                                 int64_t unpermuteHeads, ArrayRef<int64_t> rows,
                                 bool transposed, bool plusOne) {
  if (name.empty() || stored.empty())
    return emitError() << "source needs the name of a tensor and its type";
  if (unpermuteHeads < 0)
    return emitError() << "unpermute_rope takes a number of heads, got "
                       << unpermuteHeads;
  if (!rows.empty() && (rows.size() != 3 || rows[0] < 0 || rows[1] <= 0 ||
                        rows[1] > rows[2] || rows[0] > rows[2] - rows[1]))
    return emitError() << "rows takes [first, count, stride] with first + "
                          "count at most stride";
  if (unpermuteHeads && (!rows.empty() || transposed || plusOne))
    return emitError() << "unpermute_rope goes with no other form";
  return success();
}

Attribute SourceAttr::parse(AsmParser &parser, Type) {
  std::string name, stored;
  int64_t heads = 0;
  SmallVector<int64_t> rows;
  bool transposed = false, plusOne = false;
  auto start = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseString(&name) || parser.parseComma() ||
      parser.parseString(&stored))
    return {};
  while (succeeded(parser.parseOptionalComma())) {
    if (succeeded(parser.parseOptionalKeyword("unpermute_rope"))) {
      if (parser.parseInteger(heads))
        return {};
    } else if (succeeded(parser.parseOptionalKeyword("rows"))) {
      auto row = [&] { return parser.parseInteger(rows.emplace_back()); };
      if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, row))
        return {};
    } else if (succeeded(parser.parseOptionalKeyword("transposed"))) {
      transposed = true;
    } else if (parser.parseKeyword("plus_one")) {
      return {};
    } else {
      plusOne = true;
    }
  }
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(start); },
                    parser.getContext(), name, stored, heads, rows, transposed,
                    plusOne);
}

void SourceAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printer.printString(getName());
  printer << ", ";
  printer.printString(getStored());
  if (getUnpermuteHeads())
    printer << ", unpermute_rope " << getUnpermuteHeads();
  if (!getRows().empty()) {
    printer << ", rows [";
    llvm::interleaveComma(getRows(), printer);
    printer << "]";
  }
  if (getTransposed())
    printer << ", transposed";
  if (getPlusOne())
    printer << ", plus_one";
  printer << ">";
}

LogicalResult KvCacheType::verify(function_ref<InFlightDiagnostic()> emitError,
                                  int64_t kvHeads, int64_t capacity,
                                  int64_t headDim, Type elementType) {
  if (kvHeads <= 0 || capacity <= 0 || headDim <= 0)
    return emitError() << "kv_cache sizes must be positive";
  int64_t elements;
  if (llvm::MulOverflow(kvHeads, capacity, elements) ||
      llvm::MulOverflow(elements, headDim, elements) ||
      elements > int64_t(1) << 48)
    return emitError() << "kv_cache has an impossible size";
  if (capacity % 16)
    return emitError() << "kv_cache capacity must be a multiple of 16, got "
                       << capacity;
  if (!elementType.isF32() && !elementType.isF16())
    return emitError() << "kv_cache elements must be f32 or f16";
  return success();
}
