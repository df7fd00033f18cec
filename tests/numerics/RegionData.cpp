// Random data and its packed forms (RegionData.h).
#include "RegionData.h"

#include "compiler/kernels/KernelFamily.h"

#include <cmath>
#include <limits>

using namespace sinter;
using namespace sinter::test;
using mlir::RankedTensorType;
using xf::Scheme;

static constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double sinter::test::halfToDouble(uint16_t bits) {
  int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
  double magnitude = exponent == 0 ? std::ldexp(mantissa, -24)
                                   : std::ldexp(1024 + mantissa, exponent - 25);
  if (exponent == 31)
    magnitude = mantissa ? kNaN : HUGE_VAL;
  return bits & 0x8000 ? -magnitude : magnitude;
}

uint16_t sinter::test::doubleToHalf(double value) {
  if (std::isnan(value))
    return 0x7e00;
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  double magnitude = std::min(std::fabs(value), 65504.0);
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  exponent = std::max(exponent, -13); // denormals share one exponent
  // A carry into the next exponent is what adding the parts gives.
  double units = std::nearbyint(std::ldexp(magnitude, 11 - exponent));
  auto count = uint16_t(units);
  if (count < 1024)
    return sign | count;
  return uint16_t(sign | (((exponent + 13) << 10) + count));
}

static int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

namespace {

class Maker {
public:
  Maker(std::mt19937 &random) : random(random) {}

  /// About normal, variance 1: the sum of four 16-bit uniform numbers.
  double normal() {
    uint64_t bits = random() | uint64_t(random()) << 32;
    double sum = double(bits & 0xffff) + double(bits >> 16 & 0xffff) +
                 double(bits >> 32 & 0xffff) + double(bits >> 48);
    return (sum / 65536 - 2) * 1.7320508;
  }
  int64_t integer(int64_t from, int64_t to) {
    return from + int64_t(random() % uint64_t(to - from + 1));
  }
  void weight(Datum &datum);
  void quantizedWeight(Datum &datum);
  void ropeTable(Datum &datum);
  void positionBiases(Datum &datum);
  void vector(Datum &datum);
  void cache(Datum &datum, int64_t position);
  void activation(Datum &datum, const RunSize &size);
  void quantizedActivation(Datum &datum, const RunSize &size);
  void tokens(Datum &datum, const RunSize &size, int64_t vocabulary);

private:
  std::mt19937 &random;
};

/// Rows a buffer holds: T rounded up to 16 where T is dynamic.
int64_t bufferRows(RankedTensorType type, const RunSize &size) {
  return type.isDynamicDim(0) ? roundUp(size.tokens, 16) : type.getDimSize(0);
}

int64_t rowsIn(RankedTensorType type, const RunSize &size) {
  return type.isDynamicDim(0) ? size.tokens : type.getDimSize(0);
}

int64_t quantizedRowBytes(int64_t columns) {
  int64_t padded = roundUp(columns, 32);
  return roundUp(padded + padded / 32 * 8, 64);
}

} // namespace

void Maker::weight(Datum &datum) {
  auto type = mlir::cast<RankedTensorType>(datum.type);
  Scheme scheme = xf::getScheme(type);
  if (xf::isIntegerScheme(scheme))
    return quantizedWeight(datum);
  Matrix &m = datum.matrix = Matrix(type.getDimSize(0), type.getDimSize(1));
  int64_t bytes = scheme == Scheme::f32 ? 4 : 2;
  datum.memory =
      std::make_unique<Memory>(size_t(roundUp(m.rows, 16) * m.columns * bytes));
  for (int64_t r = 0; r < m.rows; ++r)
    for (int64_t c = 0; c < m.columns; ++c) {
      double &x = m.at(r, c);
      x = float(normal());
      int64_t at = (r / 16 * m.columns + c) * 16 + r % 16;
      if (scheme == Scheme::f32) {
        datum.memory->as<float>()[at] = float(x);
      } else if (scheme == Scheme::f16) {
        uint16_t bits = doubleToHalf(x);
        datum.memory->as<uint16_t>()[at] = bits;
        x = halfToDouble(bits);
      } else {
        auto single = float(x);
        uint32_t bits;
        std::memcpy(&bits, &single, 4);
        bits &= 0xffff0000u;
        datum.memory->as<uint16_t>()[at] = uint16_t(bits >> 16);
        std::memcpy(&single, &bits, 4);
        x = single;
      }
    }
}

