// Finding schedules for the kernels of a model on a device that is present
// (docs/tuning.md).
#pragma once

#include "compiler/driver/CandidateBundle.h"
#include "compiler/driver/Compile.h"
#include "compiler/driver/TuningFile.h"

namespace sinter {

struct TuneOptions {
  /// Model, quantization, context, threads. `model` may be a bundle, which has
  /// its quantization and context.
  CompileOptions compile;
  bool isBundle = false;
  std::string device;   ///< "cpu" or "vulkan"
  std::string gpu;      ///< empty: the best
  std::string variant;  ///< empty: what the device chooses
  std::string only;     ///< kernels whose id contains it
  double seconds = 0.3; ///< of every measurement
};

/// Measures and returns what was found. A line per kernel goes to `talk`.
llvm::Expected<Tuning> tune(const TuneOptions &options,
                            llvm::raw_ostream &talk);

} // namespace sinter
