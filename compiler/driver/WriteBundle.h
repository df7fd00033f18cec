// The last part of a compile: code, packed weights, tokenizer, manifest.
#pragma once

#include "compiler/bundle/BundleWriter.h"
#include "compiler/bundle/PlanWriter.h"
#include "compiler/driver/Compile.h"
#include "compiler/driver/StageRunner.h"
#include "compiler/driver/TextParts.h"
#include "compiler/driver/custom/CustomKernels.h"
#include "compiler/import/Config.h"
#include "compiler/import/ModelSource.h"

namespace sinter {

/// One plan of the bundle and its kernels.
struct BundleProgram {
  const StageOptions &stages;
  mlir::ModuleOp module; ///< after stage Legalize
  std::string dumpIr;    ///< folder for what emission dumps; empty: none
};

struct BundleInput {
  const CompileOptions &options;
  llvm::ArrayRef<BundleProgram> programs; ///< at least one
  const ModelSource &source;
  const DecoderConfig &config;
  const TextParts &text;
  const CustomKernels &custom;
  BundleWriter &bundle;
  std::string name;
  llvm::raw_ostream &talk;
};

/// What plan.fb says beyond the program: the model's ids, and the kernel table
/// of the module's regions.
PlanInfo planInfo(mlir::ModuleOp module, const DecoderConfig &config);

/// Writes the bundle and fills in the report's figures.
llvm::Error writeBundle(const BundleInput &input, CompileReport &report);

} // namespace sinter
