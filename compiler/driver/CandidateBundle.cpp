// See CandidateBundle.h. Weights are bytes that are harmless as f16, f32 and
// int8; every dispatch reads the next ones of a pool that no cache holds.
#include "compiler/driver/CandidateBundle.h"

#include "compiler/bundle/Manifest.h"
#include "compiler/driver/CandidatePlan.h"
#include "compiler/support/Error.h"
#include "compiler/support/Interrupt.h"
#include "compiler/support/WriteFile.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"

#include <chrono>

using namespace mlir;
using namespace sinter;
namespace fs = llvm::sys::fs;

/// More than last-level caches hold, on most machines; but no more than this
/// many times the largest kernel's weights, which is all that an entry reads.
static constexpr int64_t kPoolBytes = int64_t(256) << 20;
static constexpr int64_t kPoolKernels = 64;
/// One token is measured at half of the context, or here.
static constexpr int64_t kFarthestPosition = 512;
static constexpr int kFewestRuns = 3, kMostRuns = 200;

//===-- The folder --------------------------------------------------------===//

llvm::Expected<std::unique_ptr<CandidateBundle>>
CandidateBundle::create(const PlanRegions &regions, const PlanKind &kind,
                        ArrayRef<KernelUse> uses, CandidateDevice device) {
  std::unique_ptr<CandidateBundle> made(new CandidateBundle());
  made->kind = kind;
  made->device = std::move(device);
  made->contextTokens = regions.context;
  made->chunk = regions.chunk;
  int64_t largest = 1;
  for (const KernelUse &use : uses)
    largest = std::max(largest, use.bytes(KernelUse::Space::Weights));
  made->poolBytes =
      std::max(largest, std::min(kPoolBytes, largest * kPoolKernels));
  SmallString<128> folder;
  if (std::error_code problem =
          fs::createUniqueDirectory("sinter-tune", folder))
    return resourceError("cannot make a temporary folder: " +
                         problem.message());
  made->folder = folder.str().str();
  if (llvm::Error error = made->writeWeights())
    return std::move(error);
  return made;
}

CandidateBundle::~CandidateBundle() {
  if (!folder.empty())
    (void)fs::remove_directories(folder);
}

static uint64_t shardSize(int64_t pool, size_t index) {
  return std::min<uint64_t>(kShardBytes, uint64_t(pool) - index * kShardBytes);
}

llvm::Error CandidateBundle::writeWeights() {
  for (const char *name :
       {"/bundle/weights", "/bundle/kernels/cpu", "/bundle/kernels/vulkan"})
    if (std::error_code problem = fs::create_directories(folder + name))
      return resourceError("cannot make " + llvm::Twine(folder) + name + ": " +
                           problem.message());
  std::string bytes(kShardBytes, '\x2c');
  for (size_t i = 0; i * kShardBytes < uint64_t(poolBytes); ++i)
    if (llvm::Error error =
            writeFile(folder + "/bundle/" + shardPath(i),
                      StringRef(bytes).take_front(shardSize(poolBytes, i))))
      return error;
  return llvm::Error::success();
}

//===-- Kernels -----------------------------------------------------------===//

static std::string candidateName(size_t index) {
  return "candidate_" + std::to_string(index);
}

/// All candidates in the target's own terms, for one variant.
static bool buildCandidates(ModuleOp module, const KernelUse &use,
                            const Target &target, const TargetVariant &variant,
                            ArrayRef<kernels::Schedule> candidates,
                            int64_t &scratchBytes) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  for (auto [index, schedule] : llvm::enumerate(candidates)) {
    builder.setInsertionPointToEnd(module.getBody());
    auto kernel = kernels::buildKernel(builder, *use.family, use.region,
                                       variant.caps, schedule);
    if (failed(kernel))
      return false;
    kernel->setSymName(candidateName(index));
    scratchBytes = std::max(scratchBytes, kernel->getScratchBytes());
  }
  PassManager passes(module.getContext());
  target.populateLegalize(passes, variant);
  return succeeded(passes.run(module));
}

llvm::Error CandidateBundle::write(const KernelUse &use,
                                   const TargetChoice &choice,
                                   ArrayRef<kernels::Schedule> candidates) {
  xf::RegionOp region = use.region;
  MLIRContext *context = region.getContext();
  std::string problem;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      problem = diagnostic.str();
    return success();
  });
  SmallVector<OwningOpRef<ModuleOp>> owners;
  SmallVector<ModuleOp> modules;
  int64_t scratchBytes = 0;
  for (const TargetVariant &variant : choice.variants) {
    owners.push_back(ModuleOp::create(region.getLoc()));
    modules.push_back(*owners.back());
    if (!buildCandidates(modules.back(), use, *choice.target, variant,
                         candidates, scratchBytes))
      return internalError("cannot build candidates of " + region.getSymName() +
                           " for " + variant.name + ": " + problem);
  }
  CandidatePlan plan{contextTokens,     chunk,       poolBytes, use,
                     candidates.size(), scratchBytes};
  std::string planBytes = plan.serialize();
  EmitOptions emit;
  emit.prefix = "tune";
  emit.planSha256 = Sha256::of(StringRef(planBytes));
  for (size_t i = 0; i < candidates.size(); ++i)
    emit.kernelIds.push_back(candidateName(i));
  auto files = choice.target->emit(choice.variants, modules, emit);
  if (!files)
    return files.takeError();
  files->push_back({kind.file.str(), std::move(planBytes)});

  ManifestInfo info;
  info.name = info.prefix = info.architecture = "tune";
  info.context = contextTokens;
  info.vocabSize = 1;
  ManifestInfo::Target target;
  target.name = choice.target->name().str();
  target.plan = kind.file.str();
  for (const TargetVariant &variant : choice.variants)
    target.variants.push_back({variant.name, variant.features, variant.when});
  info.targets = {target};
  std::vector<BundleFile> listed;
  for (const TargetFile &file : *files) {
    if (StringRef(file.path).starts_with("lib/"))
      continue; // for applications that link
    if (llvm::Error error =
            writeFile(folder + "/bundle/" + file.path, file.bytes))
      return error;
    listed.push_back(
        {file.path, file.bytes.size(), Sha256::of(StringRef(file.bytes))});
  }
  // Hashes of weights are checked on request only.
  for (size_t i = 0; i * kShardBytes < uint64_t(poolBytes); ++i)
    listed.push_back({shardPath(i), shardSize(poolBytes, i), {}});
  return writeFile(folder + "/bundle/manifest.json",
                   manifestText(info, listed));
}

