// Passes over kern IR for grids, shared by the shader targets; described in
// GridPasses.td.
#pragma once

#include "mlir/Pass/Pass.h"

namespace sinter::grid {

#define GEN_PASS_DECL
#include "targets/common/grid/GridPasses.h.inc"

} // namespace sinter::grid

namespace sinter {
void registerGridPasses();
} // namespace sinter
