// compile(): from a model on disk to a bundle on disk. The command line is a
// thin layer over it.
#pragma once

#include "compiler/pipeline/Stages.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sinter {

/// Everything a compile can be told. Parsed once, passed on as it is.
struct CompileOptions {
  std::string model;  ///< Hugging Face folder or GGUF file
  std::string output; ///< folder of the bundle; may be empty with stopAfter
  std::vector<std::string> targets = {"cpu"}; ///< "web" is webgpu and wasm
  std::vector<std::string> variants; ///< of a target; none: its default
  std::string
      quantization;    ///< f32, f16, q8, q4, keep; empty: q4, or keep for GGUF
  int64_t context = 0; ///< tokens; 0: what the model was made for, at most 4096
  std::string name;    ///< of the model in the bundle; empty: from the path
  std::vector<std::string> kernels; ///< ID[@VARIANTS]=FILE: custom kernels
  bool uncheckedKernels =
      false; ///< do not run them before the bundle is written
  std::vector<std::string> tunings; ///< files of schedules, one a variant
  std::string dumpIr;               ///< folder for stage dumps; empty: none
  std::optional<Stage> stopAfter,
      startAt; ///< startAt reads the dump of the stage before from dumpIr
  bool overwrite = false;
  bool remarks = false;
  bool strict = false; ///< NaN or infinite weights are errors
  bool quiet = false;
  unsigned threads = 0; ///< 0: one per processor
};

/// What a compile did, for people and programs.
struct CompileReport {
  std::string output;
  std::string architecture, quantization;
  int64_t parameters = 0, context = 0;
  double bitsPerWeight = 0, relativeError = 0;
  int64_t weightBytes = 0, arenaBytes = 0, stateBytes = 0, downloadBytes = 0;
  size_t kernels = 0;
  double seconds = 0;
};

/// Compiles. Diagnostics that are not errors (remarks, warnings) go to `talk`.
/// With stopAfter and no dump folder the module is printed to `data`. Errors:
/// see compiler/support/Error.h. After an internal error or a crash a
/// reproducer lies beside the output and the message says how to replay it.
/// Nothing half-written is left behind.
llvm::Expected<CompileReport> compile(const CompileOptions &options,
                                      llvm::raw_ostream &data,
                                      llvm::raw_ostream &talk);

/// The bytes of plan.fb that compiling the model up to stage Kernels gives; for
/// `inspect MODEL`. Nothing is written.
llvm::Expected<std::string> planOfModel(const CompileOptions &options,
                                        llvm::raw_ostream &talk);

/// A shader to begin a custom kernel of the model with: it compiles and
/// declares what the kernel's region binds. language: "glsl" or "wgsl".
llvm::Expected<std::string> kernelSkeleton(const CompileOptions &options,
                                           llvm::StringRef id,
                                           llvm::StringRef language,
                                           llvm::raw_ostream &talk);

/// A model after stage Plan, for its first target.
struct PlannedModel {
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  StageOptions stages;
};
llvm::Expected<PlannedModel> planModel(const CompileOptions &options,
                                       llvm::raw_ostream &talk);

/// Whether CompileOptions::quantization may be this word; what it may be.
bool isQuantization(llvm::StringRef word);
constexpr llvm::StringLiteral kQuantizations = "f32, f16, q8, q4 or keep";

/// The targets by name (Targets.def); null if there is none of that name.
const Target *findTarget(llvm::StringRef name);
std::string targetList();

} // namespace sinter
