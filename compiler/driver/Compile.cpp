// See Compile.h. The order of things is here; what each step does is elsewhere.
#include "compiler/driver/Compile.h"

#include "compiler/driver/Registration.h"
#include "compiler/driver/StageRunner.h"
#include "compiler/driver/Targets.h"
#include "compiler/driver/TuningFile.h"
#include "compiler/driver/WriteBundle.h"
#include "compiler/driver/custom/CustomKernels.h"
#include "compiler/driver/custom/KernelInterfaces.h"
#include "compiler/import/Config.h"
#include "compiler/import/ModelSource.h"
#include "compiler/models/ModelBuilder.h"
#include "compiler/support/Error.h"
#include "dialects/plan/Plan.h"

#include "llvm/Support/Path.h"

#include <chrono>
#include <thread>

using namespace mlir;
using namespace sinter;

/// Longest context a bundle gets without being asked.
static constexpr int64_t kDefaultContext = 4096;
/// Longest context that can be asked for; keeps cache sizes within 64 bits.
static constexpr int64_t kLargestContext = 1 << 20;

bool sinter::isQuantization(llvm::StringRef word) {
  return llvm::is_contained({"f32", "f16", "q8", "q4", "keep"}, word);
}

static llvm::Expected<int64_t> chooseContext(const CompileOptions &options,
                                             const DecoderConfig &config) {
  if (options.context < 0 || options.context > kLargestContext)
    return inputError("context " + Twine(options.context) +
                      " is out of range; use 16 to " + Twine(kLargestContext));
  int64_t longest = std::min(config.maxPositions, kDefaultContext);
  // Beyond it other factors apply to the whole bundle: only when asked for.
  if (config.rope.scaling == RopeScaling::LongRope)
    longest = std::min(longest, config.rope.originalContext);
  int64_t context = options.context ? options.context : longest;
  return std::max<int64_t>(16, (context + 15) / 16 * 16);
}

/// The last component of the path without an extension, as people call the
/// model.
static std::string modelName(const CompileOptions &options) {
  if (!options.name.empty())
    return options.name;
  llvm::SmallString<128> path(options.model);
  llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/false);
  llvm::StringRef last = llvm::sys::path::filename(path);
  last.consume_back(".gguf");
  // examples/tales/model is better called tales.
  if (last == "model" || last == "." || last.empty())
    last = llvm::sys::path::filename(llvm::sys::path::parent_path(path));
  return last.empty() ? "model" : last.str();
}

/// IR at the stage before the first that runs: imported, or read from a dump.
static llvm::Expected<OwningOpRef<ModuleOp>>
firstModule(MLIRContext *context, const CompileOptions &options,
            const ModelSource &source, const DecoderConfig &config,
            const StageOptions &stages, Stage from) {
  if (from != Stage::Import || options.startAt)
    return readDump(context, options.dumpIr, from);
  BuildOptions build;
  build.context = stages.context;
  build.halfPrecisionCache = stages.quantization != "f32";
  return buildModel(context, source, config, build);
}

static llvm::Error checkOptions(const CompileOptions &options) {
  if (options.output.empty() && !options.stopAfter)
    return inputError("an output folder is needed (-o DIR)");
  if (options.startAt && options.dumpIr.empty())
    return inputError("--start-at reads the stage before from --dump-ir DIR");
  if (options.stopAfter && !options.kernels.empty())
    return inputError("--kernel is for a whole compile, without --stop-after");
  if (options.startAt == Stage::Import)
    return inputError("--start-at import is a compile from the beginning; "
                      "leave it out");
  return llvm::Error::success();
}

/// What is equal for all targets.
static llvm::Expected<StageOptions> commonOptions(const CompileOptions &options,
                                                  const ModelSource &source,
                                                  const DecoderConfig &config) {
  StageOptions stages;
  stages.quantization = options.quantization;
  if (stages.quantization.empty())
    stages.quantization =
        source.format() == ModelSource::Format::Gguf ? "keep" : "q4";
  if (!isQuantization(stages.quantization))
    return inputError("quantization '" + stages.quantization +
                      "' is not known; use " + kQuantizations);
  llvm::Expected<int64_t> length = chooseContext(options, config);
  if (!length)
    return length.takeError();
  stages.context = *length;
  stages.chunk = std::min(stages.chunk, stages.context);
  return stages;
}

namespace {
/// An opened model with everything the stages need; the context outlives the
/// module.
struct Session {
  std::unique_ptr<ModelSource> source;
  DecoderConfig config;
  std::unique_ptr<MLIRContext> context;
  std::vector<StageOptions> programs; ///< one per kind of plan
  std::vector<Tuning> tunings;
};
} // namespace