void Maker::quantizedWeight(Datum &datum) {
  auto type = mlir::cast<RankedTensorType>(datum.type);
  bool nibbles = xf::getScheme(type) == Scheme::q4_0;
  Matrix &m = datum.matrix = Matrix(type.getDimSize(0), type.getDimSize(1));
  int64_t blocks = roundUp(m.columns, 32) / 32;
  int64_t blockBytes = nibbles ? 288 : 544;
  datum.memory = std::make_unique<Memory>(
      size_t(roundUp(m.rows, 16) / 16 * blocks * blockBytes));
  auto *bytes = datum.memory->as<uint8_t>();
  for (int64_t r = 0; r < roundUp(m.rows, 16); ++r)
    for (int64_t b = 0; b < blocks; ++b) {
      uint8_t *block = bytes + (r / 16 * blocks + b) * blockBytes;
      uint16_t scale = doubleToHalf(
          r < m.rows ? (0.5 + 0.1 * double(integer(0, 9))) / (nibbles ? 8 : 127)
                     : 0);
      std::memcpy(block + r % 16 * 2, &scale, 2);
      for (int64_t c = 0; c < 32; ++c) {
        bool exists = r < m.rows && b * 32 + c < m.columns;
        int64_t q =
            exists ? (nibbles ? integer(-8, 7) : integer(-127, 127)) : 0;
        if (exists)
          m.at(r, b * 32 + c) = double(q) * halfToDouble(scale);
        if (nibbles)
          block[32 + c / 8 * 64 + r % 16 * 4 + c % 4] |=
              uint8_t((q + 8) << (c % 8 < 4 ? 0 : 4));
        else
          block[32 + c / 4 * 64 + r % 16 * 4 + c % 4] = uint8_t(q);
      }
    }
}

void Maker::ropeTable(Datum &datum) {
  auto type = mlir::cast<RankedTensorType>(datum.type);
  Matrix &m = datum.matrix = Matrix(type.getDimSize(0), type.getDimSize(1));
  datum.memory = std::make_unique<Memory>(size_t(m.rows * m.columns * 4));
  for (int64_t p = 0; p < m.rows; ++p)
    for (int64_t i = 0; i < m.columns / 2; ++i) {
      double angle =
          double(p) * std::pow(10000.0, -2.0 * double(i) / double(m.columns));
      m.at(p, i) = float(std::cos(angle));
      m.at(p, i + m.columns / 2) = float(std::sin(angle));
    }
  for (size_t i = 0; i < m.values.size(); ++i)
    datum.memory->as<float>()[i] = float(m.values[i]);
}

/// [heads][positions], a slope for each head; not in panels.
void Maker::positionBiases(Datum &datum) {
  auto type = mlir::cast<RankedTensorType>(datum.type);
  Matrix &m = datum.matrix = Matrix(type.getDimSize(0), type.getDimSize(1));
  datum.memory = std::make_unique<Memory>(size_t(m.rows * m.columns * 4));
  for (int64_t h = 0; h < m.rows; ++h)
    for (int64_t p = 0; p < m.columns; ++p)
      m.at(h, p) = datum.memory->as<float>()[h * m.columns + p] =
          float(double(p) * std::pow(2.0, -double(h + 1)));
}

void Maker::vector(Datum &datum) {
  auto type = mlir::cast<RankedTensorType>(datum.type);
  Matrix &m = datum.matrix = Matrix(1, type.getDimSize(0));
  datum.memory = std::make_unique<Memory>(size_t(m.columns * 4));
  for (int64_t i = 0; i < m.columns; ++i)
    m.values[size_t(i)] = datum.memory->as<float>()[i] =
        float(1 + 0.3 * normal());
}

/// Where an element of a cache lies, in elements.
static size_t keyIndex(const Cache &cache, int64_t head, int64_t position,
                       int64_t d) {
  if (cache.grid)
    return cache.index(head, position, d);
  xf::KvCacheType type = cache.type;
  int64_t block = head * type.getCapacity() / 16 + position / 16;
  return size_t((block * type.getHeadDim() + d) * 16 + position % 16);
}

static size_t valueIndex(const Cache &cache, int64_t head, int64_t position,
                         int64_t d) {
  return cache.index(cache.type.getKvHeads() + head, position, d);
}

