// See WriteBundle.h.
#include "compiler/driver/WriteBundle.h"

#include "compiler/bundle/NativePackage.h"
#include "compiler/bundle/PlanWriter.h"
#include "compiler/bundle/WeightPacker.h"
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

namespace {

/// The steps of writing one bundle and what they hand to each other.
class Assembly {
public:
  Assembly(const BundleInput &input, CompileReport &report)
      : input(input), report(report), prefix(identifierFrom(input.name)),
        program(programOf(input.module)) {}

  llvm::Error run();

private:
  llvm::Error addKernels(BundleWriter &bundle, const std::string &plan);
  llvm::Error addWeights(BundleWriter &bundle);
  llvm::Error addLinkable(BundleWriter &bundle);
  ManifestInfo manifest();
  unsigned threads() const;

  const BundleInput &input;
  CompileReport &report;
  std::string prefix;
  plan::ProgramOp program;
};

} // namespace

unsigned Assembly::threads() const {
  return input.options.threads
             ? input.options.threads
             : std::max(1u, std::thread::hardware_concurrency());
}

llvm::Error Assembly::addKernels(BundleWriter &bundle,
                                 const std::string &plan) {
  EmitOptions emit;
  emit.prefix = prefix;
  emit.planSha256 = Sha256::of(llvm::StringRef(plan));
  for (xf::RegionOp region : kernelRegions(input.module))
    emit.kernelIds.push_back(region.getSymName().str());
  emit.threads = threads();
  if (!input.options.dumpIr.empty()) {
    llvm::SmallString<128> folder(input.options.dumpIr);
    llvm::sys::path::append(folder, "kernels");
    if (std::error_code error = llvm::sys::fs::create_directories(folder))
      return resourceError("cannot create " + folder + ": " + error.message());
    emit.dumpDir = folder.str().str();
  }
  SymbolTable symbols(input.module);
  SmallVector<ModuleOp> modules;
  for (const TargetVariant &variant : input.stages.variants)
    modules.push_back(symbols.lookup<ModuleOp>(variant.name));
  auto files = input.stages.target->emit(input.stages.variants, modules, emit);
  if (!files)
    return files.takeError();
  for (const TargetFile &file : *files)
    if (llvm::Error error = bundle.addFile(file.path, file.bytes))
      return error;
  report.kernels = emit.kernelIds.size();
  return llvm::Error::success();
}

llvm::Error Assembly::addWeights(BundleWriter &bundle) {
  Progress progress(Progress::modeFor(input.options.quiet));
  WeightPackOptions pack;
  pack.threads = threads();
  pack.strict = input.options.strict;
  pack.progress = &progress;
  auto packed = packWeights(program, input.source, bundle, pack);
  if (!packed)
    return packed.takeError();
  for (const std::string &warning : packed->warnings())
    input.talk << "warning: " << warning << "\n";
  report.parameters = static_cast<int64_t>(packed->parameters);
  report.bitsPerWeight = packed->bitsPerWeight;
  report.relativeError = packed->total.relativeError();
  return llvm::Error::success();
}

/// lib/, include/ and src/, for applications that link the model.
llvm::Error Assembly::addLinkable(BundleWriter &bundle) {
  NativePackage package;
  package.name = input.name;
  package.prefix = prefix;
  std::set<std::string> architectures;
  for (const TargetVariant &variant : input.stages.variants)
    architectures.insert(llvm::StringRef(variant.name).starts_with("arm64")
                             ? "aarch64"
                             : "x86_64");
  package.architectures.assign(architectures.begin(), architectures.end());
  static int anchor;
  std::string executable = llvm::sys::fs::getMainExecutable(nullptr, &anchor);
  return addNativePackage(bundle, package, resourceFolder(executable));
}

ManifestInfo Assembly::manifest() {
  ManifestInfo info;
  info.name = input.name;
  info.prefix = prefix;
  info.architecture = input.config.architecture;
  info.quantization = input.stages.quantization;
  info.parameters = report.parameters;
  info.context = program.getContext();
  info.vocabSize = program.getVocabSize();
  info.bitsPerWeight = report.bitsPerWeight;
  ManifestInfo::Target target{input.stages.target->name().str(), {}};
  for (const TargetVariant &variant : input.stages.variants)
    target.variants.push_back(variant.name);
  info.targets.push_back(target);
  info.weightBytes = static_cast<uint64_t>(program.getWeightBytes());
  info.arenaBytes = static_cast<uint64_t>(program.getArenaBytes());
  info.stateBytes = static_cast<uint64_t>(program.getStateBytes());
  info.sampling = input.text.sampling;
  info.chatTemplate = input.text.chatTemplate;
  return info;
}

llvm::Error Assembly::run() {
  auto plan = writePlan(program, planInfo(input.module, input.config));
  if (!plan)
    return plan.takeError();
  BundleWriter &bundle = input.bundle;
  if (llvm::Error error =
          bundle.reserve(static_cast<uint64_t>(program.getWeightBytes())))
    return error;
  if (llvm::Error error = bundle.addFile("plan.fb", *plan))
    return error;
  if (!input.text.tokenizer.empty())
    if (llvm::Error error = bundle.addFile(
            "tokenizer.bin", llvm::toStringRef(input.text.tokenizer)))
      return error;
  if (llvm::Error error = addKernels(bundle, *plan))
    return error;
  if (llvm::Error error = addLinkable(bundle))
    return error;
  if (llvm::Error error = addWeights(bundle))
    return error;
  report.output = input.options.output;
  report.weightBytes = program.getWeightBytes();
  report.arenaBytes = program.getArenaBytes();
  report.stateBytes = program.getStateBytes();
  report.downloadBytes = static_cast<int64_t>(bundle.bytesWritten());
  return bundle.finish(manifest());
}

llvm::Error sinter::writeBundle(const BundleInput &input,
                                CompileReport &report) {
  return Assembly(input, report).run();
}
