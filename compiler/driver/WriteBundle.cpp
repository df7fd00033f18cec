// See WriteBundle.h.
#include "compiler/driver/WriteBundle.h"

#include "compiler/bundle/NativePackage.h"
#include "compiler/bundle/PlanWriter.h"
#include "compiler/bundle/ResourceFolder.h"
#include "compiler/bundle/WebPackage.h"
#include "compiler/bundle/WeightPacker.h"
#include "compiler/driver/Golden.h"
#include "compiler/driver/RegionsFile.h"
#include "compiler/driver/Targets.h"
#include "compiler/kernels/KernelFamily.h"
#include "compiler/lowering/XfToPlan.h"
#include "compiler/support/Error.h"
#include "dialects/plan/Plan.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <set>
#include <thread>

using namespace mlir;
using namespace sinter;

PlanInfo sinter::planInfo(ModuleOp module, const DecoderConfig &config) {
  PlanInfo info;
  info.hiddenSize = config.hiddenSize;
  info.layerCount = config.layers;
  if (!config.bosIds.empty())
    info.bosId = static_cast<int32_t>(config.bosIds.front());
  info.eosIds.assign(config.eosIds.begin(), config.eosIds.end());
  for (xf::RegionOp region : kernelRegions(module)) {
    kernels::Selection chosen = kernels::selectFamily(region);
    kernels::Cost cost = chosen.family->cost(region);
    auto scratch = region->getAttrOfType<IntegerAttr>(kScratchBytesAttr);
    info.kernels.push_back(
        {region.getSymName().str(),
         scratch ? static_cast<uint64_t>(scratch.getInt()) : 0,
         chosen.family->name().str(), chosen.reason, cost.weightBytes,
         cost.bytesPerToken, cost.flopsPerToken, cost.bytesPerTokenPosition,
         cost.flopsPerTokenPosition});
  }
  return info;
}

static plan::ProgramOp programOf(ModuleOp module) {
  return *module.getOps<plan::ProgramOp>().begin();
}

/// Where the CPU target puts the kernels of kGoldenVariant.
static constexpr llvm::StringLiteral kGoldenLibrary = "kernels/cpu/x86_64.so";

namespace {

struct BundleFileText {
  std::string path, text;
};

/// The steps of writing one bundle and what they hand to each other.
class Assembly {
public:
  Assembly(const BundleInput &input, CompileReport &report)
      : input(input), report(report), prefix(identifierFrom(input.name)),
        first(programOf(input.programs.front().module)) {}

  llvm::Error run();

private:
  llvm::Error checkWeights();
  llvm::Error addProgram(const BundleProgram &program);
  llvm::Error addKernels(const BundleProgram &program, EmitOptions emit);
  llvm::Error addWeights();
  llvm::Error addPackages();
  llvm::Error addGolden();
  llvm::Error addLinkable(const TargetChoice &cpu);
  ManifestInfo manifest();
  unsigned threads() const;
  bool runsInBrowser() const;
  bool carriesGolden() const;

  const BundleInput &input;
  CompileReport &report;
  std::string prefix;
  plan::ProgramOp first; ///< its weights are the bundle's
  std::string golden;    ///< kernel library for golden logits, if any
  /// Its plan, where that is not in the bundle.
  BundleFileText goldenPlan;
};

} // namespace

unsigned Assembly::threads() const {
  return input.options.threads
             ? input.options.threads
             : std::max(1u, std::thread::hardware_concurrency());
}

/// One line per weight: what it is made of, and where it lies.
static std::string weightTable(plan::ProgramOp program) {
  std::string table;
  llvm::raw_string_ostream out(table);
  for (auto weight : program.getOps<plan::WeightOp>()) {
    weight->print(out);
    out << '\n';
  }
  return table;
}

/// All plans read the same packed weights.
llvm::Error Assembly::checkWeights() {
  std::string table = weightTable(first);
  for (const BundleProgram &program : input.programs.drop_front())
    if (weightTable(programOf(program.module)) != table)
      return internalError(program.stages.kind.file +
                           " lists other weights than " +
                           input.programs.front().stages.kind.file);
  return llvm::Error::success();
}

