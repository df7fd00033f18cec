// sinter tune MODEL|BUNDLE --device cpu|vulkan -o FILE
#include "compiler/driver/Tune.h"
#include "compiler/cli/BundlePlan.h"
#include "compiler/cli/Command.h"
#include "compiler/support/Interrupt.h"
#include "compiler/support/WriteFile.h"

#include <memory>

using namespace sinter;
using namespace sinter::cli;

namespace {
struct Arguments {
  TuneOptions options;
  std::string output;
};
} // namespace

static int run(const Arguments &arguments, const Globals &globals) {
  TuneOptions options = arguments.options;
  options.compile.threads = globals.threads;
  options.compile.quiet = globals.quiet;
  const std::string &quantization = options.compile.quantization;
  if (!quantization.empty() && !isQuantization(quantization))
    return reportUsage("quantization '" + quantization +
                       "' is not known; use " + kQuantizations.str());
  options.isBundle = isBundle(options.compile.model);
  if (options.isBundle && (!quantization.empty() || options.compile.context))
    return reportUsage("a bundle has its quantization and context; "
                       "--quantization and --context are for models");
  if (llvm::Error error = installInterruptHandlers())
    return reportError(std::move(error));
  auto tuning = tune(options, globals.quiet ? llvm::nulls() : llvm::errs());
  if (!tuning)
    return reportError(tuning.takeError());
  std::string text = tuningText(*tuning);
  if (arguments.output.empty()) {
    llvm::outs() << text;
    return kExitOk;
  }
  if (llvm::Error error = writeFile(arguments.output, text))
    return reportError(std::move(error));
  return kExitOk;
}

Runner cli::addTuneCommand(CLI::App &app, const Globals &globals) {
  app.description("Measure schedules of a model's kernels on this machine");
  auto arguments = std::make_shared<Arguments>();
  TuneOptions &options = arguments->options;
  app.add_option("SOURCE", options.compile.model,
                 "Hugging Face folder, GGUF file or bundle")
      ->required();
  app.add_option("-o,--output", arguments->output,
                 "File for compile --tuning (default: standard output)");
  app.add_option("--device", options.device, "cpu or vulkan")
      ->check(CLI::IsMember({"cpu", "vulkan"}))
      ->required();
  app.add_option("--gpu", options.gpu,
                 "With vulkan: the index of the GPU, or part of its name");
  app.add_option("--variant", options.variant,
                 "Kernels of this variant instead of the best");
  app.add_option("-q,--quantization", options.compile.quantization,
                 "For a model: f32, f16, q8, q4 or keep, as for compile");
  app.add_option("--context", options.compile.context,
                 "For a model: tokens a conversation can hold, as for "
                 "compile");
  app.add_option("--kernels", options.only, "Only ids that contain this text");
  app.add_option("--seconds", options.seconds, "Time of each measurement")
      ->check(CLI::Range(0.0, 60.0));
  return [arguments, &globals] { return run(*arguments, globals); };
}
