// The last part of a compile: code, packed weights, tokenizer, manifest.
#pragma once

#include "compiler/driver/Compile.h"
#include "compiler/driver/StageRunner.h"
#include "compiler/import/Config.h"
#include "compiler/import/ModelSource.h"

namespace sinter {

struct BundleInput {
  const CompileOptions &options;
  const StageOptions &stages;
  const ModelSource &source;
  const DecoderConfig &config;
  mlir::ModuleOp module; ///< after stage Legalize
  std::string name;
  StageRunner &runner;
  llvm::raw_ostream &talk;
};

/// Writes the bundle and fills in the report's figures.
llvm::Error writeBundle(const BundleInput &input, CompileReport &report);

} // namespace sinter
