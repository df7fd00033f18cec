// What every harness does after a run: evaluate the region, compare.
#pragma once

#include "RegionReference.h"

namespace sinter::test {

/// Evaluates the region on the meaning of the arguments and compares the bytes
/// of results and caches with it: |got - wanted| <= tolerance * (largest
/// magnitude of the row, at least 1e-3), NaN equals NaN. Guards must be intact.
void checkRegion(xf::RegionOp region, std::vector<Datum> &arguments,
                 std::vector<Datum> &results, const RunSize &size,
                 double tolerance, const std::string &where);

} // namespace sinter::test