/// The caps of a variant of a program, null if it is not among its variants.
static kern::CapsAttr capsOf(const StageOptions &stages, const Tuning &tuning) {
  for (const TargetChoice &choice : stages.targets)
    for (const TargetVariant &variant : choice.variants)
      if (choice.shipped && choice.target->name() == tuning.target &&
          variant.name == tuning.variant)
        return variant.caps;
  return {};
}

/// Reads the files of schedules and gives each to the program of its variant.
static llvm::Error readTunings(const CompileOptions &options,
                               Session &session) {
  for (const std::string &path : options.tunings) {
    auto tuning = readTuning(path);
    if (!tuning)
      return tuning.takeError();
    auto program = llvm::find_if(session.programs, [&](StageOptions &stages) {
      return capsOf(stages, *tuning) != nullptr;
    });
    if (program == session.programs.end())
      return inputError(path + ": it is for variant '" + tuning->variant +
                        "' of target '" + tuning->target +
                        "', which this compile does not make");
    if (!program->schedules.try_emplace(tuning->variant, tuning->table())
             .second)
      return inputError(path + ": variant '" + tuning->variant +
                        "' has a tuning file already");
    session.tunings.push_back(std::move(*tuning));
  }
  return llvm::Error::success();
}

static llvm::Expected<Session> openSession(const CompileOptions &options) {
  Session session;
  auto source = openModel(options.model);
  if (!source)
    return source.takeError();
  session.source = std::move(*source);
  auto config = readConfig(*session.source);
  if (!config)
    return config.takeError();
  session.config = std::move(*config);
  DialectRegistry registry;
  registerAllSinterDialects(registry);
  session.context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  // Messages name the layer; the operation itself is in the dumps.
  session.context->printOpOnDiagnostic(false);
  session.context->loadAllAvailableDialects();
  auto stages = commonOptions(options, *session.source, session.config);
  if (!stages)
    return stages.takeError();
  auto groups =
      chooseTargets(session.context.get(), options.targets, options.variants);
  if (!groups)
    return groups.takeError();
  if (!options.stopAfter && !options.startAt)
    if (llvm::Error error = addGolden(session.context.get(), *groups))
      return std::move(error);
  for (TargetGroup &group : *groups) {
    stages->kind = group.kind;
    stages->targets = std::move(group.choices);
    session.programs.push_back(*stages);
  }
  if (llvm::Error error = readTunings(options, session))
    return std::move(error);
  if (session.programs.size() > 1 && (options.stopAfter || options.startAt))
    return inputError("these targets have different plans; --stop-after and "
                      "--start-at need targets that share one");
  return session;
}

/// Where the dumps of a program go: the first one's into the folder that was
/// asked for, those of further plans below it.
static std::string dumpFolder(const Session &session,
                              const CompileOptions &options, size_t program) {
  if (options.dumpIr.empty() || program == 0)
    return options.dumpIr;
  llvm::SmallString<128> folder(options.dumpIr);
  llvm::StringRef file = session.programs[program].kind.file;
  llvm::sys::path::append(folder, file.drop_back(strlen(".fb")));
  return folder.str().str();
}

/// The module after the last stage asked for, dumped on the way.
static llvm::Expected<OwningOpRef<ModuleOp>>
runStages(Session &session, const StageOptions &stages,
          const CompileOptions &options, llvm::raw_ostream &talk) {
  auto dumper = StageDumper::create(options.dumpIr);
  if (!dumper)
    return dumper.takeError();
  StageRunner runner(session.context.get(), options, *dumper, talk);
  Stage from = options.startAt
                   ? static_cast<Stage>(static_cast<int>(*options.startAt) - 1)
                   : Stage::Import;
  auto module = firstModule(session.context.get(), options, *session.source,
                            session.config, stages, from);
  if (!module)
    return module.takeError();
  if (!options.startAt)
    if (llvm::Error error = dumper->dump(Stage::Import, **module))
      return std::move(error);
  auto checkTunings = [&](ModuleOp planned) -> llvm::Error {
    for (const Tuning &tuning : session.tunings)
      if (kern::CapsAttr caps = capsOf(stages, tuning))
        if (llvm::Error error = checkTuning(tuning, planned, caps, talk))
          return error;
    return llvm::Error::success();
  };
  if (llvm::Error error = runner.run(**module, stages, from, checkTunings))
    return std::move(error);
  if (llvm::Error error = dumper->writeIndex())
    return std::move(error);
  return module;
}

/// Reads the tokenizer and begins the bundle: takes its lock, looks at what is
/// there.
static llvm::Error openOutput(const CompileOptions &options,
                              const Session &session, TextParts &text,
                              std::unique_ptr<BundleWriter> &bundle,
                              llvm::raw_ostream &talk) {
  auto parts = readTextParts(*session.source, session.config);
  if (!parts)
    return parts.takeError();
  text = std::move(*parts);
  if (!text.remark.empty())
    talk << "warning: " << text.remark << "\n";
  BundleOptions bundleOptions;
  bundleOptions.overwrite = options.overwrite;
  auto writer = BundleWriter::create(options.output, bundleOptions);
  if (!writer)
    return writer.takeError();
  bundle = std::move(*writer);
  return llvm::Error::success();
}

