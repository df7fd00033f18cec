// The CPU target (CpuTarget.h): variants, legalization, and the assembly of
// objects, registries and libraries.
#include "targets/cpu/CpuTarget.h"

#include "compiler/support/Error.h"
#include "targets/cpu/Codegen.h"
#include "targets/cpu/Linking.h"
#include "targets/cpu/Registry.h"
#include "targets/cpu/raise/CpuPasses.h"

#include "llvm/IR/LLVMContext.h"

#include <atomic>
#include <thread>

using namespace llvm;
using namespace sinter;
using namespace sinter::cpu;

namespace {

/// One variant on its way to an object.
struct Compilation {
  const CpuVariant *variant = nullptr;
  LLVMContext context;
  std::unique_ptr<Module> module;
  std::string object;
  std::optional<Error> result; ///< set by compileAll
};

class CpuTarget : public sinter::Target {
public:
  StringRef name() const override { return "cpu"; }

  Expected<SmallVector<TargetVariant>>
  variants(mlir::MLIRContext *context,
           ArrayRef<std::string> requested) const override {
    SmallVector<const CpuVariant *> chosen;
    if (auto unknown = resolveVariants(requested, chosen))
      return unsupportedError(
          "unknown CPU variant '" + *unknown +
          "', expected x86-64, arm64, native, " +
          join(map_range(allVariants(),
                         [](const CpuVariant &v) { return v.name; }),
               ", "));
    SmallVector<TargetVariant> result;
    for (const CpuVariant *variant : chosen)
      result.push_back(
          {variant->name.str(), capsOf(context, *variant), {}, {}});
    return result;
  }

  void populateLegalize(mlir::OpPassManager &passes,
                        const TargetVariant &variant) const override {
    const CpuVariant *found = findVariant(variant.name);
    assert(found && "a variant that variants() did not give");
    cpu::populateLegalize(passes, *found);
  }

  Expected<std::vector<TargetFile>>
  emit(ArrayRef<TargetVariant> variants, ArrayRef<mlir::ModuleOp> modules,
       const EmitOptions &options) const override;
};

Error compileOne(Compilation &work, const EmitOptions &options) {
  if (Error error = optimizeKernels(*work.module, *work.variant))
    return error;
  if (!options.dumpDir.empty())
    if (Error error = dumpAssembly(*work.module, *work.variant, options.prefix,
                                   options.kernelIds, options.dumpDir))
      return error;
  auto object = compileKernels(*work.module, *work.variant);
  if (!object)
    return object.takeError();
  work.object = std::move(*object);
  return Error::success();
}

/// Compiles each module to an object on up to options.threads threads; the
/// compilations are independent, so the result does not depend on the order.
Error compileAll(MutableArrayRef<std::unique_ptr<Compilation>> work,
                 const EmitOptions &options) {
  std::atomic<size_t> next{0};
  auto run = [&] {
    for (size_t i = next++; i < work.size(); i = next++)
      work[i]->result.emplace(compileOne(*work[i], options));
  };
  std::vector<std::thread> helpers;
  for (size_t i = 1; i < std::min<size_t>(options.threads, work.size()); ++i)
    helpers.emplace_back(run);
  run();
  for (std::thread &helper : helpers)
    helper.join();
  Error all = Error::success();
  for (const auto &item : work)
    all = joinErrors(std::move(all), std::move(*item->result));
  return all;
}

/// The library and the archive of one architecture.
Error emitLibraries(Arch arch, ArrayRef<std::unique_ptr<Compilation>> work,
                    const EmitOptions &options,
                    std::vector<TargetFile> &files) {
  SmallVector<const CpuVariant *> variants;
  std::vector<NamedObject> objects;
  for (const auto &item : work) {
    if (item->variant->arch != arch)
      continue;
    variants.push_back(item->variant);
    objects.push_back({options.prefix + "-" + item->variant->name.str() + ".o",
                       item->object});
  }
  if (variants.empty())
    return Error::success();
  objects.push_back({options.prefix + "-registry.o", ""});
  auto registry = [&](const Twine &symbol) {
    return compileRegistry(symbol.str(), options.prefix, variants,
                           options.kernelIds, options.planSha256);
  };

  auto shared = registry("sinter_cpu_module");
  if (!shared)
    return shared.takeError();
  objects.back().bytes = std::move(*shared);
  auto library = linkSharedLibrary(objects);
  if (!library)
    return library.takeError();
  files.push_back(
      {"kernels/cpu/" + archName(arch).str() + ".so", std::move(*library)});

  auto fixed = registry(options.prefix + "_cpu_module");
  if (!fixed)
    return fixed.takeError();
  objects.back().bytes = std::move(*fixed);
  auto archive = writeArchive(objects);
  if (!archive)
    return archive.takeError();
  files.push_back({"lib/libsinter_model-" + archName(arch).str() + ".a",
                   std::move(*archive)});
  return Error::success();
}

Expected<std::vector<TargetFile>>
CpuTarget::emit(ArrayRef<TargetVariant> variants,
                ArrayRef<mlir::ModuleOp> modules,
                const EmitOptions &options) const {
  std::vector<std::unique_ptr<Compilation>> work;
  for (auto [variant, module] : zip_equal(variants, modules)) {
    auto item = std::make_unique<Compilation>();
    item->variant = findVariant(variant.name);
    assert(item->variant && "a variant that variants() did not give");
    auto translated = translateKernels(module, item->context, *item->variant,
                                       options.prefix, options.kernelIds);
    if (!translated)
      return translated.takeError();
    item->module = std::move(*translated);
    work.push_back(std::move(item));
  }
  if (Error error = compileAll(work, options))
    return error;
  std::vector<TargetFile> files;
  for (Arch arch : {Arch::x86_64, Arch::aarch64})
    if (Error error = emitLibraries(arch, work, options, files))
      return error;
  return files;
}

} // namespace

const sinter::Target &sinter::cpuTarget() {
  static const CpuTarget target;
  return target;
}
