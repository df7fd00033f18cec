// The plan that all targets for grids share, so that one bundle holds one.
#pragma once

#include "targets/common/Target.h"

namespace sinter {

/// Ranges as the least WebGPU and Vulkan devices want them: offsets of storage
/// bindings in multiples of 256, bindings of at most 128 MiB.
inline PlanKind gridPlanKind() {
  PlanKind kind;
  kind.grid = true;
  kind.alignment = 256;
  kind.bindingLimit = int64_t(128) << 20;
  kind.file = "plan.grid.fb";
  return kind;
}

} // namespace sinter
