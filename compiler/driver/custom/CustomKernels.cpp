// Requests, variants, checks; see CustomKernels.h.
#include "compiler/driver/custom/CustomKernels.h"

#include "compiler/driver/custom/KernelRunner.h"
#include "compiler/support/Error.h"
#include "compiler/support/Interrupt.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace sinter;

/// A shader larger than this is something else.
static constexpr uint64_t kMostSource = 4 << 20;
/// Cases of regions with larger bindings run one after another.
static constexpr int64_t kLargeBindings = 128 << 20;

//===-- Requests ----------------------------------------------------------===//

static llvm::Expected<KernelRequest> readRequest(llvm::StringRef word) {
  auto [name, path] = word.split('=');
  if (name.empty() || path.empty())
    return inputError("--kernel '" + word +
                      "' is not ID=FILE or ID@VARIANT=FILE");
  KernelRequest request;
  auto [id, variants] = name.split('@');
  request.id = id.str();
  if (name.contains('@'))
    for (llvm::StringRef variant : llvm::split(variants, '+'))
      request.variants.push_back(variant.str());
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return inputError("cannot read " + path + ": " +
                      buffer.getError().message());
  if ((*buffer)->getBufferSize() > kMostSource)
    return inputError(path + " has " + llvm::Twine((*buffer)->getBufferSize()) +
                      " bytes; this is no shader");
  request.source = {path.str(), (*buffer)->getBuffer().str()};
  return request;
}

llvm::Expected<std::vector<KernelRequest>>
sinter::readKernelRequests(llvm::ArrayRef<std::string> words) {
  std::vector<KernelRequest> requests;
  for (const std::string &word : words) {
    auto request = readRequest(word);
    if (!request)
      return request.takeError();
    requests.push_back(std::move(*request));
  }
  return requests;
}

//===-- Targets and variants ----------------------------------------------===//

namespace {

class KernelMaker {
public:
  KernelMaker(llvm::ArrayRef<KernelProgram> programs, bool unchecked,
              llvm::raw_ostream &talk)
      : programs(programs), unchecked(unchecked), talk(talk) {}

  llvm::Error add(const KernelRequest &request);
  CustomKernels result;

private:
  llvm::Error addTo(const KernelRequest &request, TargetChoice &choice,
                    const KernelInterface &interface, xf::RegionOp region);
  llvm::Error check(const KernelRequest &request, const Target &target,
                    const KernelInterface &interface, xf::RegionOp region,
                    const CustomKernel &kernel);

  llvm::ArrayRef<KernelProgram> programs;
  bool unchecked;
  llvm::raw_ostream &talk;
};

} // namespace

/// The choice whose target takes files of that name, and its program.
static std::pair<const KernelProgram *, TargetChoice *>
choiceFor(llvm::ArrayRef<KernelProgram> programs, llvm::StringRef path) {
  llvm::StringRef extension = llvm::sys::path::extension(path);
  for (const KernelProgram &program : programs)
    for (TargetChoice &choice : program.stages.targets)
      if (choice.shipped &&
          llvm::is_contained(choice.target->shaderExtensions(), extension))
        return {&program, &choice};
  return {nullptr, nullptr};
}

llvm::Error KernelMaker::add(const KernelRequest &request) {
  auto [program, choice] = choiceFor(programs, request.source.path);
  if (!program)
    return inputError(request.source.path +
                      ": no target of this compile takes such a file; .comp "
                      "and .glsl files are for vulkan, .wgsl files for webgpu");
  auto region = findRegion(program->module, request.id);
  if (!region)
    return region.takeError();
  KernelInterface interface = interfaceOf(*region);
  return addTo(request, *choice, interface, *region);
}

