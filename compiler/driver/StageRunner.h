// Runs the stages of one compile: snapshots before each, checks and dumps after
// each, and turns a failure or a crash into an error with a reproducer.
#pragma once

#include "compiler/driver/Compile.h"

#include "mlir/IR/Diagnostics.h"

namespace sinter {

class StageRunner {
public:
  StageRunner(mlir::MLIRContext *context, const CompileOptions &options,
              StageDumper &dumper, llvm::raw_ostream &talk);

  /// Runs the stages after `from` up to options.stopAfter (or the last). Before
  /// kernels are built, `planned` sees the module.
  llvm::Error run(mlir::ModuleOp module, const StageOptions &stages, Stage from,
                  llvm::function_ref<llvm::Error(mlir::ModuleOp)> planned);

  /// Runs `work` with MLIR errors turned into an llvm::Error; remarks and
  /// warnings go to the talk stream.
  llvm::Error guarded(llvm::function_ref<bool()> work, llvm::StringRef what);

private:
  llvm::Error runOne(mlir::ModuleOp module, const StageOptions &stages,
                     Stage stage);
  llvm::Error withReproducer(llvm::Error error, mlir::ModuleOp before,
                             Stage stage);

  mlir::MLIRContext *context;
  const CompileOptions &options;
  StageDumper &dumper;
  llvm::raw_ostream &talk;
};

} // namespace sinter
