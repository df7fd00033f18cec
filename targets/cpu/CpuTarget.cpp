// The CPU target (CpuTarget.h): variants, legalization, and the assembly of
// objects, registries and libraries.
#include "targets/cpu/CpuTarget.h"

#include "compiler/support/Error.h"
#include "targets/cpu/Compilation.h"
#include "targets/cpu/Linking.h"
#include "targets/cpu/Registry.h"
#include "targets/cpu/raise/CpuPasses.h"

using namespace llvm;
using namespace sinter;
using namespace sinter::cpu;

namespace {

class CpuTarget : public sinter::Target {
public:
  StringRef name() const override { return "cpu"; }

  Expected<SmallVector<TargetVariant>>
  variants(mlir::MLIRContext *context,
           ArrayRef<std::string> requested) const override {
    return targetVariants(context, requested, "x86-64",
                          {Arch::x86_64, Arch::aarch64}, "CPU variant",
                          "x86-64, arm64, native");
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

/// The library and the archive of one architecture.
Error emitLibraries(Arch arch, ArrayRef<CompiledVariant> work,
                    const EmitOptions &options,
                    std::vector<TargetFile> &files) {
  SmallVector<const CpuVariant *> variants;
  std::vector<NamedObject> objects;
  for (const CompiledVariant &item : work) {
    if (item.variant->arch != arch)
      continue;
    variants.push_back(item.variant);
    objects.push_back(
        {options.prefix + "-" + item.variant->name.str() + ".o", item.object});
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
  auto work = compileVariants(variants, modules, options);
  if (!work)
    return work.takeError();
  std::vector<TargetFile> files;
  for (Arch arch : {Arch::x86_64, Arch::aarch64})
    if (Error error = emitLibraries(arch, *work, options, files))
      return error;
  return files;
}

} // namespace

const sinter::Target &sinter::cpuTarget() {
  static const CpuTarget target;
  return target;
}
