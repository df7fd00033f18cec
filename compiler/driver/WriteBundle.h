// The last part of a compile: code, packed weights, tokenizer, manifest.
#pragma once

#include "compiler/bundle/BundleWriter.h"
#include "compiler/bundle/PlanWriter.h"
#include "compiler/driver/Compile.h"
#include "compiler/driver/StageRunner.h"
#include "compiler/driver/TextParts.h"
#include "compiler/import/Config.h"
#include "compiler/import/ModelSource.h"

namespace sinter {

struct BundleInput {
  const CompileOptions &options;
  const StageOptions &stages;
  const ModelSource &source;
  const DecoderConfig &config;
  const TextParts &text;
  BundleWriter &bundle;
  mlir::ModuleOp module; ///< after stage Legalize
  std::string name;
  StageRunner &runner;
  llvm::raw_ostream &talk;
};

/// What plan.fb says beyond the program: the model's ids, and the kernel table
/// of the module's regions.
PlanInfo planInfo(mlir::ModuleOp module, const DecoderConfig &config);

/// Writes the bundle and fills in the report's figures.
llvm::Error writeBundle(const BundleInput &input, CompileReport &report);

} // namespace sinter