/// The variants that the request is for.
static llvm::Expected<SmallVector<TargetVariant *>>
variantsFor(const KernelRequest &request, TargetChoice &choice) {
  SmallVector<TargetVariant *> chosen;
  for (TargetVariant &variant : choice.variants)
    if (request.variants.empty() ||
        llvm::is_contained(request.variants, variant.name))
      chosen.push_back(&variant);
  for (const std::string &name : request.variants)
    if (llvm::none_of(chosen, [&](const TargetVariant *variant) {
          return variant->name == name;
        }))
      return inputError("--kernel " + request.id + "@" + name +
                        ": this compile has no such variant of " +
                        choice.target->name());
  return chosen;
}

llvm::Error KernelMaker::addTo(const KernelRequest &request,
                               TargetChoice &choice,
                               const KernelInterface &interface,
                               xf::RegionOp region) {
  auto variants = variantsFor(request, choice);
  if (!variants)
    return variants.takeError();
  for (const CustomKernel &other : result.kernels)
    for (const TargetVariant *variant : *variants)
      if (other.id == request.id && other.variant == variant->name)
        return inputError(request.source.path + ": kernel " + request.id +
                          " of variant " + variant->name + " is given twice");
  auto kernel =
      choice.target->compileCustom(interface, request.source, *variants);
  if (!kernel)
    return kernel.takeError();
  if (!unchecked)
    if (llvm::Error error =
            check(request, *choice.target, interface, region, *kernel))
      return error;
  std::string hash = toHex(Sha256::of(llvm::StringRef(request.source.text)));
  for (TargetVariant *variant : *variants) {
    for (const std::string &feature : kernel->features)
      if (!llvm::is_contained(variant->features, feature))
        variant->features.push_back(feature);
    result.records.push_back(
        {request.id, choice.target->name().str(), variant->name,
         llvm::sys::path::filename(request.source.path).str(), hash,
         !unchecked});
    result.kernels.push_back(*kernel);
    result.kernels.back().variant = variant->name;
  }
  return llvm::Error::success();
}

//===-- Results -----------------------------------------------------------===//

llvm::Error KernelMaker::check(const KernelRequest &request,
                               const Target &target,
                               const KernelInterface &interface,
                               xf::RegionOp region,
                               const CustomKernel &kernel) {
  auto directives = readDirectives(request.source);
  if (!directives)
    return directives.takeError();
  double tolerance = directives->tolerance > 0 ? directives->tolerance
                                               : defaultTolerance(region);
  RunTrial *run = target.shaderLanguage() == "glsl" ? runOnVulkan : runOnWebGpu;
  int64_t bytes = 0;
  for (const KernelBinding &binding : interface.bindings)
    bytes += binding.bytes;
  std::vector<CaseSize> sizes = caseSizes(region);
  size_t together = bytes > kLargeBindings ? 1 : sizes.size();
  for (size_t first = 0; first < sizes.size(); first += together) {
    if (llvm::Error error = checkInterrupt())
      return error;
    std::vector<RegionCase> cases;
    for (size_t i = first; i < std::min(sizes.size(), first + together); ++i) {
      auto made = RegionCase::make(region, interface, sizes[i]);
      if (!made)
        return made.takeError();
      cases.push_back(std::move(*made));
    }
    if (llvm::Error error = run({request.source, interface, kernel, cases}))
      return error;
    for (const RegionCase &one : cases) {
      std::string where = one.compare(tolerance);
      if (!where.empty())
        return errorAt(request.source, 0,
                       "kernel " + request.id +
                           " does not compute what its region means: " + where);
    }
  }
  talk << llvm::formatv("kernel {0}: {1} agrees with the reference ({2} "
                        "runs)\n",
                        request.id, request.source.path, sizes.size());
  return llvm::Error::success();
}

llvm::Expected<CustomKernels>
sinter::makeCustomKernels(llvm::ArrayRef<KernelRequest> requests,
                          llvm::ArrayRef<KernelProgram> programs,
                          bool unchecked, llvm::raw_ostream &talk) {
  KernelMaker maker(programs, unchecked, talk);
  for (const KernelRequest &request : requests)
    if (llvm::Error error = maker.add(request))
      return std::move(error);
  return std::move(maker.result);
}