/// Emits a target's kernels; those for the bundle go there, the library that
/// computes golden logits to `golden`.
static llvm::Error addTargetKernels(BundleWriter &bundle,
                                    const TargetChoice &choice, ModuleOp module,
                                    const EmitOptions &emit,
                                    std::string &golden) {
  SymbolTable symbols(module);
  SmallVector<ModuleOp> modules;
  for (const TargetVariant &variant : choice.variants)
    modules.push_back(symbols.lookup<ModuleOp>(variant.name));
  auto files = choice.target->emit(choice.variants, modules, emit);
  if (!files)
    return files.takeError();
  for (const TargetFile &file : *files) {
    if (file.path == kGoldenLibrary)
      golden = file.bytes;
    if (!choice.shipped)
      continue;
    if (llvm::Error error = bundle.addFile(file.path, file.bytes))
      return error;
  }
  return llvm::Error::success();
}

llvm::Error Assembly::addKernels(const BundleProgram &program,
                                 EmitOptions emit) {
  for (xf::RegionOp region : kernelRegions(program.module))
    emit.kernelIds.push_back(region.getSymName().str());
  if (!program.dumpIr.empty()) {
    llvm::SmallString<128> folder(program.dumpIr);
    llvm::sys::path::append(folder, "kernels");
    if (std::error_code error = llvm::sys::fs::create_directories(folder))
      return resourceError("cannot create " + folder + ": " + error.message());
    emit.dumpDir = folder.str().str();
  }
  if (isShipped(program.stages))
    report.kernels += emit.kernelIds.size();
  for (const TargetChoice &choice : program.stages.targets)
    if (llvm::Error error = addTargetKernels(input.bundle, choice,
                                             program.module, emit, golden))
      return error;
  return llvm::Error::success();
}

/// Whether `sinter tune` has a device for the bundle's kernels.
static bool isTunable(const BundleProgram &program) {
  return llvm::any_of(program.stages.targets, [](const TargetChoice &choice) {
    return choice.shipped && !choice.target->runsInBrowser();
  });
}

/// A plan and the kernels that belong to it.
llvm::Error Assembly::addProgram(const BundleProgram &program) {
  auto plan = writePlan(programOf(program.module),
                        planInfo(program.module, input.config));
  if (!plan)
    return plan.takeError();
  if (!isShipped(program.stages))
    goldenPlan = {program.stages.kind.file.str(), *plan};
  else if (llvm::Error error =
               input.bundle.addFile(program.stages.kind.file, *plan))
    return error;
  if (isTunable(program))
    if (llvm::Error error = input.bundle.addFile(
            regionsPath(program.stages.kind.file), regionsText(program.module)))
      return error;
  EmitOptions emit;
  emit.prefix = prefix;
  emit.planSha256 = Sha256::of(llvm::StringRef(*plan));
  emit.threads = threads();
  emit.custom = input.custom.kernels;
  return addKernels(program, emit);
}

llvm::Error Assembly::addWeights() {
  Progress progress(Progress::modeFor(input.options.quiet));
  WeightPackOptions pack;
  pack.threads = threads();
  pack.strict = input.options.strict;
  pack.progress = &progress;
  pack.hashPieces = runsInBrowser();
  auto packed = packWeights(first, input.source, input.bundle, pack);
  if (!packed)
    return packed.takeError();
  for (const std::string &warning : packed->warnings())
    input.talk << "warning: " << warning << "\n";
  report.parameters = static_cast<int64_t>(packed->parameters);
  report.bitsPerWeight = packed->bitsPerWeight;
  report.relativeError = packed->total.relativeError();
  return packed->pieceHashes.empty()
             ? llvm::Error::success()
             : input.bundle.addFile("weights.sha256", packed->pieceHashes);
}

static std::string resources() {
  static int anchor;
  return resourceFolder(llvm::sys::fs::getMainExecutable(nullptr, &anchor));
}

/// lib/, include/ and src/, for applications that link the model.
llvm::Error Assembly::addLinkable(const TargetChoice &cpu) {
  NativePackage package;
  package.name = input.name;
  package.prefix = prefix;
  std::set<std::string> architectures;
  for (const TargetVariant &variant : cpu.variants)
    architectures.insert(llvm::StringRef(variant.name).starts_with("arm64")
                             ? "aarch64"
                             : "x86_64");
  package.architectures.assign(architectures.begin(), architectures.end());
  return addNativePackage(input.bundle, package, resources());
}

