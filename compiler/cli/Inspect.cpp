// sinter inspect MODEL|BUNDLE [--kernels|--memory|--plan]
#include "compiler/cli/Command.h"
#include "compiler/cli/CustomReport.h"
#include "compiler/cli/PlanReport.h"
#include "compiler/driver/Compile.h"
#include "compiler/support/Error.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <memory>

using namespace sinter;
using namespace sinter::cli;

namespace {
struct Arguments {
  CompileOptions options; ///< for a model: how it would be compiled
  bool kernels = false, memory = false, program = false;
  std::string device;           ///< whose plan; empty: the CPU's
  std::string kernel, skeleton; ///< id; language
};
} // namespace

/// The plan of a bundle, or what compiling the model would give.
static llvm::Expected<std::string> planBytes(const Arguments &arguments) {
  llvm::SmallString<128> path(arguments.options.model);
  llvm::sys::path::append(path, "plan.fb");
  if (!llvm::sys::fs::exists(path)) {
    llvm::sys::path::remove_filename(path);
    llvm::sys::path::append(path, "plan.grid.fb");
  }
  CompileOptions options = arguments.options;
  if (!arguments.device.empty())
    options.targets = {arguments.device};
  if (!llvm::sys::fs::exists(path))
    return planOfModel(options, llvm::errs());
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return inputError("cannot read " + path + ": " +
                      buffer.getError().message());
  return (*buffer)->getBuffer().str();
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

static int run(const Arguments &arguments, const Globals &globals) {
  if (!arguments.kernel.empty() || !arguments.skeleton.empty())
    return printSkeleton(arguments);
  auto bytes = planBytes(arguments);
  if (!bytes)
    return reportError(bytes.takeError());
  auto report = PlanReport::create(std::move(*bytes));
  if (!report)
    return reportError(report.takeError());
  auto custom = readCustomKernels(arguments.options.model);
  if (!custom)
    return reportError(custom.takeError());
  if (globals.json) {
    llvm::json::Object json = report->json();
    json["custom_kernels"] = customJson(*custom);
    llvm::outs() << llvm::formatv("{0:2}\n",
                                  llvm::json::Value(std::move(json)));
    return kExitOk;
  }
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
  app.add_option("--device", arguments->device,
                 "For a model, whose plan: " + targetList());
  app.add_option("--kernel", arguments->kernel,
                 "For a model: the kernel that --skeleton is for");
  app.add_option("--skeleton", arguments->skeleton,
                 "A shader to begin a custom kernel with: glsl or wgsl")
      ->check(CLI::IsMember({"glsl", "wgsl"}));
  app.add_option("--quantization", arguments->options.quantization,
                 "For a model: f32, f16, q8, q4 or keep");
  app.add_option("--context", arguments->options.context,
                 "For a model: tokens a conversation can hold");
  return [arguments, &globals] { return run(*arguments, globals); };
}
