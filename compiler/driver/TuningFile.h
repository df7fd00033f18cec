// The file that `sinter tune` writes and `compile --tuning` reads
// (docs/tuning.md).
#pragma once

#include "compiler/pipeline/Stages.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace sinter {

/// What was found for one kernel.
struct TunedKernel {
  std::string id, family;
  kernels::Schedule schedule; ///< what differs from the defaults
  kernels::Schedule defaults;
  double seconds = 0, defaultSeconds = 0; ///< of one run
  int64_t candidates = 0;                 ///< how many schedules were measured
};

/// Schedules for one variant, found on one device.
struct Tuning {
  std::string file;   ///< where it was read, for messages
  std::string device; ///< for people
  std::string target, variant;
  std::vector<TunedKernel> kernels;

  kernels::ScheduleTable table() const;
};

std::string tuningText(const Tuning &tuning);

/// Reads a file; an input error names the place, a newer version is
/// unsupported.
llvm::Expected<Tuning> readTuning(const std::string &path);

/// Whether the schedules fit the regions of a module after stage Plan, whose
/// kernels are built for `caps`. Kernels that are on one side only are counted
/// on `talk`; it is an error if all are.
llvm::Error checkTuning(const Tuning &tuning, mlir::ModuleOp module,
                        kern::CapsAttr caps, llvm::raw_ostream &talk);

} // namespace sinter
