// Comparing what a kernel left with what its region means (RegionCheck.h).
#include "RegionCheck.h"

#include <cmath>

using namespace sinter;
using namespace sinter::test;

/// Compares row by row; NaN equals NaN.
static void compareRows(const double *got, const double *wanted, int64_t count,
                        double tolerance, const std::string &what) {
  double largest = 1e-3;
  for (int64_t i = 0; i < count; ++i)
    if (std::isfinite(wanted[i]))
      largest = std::max(largest, std::fabs(wanted[i]));
  for (int64_t i = 0; i < count; ++i) {
    bool same = std::isnan(wanted[i])
                    ? std::isnan(got[i])
                    : std::fabs(got[i] - wanted[i]) <= tolerance * largest;
    if (!same) {
      ADD_FAILURE() << what << ", column " << i << ": got " << got[i]
                    << ", wanted " << wanted[i];
      return;
    }
  }
}

void sinter::test::checkRegion(xf::RegionOp region,
                               std::vector<Datum> &arguments,
                               std::vector<Datum> &results, const RunSize &size,
                               double tolerance, const std::string &where) {
  std::vector<Datum *> pointers;
  for (Datum &datum : arguments)
    pointers.push_back(&datum);
  std::vector<Matrix> wanted = evaluateRegion(region, pointers, size);
  for (auto [datum, matrix] : llvm::zip(results, wanted)) {
    readBack(datum);
    for (int64_t r = 0; r < matrix.rows; ++r)
      compareRows(&datum.matrix.at(r, 0), &matrix.at(r, 0), matrix.columns,
                  tolerance, where + " row " + std::to_string(r));
    EXPECT_TRUE(datum.memory->intact()) << where;
  }
  for (Datum &datum : arguments) {
    EXPECT_TRUE(datum.memory->intact()) << where;
    if (!datum.isCache())
      continue;
    Cache expected = datum.cache;
    readBack(datum);
    int64_t width = expected.type.getHeadDim();
    for (size_t at = 0; at < expected.keys.size(); at += size_t(width)) {
      std::string row = where + " cache row " + std::to_string(at / width);
      compareRows(&datum.cache.keys[at], &expected.keys[at], width, tolerance,
                  row + " keys");
      compareRows(&datum.cache.values[at], &expected.values[at], width,
                  tolerance, row + " values");
    }
  }
}