void Maker::cache(Datum &datum, int64_t position) {
  auto type = mlir::cast<xf::KvCacheType>(datum.type);
  int64_t elements = type.getKvHeads() * type.getCapacity() * type.getHeadDim();
  bool half = type.getElementType().isF16();
  datum.memory =
      std::make_unique<Memory>(size_t(2 * elements * (half ? 2 : 4)));
  datum.cache.type = type;
  datum.cache.keys.resize(size_t(elements));
  datum.cache.values.resize(size_t(elements));
  auto put = [&](double &meaning, size_t at, double x) {
    if (half) {
      datum.memory->as<uint16_t>()[at] = doubleToHalf(x);
      meaning = halfToDouble(doubleToHalf(x));
    } else {
      meaning = datum.memory->as<float>()[at] = float(x);
    }
  };
  for (int64_t h = 0; h < type.getKvHeads(); ++h)
    for (int64_t p = 0; p < type.getCapacity(); ++p)
      for (int64_t d = 0; d < type.getHeadDim(); ++d) {
        size_t index = datum.cache.index(h, p, d);
        put(datum.cache.keys[index], keyIndex(datum.cache, h, p, d),
            p < position ? normal() : kNaN);
        put(datum.cache.values[index], valueIndex(datum.cache, h, p, d),
            p < position ? normal() : kNaN);
      }
}

void Maker::activation(Datum &datum, const RunSize &size) {
  auto type = mlir::cast<RankedTensorType>(datum.type);
  Matrix &m = datum.matrix = Matrix(rowsIn(type, size), type.getDimSize(1));
  int64_t held = bufferRows(type, size) * m.columns;
  datum.memory = std::make_unique<Memory>(size_t(held * 4));
  for (int64_t i = 0; i < held; ++i) {
    bool exists = size_t(i) < m.values.size();
    datum.memory->as<float>()[i] =
        exists ? float(size.scale * normal()) : float(kNaN);
    if (exists)
      m.values[size_t(i)] = datum.memory->as<float>()[i];
  }
}

void Maker::quantizedActivation(Datum &datum, const RunSize &size) {
  auto type = mlir::cast<RankedTensorType>(datum.type);
  Matrix &m = datum.matrix = Matrix(rowsIn(type, size), type.getDimSize(1));
  int64_t rowBytes = quantizedRowBytes(m.columns);
  int64_t padded = roundUp(m.columns, 32);
  datum.memory =
      std::make_unique<Memory>(size_t(bufferRows(type, size) * rowBytes));
  for (int64_t r = 0; r < m.rows; ++r) {
    auto *numbers = datum.memory->as<int8_t>() + r * rowBytes;
    for (int64_t b = 0; b < padded / 32; ++b) {
      auto scale = float(0.01 * double(integer(1, 9)));
      int32_t sum = 0;
      for (int64_t c = b * 32; c < std::min(m.columns, b * 32 + 32); ++c) {
        numbers[c] = int8_t(integer(-127, 127));
        sum += numbers[c];
        m.at(r, c) = double(numbers[c]) * scale;
      }
      sum *= -8;
      std::memcpy(numbers + padded + 4 * b, &scale, 4);
      std::memcpy(numbers + padded + padded / 8 + 4 * b, &sum, 4);
    }
  }
}

void Maker::tokens(Datum &datum, const RunSize &size, int64_t vocabulary) {
  auto type = mlir::cast<RankedTensorType>(datum.type);
  Matrix &m = datum.matrix = Matrix(rowsIn(type, size), 1);
  datum.memory = std::make_unique<Memory>(size_t(bufferRows(type, size) * 4));
  for (int64_t t = 0; t < m.rows; ++t) {
    int64_t id = t == 0 ? vocabulary - 1 : integer(0, vocabulary - 1);
    datum.memory->as<int32_t>()[t] = int32_t(id);
    m.at(t, 0) = double(id);
  }
}

void sinter::test::fillCache(Datum &datum, int64_t position,
                             std::mt19937 &random) {
  Maker(random).cache(datum, position);
}

