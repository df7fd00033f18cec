// A grid family for the regions that a CPU family takes, too: same regions,
// names and costs, other work items and kernels.
#pragma once

#include "compiler/kernels/KernelFamily.h"

namespace sinter::kernels {

#define KERNEL_FAMILY(Name) const KernelFamily &get##Name##Family();
#include "compiler/kernels/Kernels.def"

class GridTwin : public KernelFamily {
public:
  using Get = const KernelFamily &();
  explicit GridTwin(Get *twin) : twin(twin) {}

  bool accepts(xf::RegionOp region, std::string &reason) const override {
    return twin().accepts(region, reason);
  }
  std::string id(xf::RegionOp region) const override {
    return twin().id(region);
  }
  Cost cost(xf::RegionOp region) const override { return twin().cost(region); }

private:
  Get *twin;
};

} // namespace sinter::kernels
