// Regions with quantized inputs, and inputs that survive it (QuantizedTwin.h).
#include "QuantizedTwin.h"

#include <cmath>

using namespace sinter;
using namespace sinter::test;

xf::RegionOp sinter::test::quantizedTwin(xf::RegionOp region) {
  mlir::OpBuilder builder(region);
  auto twin = mlir::cast<xf::RegionOp>(builder.clone(*region));
  twin.setSymName(region.getSymName().str() + "_quantized");
  twin.walk([&](xf::LinearOp linear) {
    auto type = mlir::cast<mlir::RankedTensorType>(linear.getX().getType());
    if (!xf::isIntegerScheme(xf::getScheme(linear.getWeight().getType())) ||
        type.getEncoding())
      return;
    builder.setInsertionPoint(linear);
    auto quantized = mlir::RankedTensorType::get(
        type.getShape(), type.getElementType(),
        xf::QuantAttr::get(builder.getContext(), xf::Scheme::dyn_i8));
    linear.getXMutable().assign(builder.create<xf::QuantizeOp>(
        linear.getLoc(), quantized, linear.getX()));
  });
  return twin;
}

static void exactActivation(Datum &datum, std::mt19937 &random) {
  std::uniform_int_distribution<int> integer(-127, 127), power(-3, 2);
  Matrix &m = datum.matrix;
  for (int64_t r = 0; r < m.rows; ++r)
    for (int64_t first = 0; first < m.columns; first += 32) {
      int exponent = power(random);
      int64_t end = std::min(m.columns, first + 32);
      for (int64_t c = first; c < end; ++c)
        m.at(r, c) = std::ldexp(c == first ? 127 : integer(random), exponent);
    }
  for (size_t i = 0; i < m.values.size(); ++i)
    datum.memory->as<float>()[i] = float(m.values[i]);
}

static void exactVector(Datum &datum, std::mt19937 &random) {
  std::bernoulli_distribution negative;
  Matrix &m = datum.matrix;
  for (int64_t c = 0; c < m.columns; ++c) {
    double x = std::ldexp(negative(random) ? -1 : 1, int(c / 32 % 3) - 1);
    m.at(0, c) = datum.memory->as<float>()[c] = float(x);
  }
}

void sinter::test::makeExact(std::vector<Datum> &arguments,
                             std::mt19937 &random) {
  for (Datum &datum : arguments) {
    auto type = mlir::dyn_cast<mlir::RankedTensorType>(datum.type);
    if (!type || !type.getElementType().isF32())
      continue;
    if (type.getRank() == 1)
      exactVector(datum, random);
    else if (!type.getEncoding())
      exactActivation(datum, random);
  }
}
