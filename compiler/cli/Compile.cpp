// sinter compile MODEL -o DIR
#include "compiler/cli/Command.h"

#include "compiler/driver/Compile.h"
#include "compiler/support/Error.h"
#include "compiler/support/Interrupt.h"
#include "compiler/support/MemoryLimit.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>

using namespace sinter;

namespace {
struct Arguments {
  CompileOptions options;
  std::string stopAfter, startAt, memLimit;
};
} // namespace

static void printJson(const CompileReport &report) {
  llvm::outs() << llvm::formatv(
      "{0}\n", llvm::json::Value(llvm::json::Object{
                   {"output", report.output},
                   {"architecture", report.architecture},
                   {"quantization", report.quantization},
                   {"parameters", report.parameters},
                   {"context", report.context},
                   {"bits_per_weight", report.bitsPerWeight},
                   {"relative_error", report.relativeError},
                   {"weight_bytes", report.weightBytes},
                   {"arena_bytes", report.arenaBytes},
                   {"state_bytes", report.stateBytes},
                   {"download_bytes", report.downloadBytes},
                   {"kernels", static_cast<int64_t>(report.kernels)},
                   {"seconds", report.seconds}}));
}

static void printText(const CompileReport &report) {
  llvm::errs() << llvm::formatv(
      "{0}: {1}, {2:N} parameters, {3} at {4:F2} bits per weight (relative "
      "error {5:F4}), {6:N} bytes of weights, {7:N} + {8:N} bytes to run at "
      "context {9}, {10} kernels, {11:F1} s\n",
      report.output, report.architecture, report.parameters,
      report.quantization, report.bitsPerWeight, report.relativeError,
      report.weightBytes, report.arenaBytes, report.stateBytes, report.context,
      report.kernels, report.seconds);
}

static int run(const Arguments &arguments, const cli::Globals &globals) {
  CompileOptions options = arguments.options;
  options.quiet = globals.quiet;
  options.threads = globals.threads;
  for (auto [text, stage] :
       {std::pair(&arguments.stopAfter, &options.stopAfter),
        std::pair(&arguments.startAt, &options.startAt)}) {
    if (text->empty())
      continue;
    *stage = parseStage(*text);
    if (!*stage)
      return cli::reportUsage("stage '" + *text +
                              "' is not known; stages: " + stageList());
  }
  std::optional<uint64_t> memory = 0;
  if (!arguments.memLimit.empty() && !(memory = parseBytes(arguments.memLimit)))
    return cli::reportUsage("--mem-limit '" + arguments.memLimit +
                            "' is no size; write 800M or 4G");
  if (llvm::Error error = installInterruptHandlers())
    return cli::reportError(std::move(error));
  if (llvm::Error error = limitMemory(*memory))
    return cli::reportError(std::move(error));
  if (!options.quantization.empty() && !isQuantization(options.quantization))
    return cli::reportUsage("quantization '" + options.quantization +
                            "' is not known; use " + kQuantizations.str());
  auto report = compile(options, llvm::outs(), llvm::errs());
  if (!report)
    return cli::reportError(report.takeError());
  if (options.stopAfter)
    return kExitOk;
  if (globals.json)
    printJson(*report);
  else if (!globals.quiet)
    printText(*report);
  return kExitOk;
}

cli::Runner cli::addCompileCommand(CLI::App &app, const Globals &globals) {
  app.description("Compile a model to a bundle");
  auto arguments = std::make_shared<Arguments>();
  CompileOptions &options = arguments->options;
  app.add_option("MODEL", options.model, "Hugging Face folder or GGUF file")
      ->required();
  app.add_option("-o,--output", options.output, "Folder of the bundle");
  app.add_option("--target", options.targets,
                 "Targets: " + targetList() + ", or web (webgpu and wasm)")
      ->delimiter(',');
  app.add_option("--variants", options.variants,
                 "Instruction sets: names, or x86-64, arm64, native")
      ->delimiter(',');
  app.add_option("-q,--quantization", options.quantization,
                 "f32, f16, q8, q4 or keep (default: q4; keep for GGUF)");
  app.add_option("--context", options.context,
                 "Tokens a conversation can hold (default: the model's, at "
                 "most 4096)");
  app.add_option("--kernel", options.kernels,
                 "A shader of your own for a kernel: ID=FILE, or "
                 "ID@VARIANT+VARIANT=FILE; may be repeated")
      ->allow_extra_args(false);
  app.add_flag("--unchecked-kernels", options.uncheckedKernels,
               "Do not compare custom kernels with the reference");
  app.add_option("--tuning", options.tunings,
                 "Files of sinter tune with schedules for kernels")
      ->delimiter(',');
  app.add_option("--name", options.name, "Name of the model in the bundle");
  app.add_option("--mem-limit", arguments->memLimit,
                 "Memory to take at most (800M, 4G); exit code 4 beyond it");
  app.add_flag("--overwrite", options.overwrite, "Replace an existing bundle");
  app.add_option("--dump-ir", options.dumpIr,
                 "Folder for the IR after every stage, and an index page");
  app.add_option("--stop-after", arguments->stopAfter,
                 "Stop after this stage: " + stageList());
  app.add_option("--start-at", arguments->startAt,
                 "Begin at this stage, with the dump of the one before it");
  app.add_flag("--remarks", options.remarks,
               "Say which kernel family was chosen and why");
  app.add_option("--check", "strict: NaN or infinite weights are an error")
      ->check(CLI::IsMember({"strict"}))
      ->each([&options](const std::string &) { options.strict = true; });
  return [arguments, &globals] { return run(*arguments, globals); };
}
