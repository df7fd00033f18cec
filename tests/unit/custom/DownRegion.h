// The region that examples/custom_kernel replaces the kernel of.
#pragma once

#include "targets/common/Target.h"

namespace sinter::test {

inline KernelInterface downRegion() {
  KernelInterface region;
  region.id = "linear_test";
  region.items = 12;
  region.bindings = {
      {"x0", BindingElement::f32, 2048, false, false, "f32 [1][512]"},
      {"w1", BindingElement::packed, 55296, true, false, "weight, q4_0"},
      {"x2", BindingElement::f32, 768, false, false, "f32 [1][192]"},
      {"y3", BindingElement::f32, 768, false, true, "result, f32 [1][192]"}};
  return region;
}

} // namespace sinter::test
