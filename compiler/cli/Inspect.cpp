// sinter inspect MODEL|BUNDLE [--kernels|--memory|--plan|--regions]
// [--device TARGET]
#include "compiler/cli/BundlePlan.h"
#include "compiler/cli/Command.h"
#include "compiler/cli/CustomReport.h"
#include "compiler/cli/PlanReport.h"
#include "compiler/driver/Compile.h"
#include "compiler/driver/RegionsFile.h"
#include "compiler/support/Error.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <memory>

using namespace sinter;
using namespace sinter::cli;

namespace {
struct Arguments {
  CompileOptions options; ///< for a model: how it would be compiled
  std::string device;     ///< whose plan; empty: the first
  bool kernels = false, memory = false, program = false, regions = false;
  std::string kernel, skeleton; ///< id; language
};
} // namespace

/// A plan of a bundle, or what compiling the model would give.
static llvm::Expected<ChosenPlan> choosePlan(const Arguments &arguments) {
  const std::string &source = arguments.options.model;
  if (isBundle(source))
    return planForDevice(source, arguments.device);
  CompileOptions options = arguments.options;
  if (!arguments.device.empty())
    options.targets = {arguments.device};
  auto bytes = planOfModel(options, llvm::errs());
  if (!bytes)
    return bytes.takeError();
  return ChosenPlan{{"", options.targets}, std::move(*bytes)};
}

/// Which plan is shown, and the flag that shows each of the others.
static void noteOthers(const Arguments &arguments, const ChosenPlan &chosen) {
  if (!arguments.device.empty() || chosen.program.plan.empty())
    return;
  auto programs = plansOfBundle(arguments.options.model);
  if (!programs)
    return llvm::consumeError(programs.takeError());
  for (const BundleProgramFile &other : *programs)
    if (other.plan != chosen.program.plan)
      llvm::errs() << llvm::formatv(
          "note: this is {0}, for {1}; {2} is for {3}: --device {4}\n",
          chosen.program.plan, llvm::join(chosen.program.targets, ", "),
          other.plan, llvm::join(other.targets, ", "), other.targets.front());
}

/// A shader to begin with, on stdout.
static int printSkeleton(const Arguments &arguments) {
  if (arguments.kernel.empty() || arguments.skeleton.empty())
    return reportUsage("--kernel ID and --skeleton glsl|wgsl belong together");
  auto text = kernelSkeleton(arguments.options, arguments.kernel,
                             arguments.skeleton, llvm::errs());
  if (!text)
    return reportError(text.takeError());
  llvm::outs() << *text;
  return kExitOk;
}

/// What every kernel computes, as xf ops: the file of the bundle, or what it
/// would be.
static llvm::Expected<std::string> regionsOf(const Arguments &arguments) {
  const std::string &source = arguments.options.model;
  if (!isBundle(source)) {
    CompileOptions options = arguments.options;
    if (!arguments.device.empty())
      options.targets = {arguments.device};
    auto planned = planModel(options, llvm::errs());
    if (!planned)
      return planned.takeError();
    return regionsText(*planned->module);
  }
  auto chosen = planForDevice(source, arguments.device);
  if (!chosen)
    return chosen.takeError();
  return regionsInBundle(source, chosen->program.targets.front());
}

static int printRegions(const Arguments &arguments) {
  auto text = regionsOf(arguments);
  if (!text)
    return reportError(text.takeError());
  llvm::outs() << *text;
  return kExitOk;
}

static int run(const Arguments &arguments, const Globals &globals) {
  if (arguments.regions)
    return printRegions(arguments);
  if (!arguments.kernel.empty() || !arguments.skeleton.empty())
    return printSkeleton(arguments);
  auto chosen = choosePlan(arguments);
  if (!chosen)
    return reportError(chosen.takeError());
  auto report = PlanReport::create(std::move(chosen->bytes));
  if (!report)
    return reportError(report.takeError());
  auto custom = readCustomKernels(arguments.options.model);
  if (!custom)
    return reportError(custom.takeError());
  if (globals.json) {
    llvm::json::Object json = report->json();
    json["custom_kernels"] = customJson(*custom);
    json["plan"] = chosen->program.plan;
    json["targets"] = llvm::json::Array(chosen->program.targets);
    llvm::outs() << llvm::formatv("{0:2}\n",
                                  llvm::json::Value(std::move(json)));
    return kExitOk;
  }
  if (!globals.quiet)
    noteOthers(arguments, *chosen);
  if (arguments.kernels) {
    report->printKernels(llvm::outs());
    printCustom(*custom, llvm::outs());
  }
  if (arguments.memory)
    report->printMemory(llvm::outs());
  if (arguments.program)
    report->printProgram(llvm::outs());
  if (!arguments.kernels && !arguments.memory && !arguments.program)
    report->printModel(llvm::outs());
  return kExitOk;
}

Runner cli::addInspectCommand(CLI::App &app, const Globals &globals) {
  app.description("Show what a bundle holds, or what a model would become");
  auto arguments = std::make_shared<Arguments>();
  app.add_option("SOURCE", arguments->options.model, "Model or bundle")
      ->required();
  app.add_flag("--kernels", arguments->kernels,
               "Kernels: family and why, bytes, FLOPs, share of a token");
  app.add_flag("--memory", arguments->memory,
               "Memory plan: caches and buffers with their lives");
  app.add_flag("--plan", arguments->program,
               "Host program: dispatches in order");
  app.add_flag("--regions", arguments->regions,
               "What each kernel computes, as MLIR text");
  app.add_option("--kernel", arguments->kernel,
                 "For a model: the kernel that --skeleton is for");
  app.add_option("--skeleton", arguments->skeleton,
                 "A shader to begin a custom kernel with: glsl or wgsl")
      ->check(CLI::IsMember({"glsl", "wgsl"}));
  app.add_option("--device", arguments->device,
                 "Whose plan, where there are several: " + targetList());
  app.add_option("--quantization", arguments->options.quantization,
                 "For a model: f32, f16, q8, q4 or keep");
  app.add_option("--context", arguments->options.context,
                 "For a model: tokens a conversation can hold");
  return [arguments, &globals] { return run(*arguments, globals); };
}
