// Types and numbers (Literals.h).
#include "targets/wgsl/printer/Literals.h"

#include "llvm/ADT/StringExtras.h"

#include <cfloat>
#include <cmath>
#include <cstdio>
#include <cstdlib>

using namespace mlir;
using namespace sinter;

static std::string scalarName(Type type, bool isSigned) {
  if (type.isF32())
    return "f32";
  if (type.isF16())
    return "f16";
  if (type.isInteger(1))
    return "bool";
  if (type.isInteger(32) || type.isIndex())
    return isSigned ? "i32" : "u32";
  return "";
}

std::string wgsl::typeName(Type type, bool isSigned) {
  auto vector = dyn_cast<VectorType>(type);
  if (!vector)
    return scalarName(type, isSigned);
  std::string element = scalarName(vector.getElementType(), isSigned);
  if (vector.getRank() != 1 || vector.isScalable() || element.empty() ||
      vector.getDimSize(0) < 2 || vector.getDimSize(0) > 4)
    return "";
  return "vec" + std::to_string(vector.getDimSize(0)) + "<" + element + ">";
}

std::string wgsl::arrayName(MemRefType type) {
  std::string element = typeName(type.getElementType());
  if (element.empty() || type.getRank() != 1)
    return "";
  if (type.hasStaticShape())
    element += ", " + std::to_string(type.getDimSize(0));
  return "array<" + element + ">";
}

std::string wgsl::floatLiteral(const llvm::APFloat &number) {
  bool half = &number.getSemantics() == &llvm::APFloat::IEEEhalf();
  bool lossy = false;
  llvm::APFloat wide = number;
  wide.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven,
               &lossy);
  float value = wide.convertToFloat();
  char text[32];
  // A decimal that is rounded down to the largest number does not count: WGSL
  // refuses what lies beyond it.
  for (int digits = 1; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, double(value));
    double decimal = std::strtod(text, nullptr);
    if (float(decimal) == value && std::strtof(text, nullptr) == value &&
        std::fabs(decimal) <= FLT_MAX)
      break;
  }
  std::string literal = text;
  if (literal.find_first_of(".e") == std::string::npos)
    literal += ".0";
  return literal + (half ? "h" : "f");
}

std::string wgsl::integerLiteral(uint32_t bits, bool isSigned) {
  if (isSigned) {
    // The smallest number has no literal: 2147483648 is not an i32.
    if (bits == 0x80000000u)
      return "i32(-2147483648)";
    return std::to_string(int32_t(bits)) + "i";
  }
  if (bits < 0x10000)
    return std::to_string(bits) + "u";
  return "0x" + llvm::utohexstr(bits, /*LowerCase=*/true) + "u";
}
