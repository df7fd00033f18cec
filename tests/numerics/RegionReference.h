// What a region means: every xf op in double precision, written from the ops'
// definitions (dialects/xf/*.td) and nothing else.
#pragma once

#include "RegionData.h"

namespace sinter::test {

/// Evaluates the region on the arguments' meanings. Caches are updated in
/// place; an f16 cache holds f16 numbers. Returns the results.
std::vector<Matrix> evaluateRegion(xf::RegionOp region,
                                   std::vector<Datum *> arguments,
                                   const RunSize &size);

} // namespace sinter::test