/// What makes the bundle a library: a native one, a web page, or both.
llvm::Error Assembly::addPackages() {
  for (const BundleProgram &program : input.programs)
    for (const TargetChoice &choice : program.stages.targets)
      if (choice.target->name() == "cpu" && choice.shipped)
        if (llvm::Error error = addLinkable(choice))
          return error;
  return runsInBrowser() ? addWebPackage(input.bundle, resources())
                         : llvm::Error::success();
}

bool Assembly::runsInBrowser() const {
  return llvm::any_of(input.programs, [](const BundleProgram &program) {
    return llvm::any_of(program.stages.targets, [](const TargetChoice &choice) {
      return choice.target->runsInBrowser();
    });
  });
}

/// Whether a device of the bundle is to be checked by golden logits.
bool Assembly::carriesGolden() const {
  return llvm::any_of(input.programs, [](const BundleProgram &program) {
    return llvm::any_of(program.stages.targets, [](const TargetChoice &choice) {
      return choice.target->name() != "cpu";
    });
  });
}

/// golden.json, where a CPU variant is there to compute it with.
llvm::Error Assembly::addGolden() {
  if (golden.empty() || !carriesGolden())
    return llvm::Error::success();
  bool hidden = !goldenPlan.path.empty();
  if (hidden)
    if (llvm::Error error =
            input.bundle.addFile(goldenPlan.path, goldenPlan.text))
      return error;
  auto folder = input.bundle.preview(manifest());
  if (!folder)
    return folder.takeError();
  auto text = goldenLogits(*folder, golden, threads());
  if (!text)
    return text.takeError();
  if (hidden)
    if (llvm::Error error = input.bundle.removeFile(goldenPlan.path))
      return error;
  return input.bundle.addFile(kGoldenPath, *text);
}

static ManifestInfo::Target manifestTarget(const BundleProgram &program,
                                           const TargetChoice &choice) {
  plan::ProgramOp plan = programOf(program.module);
  ManifestInfo::Target target;
  target.name = choice.target->name().str();
  target.plan = program.stages.kind.file.str();
  target.arenaBytes = static_cast<uint64_t>(plan.getArenaBytes());
  target.stateBytes = static_cast<uint64_t>(plan.getStateBytes());
  for (const TargetVariant &variant : choice.variants)
    target.variants.push_back({variant.name, variant.features, variant.when});
  return target;
}

ManifestInfo Assembly::manifest() {
  ManifestInfo info;
  info.name = input.name;
  info.prefix = prefix;
  info.architecture = input.config.architecture;
  info.quantization = report.quantization;
  info.parameters = report.parameters;
  info.context = first.getContext();
  info.vocabSize = first.getVocabSize();
  info.bitsPerWeight = report.bitsPerWeight;
  for (const BundleProgram &program : input.programs)
    for (const TargetChoice &choice : program.stages.targets)
      if (choice.shipped)
        info.targets.push_back(manifestTarget(program, choice));
  info.weightBytes = static_cast<uint64_t>(first.getWeightBytes());
  info.arenaBytes = static_cast<uint64_t>(first.getArenaBytes());
  info.stateBytes = static_cast<uint64_t>(first.getStateBytes());
  info.sampling = input.text.sampling;
  info.chatTemplate = input.text.chatTemplate;
  info.customKernels = input.custom.records;
  return info;
}

llvm::Error Assembly::run() {
  if (llvm::Error error = checkWeights())
    return error;
  BundleWriter &bundle = input.bundle;
  if (llvm::Error error =
          bundle.reserve(static_cast<uint64_t>(first.getWeightBytes())))
    return error;
  for (const BundleProgram &program : input.programs)
    if (llvm::Error error = addProgram(program))
      return error;
  if (!input.text.tokenizer.empty())
    if (llvm::Error error = bundle.addFile(
            "tokenizer.bin", llvm::toStringRef(input.text.tokenizer)))
      return error;
  if (llvm::Error error = addPackages())
    return error;
  if (llvm::Error error = addWeights())
    return error;
  if (llvm::Error error = addGolden())
    return error;
  report.output = input.options.output;
  report.weightBytes = first.getWeightBytes();
  report.arenaBytes = first.getArenaBytes();
  report.stateBytes = first.getStateBytes();
  report.downloadBytes = static_cast<int64_t>(bundle.bytesWritten());
  return bundle.finish(manifest());
}

llvm::Error sinter::writeBundle(const BundleInput &input,
                                CompileReport &report) {
  return Assembly(input, report).run();
}