//===-- Running -----------------------------------------------------------===//

struct CandidateBundle::Opened {
  sinter_model *model = nullptr;
  sinter_session *session = nullptr;
  ~Opened() {
    (void)sinter_session_destroy(session);
    (void)sinter_model_close(model);
  }
};

/// The runtime's error as one of ours.
static llvm::Error failed(const char *what, const sinter_error &error) {
  std::string text = std::string(what) + ": " + error.message;
  switch (error.code) {
  case SINTER_UNSUPPORTED:
    return unsupportedError(text);
  case SINTER_OUT_OF_MEMORY:
  case SINTER_DEVICE_LOST:
    return resourceError(text);
  default:
    return internalError(text);
  }
}

llvm::Error CandidateBundle::open(const char *variant, Opened &opened) const {
  sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
  options.device = device.kind;
  options.threads = device.threads;
  options.cpu_variant = variant;
  options.gpu = device.gpu.empty() ? nullptr : device.gpu.c_str();
  sinter_session_options profiled = SINTER_SESSION_OPTIONS_INIT;
  profiled.profile = 1;
  sinter_error error = {};
  if (sinter_model_open((folder + "/bundle").c_str(), &options, &opened.model,
                        &error) ||
      sinter_session_create(opened.model, &profiled, &opened.session, &error))
    return failed("cannot open the device", error);
  return llvm::Error::success();
}

llvm::Expected<DeviceFacts>
CandidateBundle::choose(const KernelUse &use, const TargetChoice &choice) {
  if (llvm::Error error = write(use, choice, kernels::Schedule()))
    return std::move(error);
  Opened opened;
  if (llvm::Error error = open(nullptr, opened))
    return std::move(error);
  sinter_model_info info = SINTER_MODEL_INFO_INIT;
  if (sinter_model_get_info(opened.model, &info))
    return internalError("the model's figures are not known");
  return DeviceFacts{info.variant, info.variant_reason};
}

namespace {
/// Least seconds of a dispatch by candidate.
struct Least {
  StringRef entry;
  std::vector<double> seconds;

  void take(sinter_session *session) {
    auto row = [](void *user, const sinter_profile_row *row) {
      auto &self = *static_cast<Least *>(user);
      StringRef name = row->kernel;
      size_t index = 0;
      if (row->calls != 1 || self.entry != row->entry ||
          !name.consume_front("candidate_") || name.getAsInteger(10, index))
        return;
      self.seconds[index] = std::min(self.seconds[index], row->seconds);
    };
    (void)sinter_session_profile(session, row, this, /*reset=*/1);
  }
};
} // namespace

llvm::Expected<std::vector<double>> CandidateBundle::measure(
    const KernelUse &use, const Target &target, const TargetVariant &variant,
    ArrayRef<kernels::Schedule> candidates, double seconds) {
  if (llvm::Error error = write(use, {&target, {variant}}, candidates))
    return std::move(error);
  Opened opened;
  if (llvm::Error error = open(variant.name.c_str(), opened))
    return std::move(error);
  Least least{use.prefill ? "prefill" : "decode",
              std::vector<double>(candidates.size(), 1e9)};
  std::vector<int32_t> tokens(static_cast<size_t>(chunk), 0);
  sinter_error error = {};
  int64_t position = 0;
  if (!use.prefill)
    for (; position + chunk < std::min(contextTokens / 2, kFarthestPosition);
         position += chunk)
      if (sinter_session_prefill(opened.session, tokens.data(), tokens.size(),
                                 &error))
        return failed("cannot run a kernel", error);
  auto begin = std::chrono::steady_clock::now();
  auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                         begin)
        .count();
  };
  for (int run = 0; run < kMostRuns; ++run) {
    if (run >= kFewestRuns && elapsed() >= seconds)
      break;
    if (llvm::Error stop = checkInterrupt())
      return std::move(stop);
    sinter_status status =
        use.prefill ? sinter_session_prefill(opened.session, tokens.data(),
                                             tokens.size(), &error)
                    : sinter_session_decode(opened.session, 0, &error);
    if (!status)
      status = sinter_session_truncate(opened.session,
                                       static_cast<size_t>(position), &error);
    if (status)
      return failed("cannot run a kernel", error);
    least.take(opened.session);
  }
  return least.seconds;
}
