// See StageRunner.h.
#include "compiler/driver/StageRunner.h"

#include "compiler/support/Error.h"
#include "compiler/support/Interrupt.h"

#include "llvm/Support/CrashRecoveryContext.h"

using namespace mlir;
using namespace sinter;

StageRunner::StageRunner(MLIRContext *context, const CompileOptions &options,
                         StageDumper &dumper, llvm::raw_ostream &talk)
    : context(context), options(options), dumper(dumper), talk(talk) {}

/// "layers.3.mlp: text" where the location knows a layer.
static std::string describe(Diagnostic &diagnostic) {
  std::string text;
  llvm::raw_string_ostream out(text);
  diagnostic.getLocation()->walk([&](Location part) {
    if (auto name = dyn_cast<NameLoc>(part)) {
      out << name.getName().getValue() << ": ";
      return WalkResult::interrupt();
    }
    if (auto file = dyn_cast<FileLineColLoc>(part)) {
      out << file.getFilename().getValue() << ":" << file.getLine() << ":"
          << file.getColumn() << ": ";
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  out << diagnostic.str();
  for (Diagnostic &note : diagnostic.getNotes())
    out << "; " << note.str();
  return text;
}

llvm::Error StageRunner::guarded(llvm::function_ref<bool()> work,
                                 StringRef what) {
  std::string errors;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      errors += (errors.empty() ? "" : "; ") + describe(diagnostic);
    else if (options.remarks ||
             diagnostic.getSeverity() == DiagnosticSeverity::Warning)
      talk << (diagnostic.getSeverity() == DiagnosticSeverity::Warning
                   ? "warning: "
                   : "remark: ")
           << describe(diagnostic) << "\n";
    return success();
  });
  llvm::CrashRecoveryContext::Enable();
  llvm::CrashRecoveryContext recovery;
  bool ok = false;
  if (!recovery.RunSafely([&] { ok = work(); }))
    return internalError(what + " crashed");
  if (!ok || !errors.empty())
    return internalError(
        what + " failed: " + (errors.empty() ? "no diagnostic" : errors));
  return llvm::Error::success();
}

llvm::Error StageRunner::withReproducer(llvm::Error error, ModuleOp before,
                                        Stage stage) {
  auto previous = static_cast<Stage>(static_cast<int>(stage) - 1);
  std::string folder =
      (options.output.empty() ? "sinter" : options.output) + ".reproducer";
  std::string text = toString(std::move(error));
  llvm::Expected<StageDumper> out = StageDumper::create(folder);
  llvm::Error written = out ? out->dump(previous, before) : out.takeError();
  if (written)
    return internalError(text +
                         "; no reproducer: " + toString(std::move(written)));
  return internalError(text + "; replay with: sinter compile " + options.model +
                       " --dump-ir " + folder + " --start-at " +
                       stageFlag(stage) + " --stop-after " + stageFlag(stage));
}

llvm::Error StageRunner::runOne(ModuleOp module, const StageOptions &stages,
                                Stage stage) {
  OwningOpRef<ModuleOp> before(module.clone());
  std::string what = "stage " + stageFlag(stage).str();
  if (llvm::Error error = guarded(
          [&] {
            return runStage(stage, module, stages) &&
                   succeeded(verifyStage(stage, module, stages.targets));
          },
          what))
    return withReproducer(std::move(error), *before, stage);
  return dumper.dump(stage, module);
}

llvm::Error
StageRunner::run(ModuleOp module, const StageOptions &stages, Stage from,
                 llvm::function_ref<llvm::Error(ModuleOp)> planned) {
  Stage last = options.stopAfter.value_or(Stage::Legalize);
  for (int next = static_cast<int>(from) + 1; next <= static_cast<int>(last);
       ++next) {
    if (llvm::Error error = checkInterrupt())
      return error;
    if (static_cast<Stage>(next) == Stage::Kernels)
      if (llvm::Error error = planned(module))
        return error;
    if (llvm::Error error = runOne(module, stages, static_cast<Stage>(next)))
      return error;
  }
  return llvm::Error::success();
}
