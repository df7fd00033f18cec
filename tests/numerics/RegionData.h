// Inputs and results of a region: random numbers as mathematics sees them, and
// the same numbers in the bytes a kernel is given. The packing is written here
// from docs/formats/, not shared with the compiler.
#pragma once

#include "KernelTest.h"

#include <memory>
#include <random>

namespace sinter::test {

/// Rows of an activation, a weight, tokens (columns = 1).
struct Matrix {
  int64_t rows = 0, columns = 0;
  std::vector<double> values;
  double &at(int64_t row, int64_t column) {
    return values[size_t(row * columns + column)];
  }
  Matrix() = default;
  Matrix(int64_t rows, int64_t columns)
      : rows(rows), columns(columns), values(size_t(rows * columns)) {}
};

/// Keys and values as [kv heads][capacity][head dim].
struct Cache {
  xf::KvCacheType type;
  std::vector<double> keys, values;
  bool grid = false; ///< the layout in memory: of grids or of CPU workers
  size_t index(int64_t head, int64_t position, int64_t d) const {
    return size_t((head * type.getCapacity() + position) * type.getHeadDim() +
                  d);
  }
};

/// An argument or result: its meaning and its bytes.
struct Datum {
  mlir::Type type;
  Matrix matrix;
  Cache cache;
  std::unique_ptr<Memory> memory;

  bool isCache() const { return mlir::isa<xf::KvCacheType>(type); }
};

double halfToDouble(uint16_t bits);
uint16_t doubleToHalf(double value); ///< nearest, ties to even

struct RunSize {
  int64_t tokens = 1;
  int64_t position = 0;
  int64_t row = 0;
  double scale = 1; ///< of activations
};

/// Random contents for argument `index` of a region. Cache positions beyond
/// `position` and padding rows hold NaN.
Datum makeArgument(xf::RegionOp region, unsigned index, const RunSize &size,
                   std::mt19937 &random);

/// Fills a cache with random numbers below `position`, NaN beyond.
void fillCache(Datum &datum, int64_t position, std::mt19937 &random);

/// A result to be written: NaN everywhere.
Datum makeResult(mlir::Type type, const RunSize &size);

/// The numbers in a result's or cache's bytes.
void readBack(Datum &datum);

} // namespace sinter::test