Datum sinter::test::makeArgument(xf::RegionOp region, unsigned index,
                                 const RunSize &size, std::mt19937 &random) {
  mlir::Value argument = region.getBody().getArgument(index);
  Datum datum;
  datum.type = argument.getType();
  Maker maker(random);
  if (datum.isCache()) {
    datum.cache.grid = region->hasAttr(kernels::kGridAttr);
    maker.cache(datum, size.position);
    return datum;
  }
  auto type = mlir::cast<RankedTensorType>(datum.type);
  for (mlir::OpOperand &use : argument.getUses()) {
    if (auto lookup = mlir::dyn_cast<xf::EmbeddingOp>(use.getOwner())) {
      if (use.get() == lookup.getTokens())
        maker.tokens(datum, size,
                     mlir::cast<RankedTensorType>(lookup.getTable().getType())
                         .getDimSize(0));
      else
        maker.weight(datum);
      return datum;
    }
    if (mlir::isa<xf::LinearOp>(use.getOwner()) &&
        use.getOperandNumber() == 1) {
      maker.weight(datum);
      return datum;
    }
    if (auto positions = mlir::dyn_cast<xf::AddPositionsOp>(use.getOwner()))
      if (use.get() == positions.getTable()) {
        maker.weight(datum);
        return datum;
      }
    if (auto attention = mlir::dyn_cast<xf::AttentionOp>(use.getOwner()))
      if (use.get() == attention.getBias()) {
        maker.positionBiases(datum);
        return datum;
      }
    if (mlir::isa<xf::RopeOp>(use.getOwner()) && use.getOperandNumber() == 1) {
      maker.ropeTable(datum);
      return datum;
    }
  }
  if (type.getRank() == 1)
    maker.vector(datum);
  else if (xf::getScheme(type) == Scheme::dyn_i8)
    maker.quantizedActivation(datum, size);
  else
    maker.activation(datum, size);
  return datum;
}

Datum sinter::test::makeResult(mlir::Type type, const RunSize &size) {
  Datum datum;
  datum.type = type;
  auto tensor = mlir::cast<RankedTensorType>(type);
  int64_t columns = tensor.getRank() == 1 ? 1 : tensor.getDimSize(1);
  datum.matrix = Matrix(rowsIn(tensor, size), columns);
  int64_t rowBytes = xf::getScheme(type) == Scheme::dyn_i8
                         ? quantizedRowBytes(columns)
                         : columns * 4;
  datum.memory =
      std::make_unique<Memory>(size_t(bufferRows(tensor, size) * rowBytes));
  std::memset(datum.memory->data(), 0xff, datum.memory->size());
  return datum;
}

static void readCache(Datum &datum) {
  xf::KvCacheType type = datum.cache.type;
  bool half = type.getElementType().isF16();
  auto get = [&](size_t at) {
    return half ? halfToDouble(datum.memory->as<uint16_t>()[at])
                : double(datum.memory->as<float>()[at]);
  };
  for (int64_t h = 0; h < type.getKvHeads(); ++h)
    for (int64_t p = 0; p < type.getCapacity(); ++p)
      for (int64_t d = 0; d < type.getHeadDim(); ++d) {
        size_t index = datum.cache.index(h, p, d);
        datum.cache.keys[index] = get(keyIndex(datum.cache, h, p, d));
        datum.cache.values[index] = get(valueIndex(datum.cache, h, p, d));
      }
}

/// Also checks that the corrections belong to the numbers.
static void readQuantized(Datum &datum) {
  Matrix &m = datum.matrix;
  int64_t rowBytes = quantizedRowBytes(m.columns);
  int64_t padded = roundUp(m.columns, 32);
  for (int64_t r = 0; r < m.rows; ++r) {
    auto *numbers = datum.memory->as<int8_t>() + r * rowBytes;
    for (int64_t b = 0; b < padded / 32; ++b) {
      float scale;
      int32_t correction, sum = 0;
      std::memcpy(&scale, numbers + padded + 4 * b, 4);
      std::memcpy(&correction, numbers + padded + padded / 8 + 4 * b, 4);
      for (int64_t c = b * 32; c < b * 32 + 32; ++c) {
        sum += numbers[c];
        if (c < m.columns)
          m.at(r, c) = double(numbers[c]) * scale;
        else
          EXPECT_EQ(numbers[c], 0) << "padding of row " << r;
      }
      EXPECT_EQ(correction, -8 * sum) << "row " << r << " block " << b;
    }
  }
}

void sinter::test::readBack(Datum &datum) {
  if (datum.isCache())
    return readCache(datum);
  if (xf::getScheme(datum.type) == Scheme::dyn_i8)
    return readQuantized(datum);
  auto type = mlir::cast<RankedTensorType>(datum.type);
  for (size_t i = 0; i < datum.matrix.values.size(); ++i)
    datum.matrix.values[i] = type.getElementType().isInteger(32)
                                 ? double(datum.memory->as<int32_t>()[i])
                                 : double(datum.memory->as<float>()[i]);
}