/// The custom kernels that were asked for; their features are added to the
/// variants of the session.
static llvm::Expected<CustomKernels>
customKernels(Session &session, llvm::ArrayRef<KernelRequest> requests,
              llvm::ArrayRef<OwningOpRef<ModuleOp>> modules,
              const CompileOptions &options, llvm::raw_ostream &talk) {
  std::vector<KernelProgram> programs;
  for (size_t i = 0; i < session.programs.size(); ++i)
    programs.push_back({session.programs[i], modules[i].get()});
  return makeCustomKernels(requests, programs, options.uncheckedKernels,
                           options.quiet ? llvm::nulls() : talk);
}

llvm::Expected<CompileReport> sinter::compile(const CompileOptions &options,
                                              llvm::raw_ostream &data,
                                              llvm::raw_ostream &talk) {
  auto begun = std::chrono::steady_clock::now();
  if (llvm::Error error = checkOptions(options))
    return std::move(error);
  auto requests = readKernelRequests(options.kernels);
  if (!requests)
    return requests.takeError();
  auto session = openSession(options);
  if (!session)
    return session.takeError();
  // Whatever can refuse the model or the output comes before the long work.
  TextParts text;
  std::unique_ptr<BundleWriter> bundle;
  if (!options.stopAfter)
    if (llvm::Error error = openOutput(options, *session, text, bundle, talk))
      return std::move(error);
  std::vector<OwningOpRef<ModuleOp>> modules;
  std::vector<BundleProgram> programs;
  for (size_t i = 0; i < session->programs.size(); ++i) {
    CompileOptions own = options;
    own.dumpIr = isShipped(session->programs[i])
                     ? dumpFolder(*session, options, i)
                     : std::string();
    auto module = runStages(*session, session->programs[i], own, talk);
    if (!module)
      return module.takeError();
    programs.push_back({session->programs[i], **module, own.dumpIr});
    modules.push_back(std::move(*module));
  }

  CompileReport report;
  report.architecture = session->config.architecture;
  report.quantization = session->programs[0].quantization;
  report.context = session->programs[0].context;
  if (options.stopAfter) {
    if (options.dumpIr.empty())
      modules[0]->print(data);
  } else {
    auto custom = customKernels(*session, *requests, modules, options, talk);
    if (!custom)
      return custom.takeError();
    BundleInput input{options, programs, *session->source, session->config,
                      text,    *custom,  *bundle,          modelName(options),
                      talk};
    if (llvm::Error error = writeBundle(input, report))
      return std::move(error);
  }
  report.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun)
          .count();
  return report;
}

namespace {
/// A model after a stage, for its first target.
struct StagedModel {
  Session session;
  OwningOpRef<ModuleOp> module;
};
} // namespace

static llvm::Expected<StagedModel>
stageModel(CompileOptions options, Stage last, llvm::raw_ostream &talk) {
  options.stopAfter = last;
  options.dumpIr.clear();
  auto session = openSession(options);
  if (!session)
    return session.takeError();
  auto module = runStages(*session, session->programs[0], options, talk);
  if (!module)
    return module.takeError();
  return StagedModel{std::move(*session), std::move(*module)};
}

llvm::Expected<PlannedModel> sinter::planModel(const CompileOptions &options,
                                               llvm::raw_ostream &talk) {
  auto staged = stageModel(options, Stage::Plan, talk);
  if (!staged)
    return staged.takeError();
  return PlannedModel{std::move(staged->session.context),
                      std::move(staged->module), staged->session.programs[0]};
}

llvm::Expected<std::string> sinter::planOfModel(const CompileOptions &options,
                                                llvm::raw_ostream &talk) {
  auto staged = stageModel(options, Stage::Kernels, talk);
  if (!staged)
    return staged.takeError();
  ModuleOp module = *staged->module;
  return writePlan(*module.getOps<plan::ProgramOp>().begin(),
                   planInfo(module, staged->session.config));
}

llvm::Expected<std::string>
sinter::kernelSkeleton(const CompileOptions &options, llvm::StringRef id,
                       llvm::StringRef language, llvm::raw_ostream &talk) {
  CompileOptions ofLanguage = options;
  ofLanguage.targets = {language == "glsl" ? "vulkan" : "webgpu"};
  auto planned = planModel(ofLanguage, talk);
  if (!planned)
    return planned.takeError();
  auto region = findRegion(*planned->module, id);
  if (!region)
    return region.takeError();
  return planned->stages.targets[0].target->skeleton(interfaceOf(*region));
}
