// A small bundle that runs kernels alone: candidates for one region, over
// memory of the shapes that the region's dispatch has in the model's plan. The
// runtime opens it as any other, and a profiled session says how long each
// candidate takes.
#pragma once

#include "compiler/driver/RegionsFile.h"
#include "compiler/kernels/KernelFamily.h"
#include "compiler/pipeline/Stages.h"
#include "runtime/include/sinter.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace sinter {

/// A region of a plan, with what its dispatches bind.
struct KernelUse {
  enum class Space { Weights, Arena, State };
  struct Binding {
    Space space;
    int64_t bytes;
  };
  xf::RegionOp region;
  const kernels::KernelFamily *family = nullptr;
  bool prefill = false; ///< a chunk of tokens a run, else one
  std::vector<Binding> bindings;

  int64_t bytes(Space space) const; ///< each range from a multiple of 256
};

/// All of a plan's kernels, in the order of its regions.
std::vector<KernelUse> kernelUses(const PlanRegions &regions);

/// Where candidates run.
struct CandidateDevice {
  sinter_device_kind kind = SINTER_DEVICE_CPU;
  std::string gpu; ///< empty: the best
  unsigned threads = 0;
};

/// What opening a bundle said.
struct DeviceFacts {
  std::string variant, reason;
};

class CandidateBundle {
public:
  /// Makes a temporary folder with room for the largest of the uses. kind: of
  /// the plan that the regions are from.
  static llvm::Expected<std::unique_ptr<CandidateBundle>>
  create(const PlanRegions &regions, const PlanKind &kind,
         llvm::ArrayRef<KernelUse> uses, CandidateDevice device);
  ~CandidateBundle();

  /// The variant that the device takes of those given: built with one kernel.
  llvm::Expected<DeviceFacts> choose(const KernelUse &use,
                                     const TargetChoice &choice);

  /// The least seconds of a run of each candidate, in turn on one device:
  /// several rounds at least, and as many as fit in `seconds`.
  llvm::Expected<std::vector<double>>
  measure(const KernelUse &use, const Target &target,
          const TargetVariant &variant,
          llvm::ArrayRef<kernels::Schedule> candidates, double seconds);

private:
  struct Opened;
  CandidateBundle() = default;
  llvm::Error writeWeights();
  llvm::Error write(const KernelUse &use, const TargetChoice &choice,
                    llvm::ArrayRef<kernels::Schedule> candidates);
  llvm::Error open(const char *variant, Opened &opened) const;

  std::string folder; ///< the bundle is `folder`/bundle
  PlanKind kind;
  CandidateDevice device;
  int64_t contextTokens = 0, chunk = 0, poolBytes = 0;
};

} // namespace sinter
