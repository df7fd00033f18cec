// Kernels in this process (LoadedKernels.h).
#include "targets/cpu/LoadedKernels.h"

#include "compiler/support/Error.h"
#include "targets/cpu/CpuTarget.h"
#include "targets/cpu/CpuVariants.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <dlfcn.h>

using namespace llvm;
using namespace sinter;
using namespace sinter::cpu;

bool cpu::runsHere(StringRef variantName) {
  const CpuVariant *variant = findVariant(variantName);
  Triple host(sys::getProcessTriple());
  if (!variant || host.isAArch64() != (variant->arch == Arch::aarch64))
    return false;
  StringMap<bool> features = sys::getHostCPUFeatures();
  SmallVector<StringRef> needed;
  variant->llvmFeatures.split(needed, ',');
  return all_of(needed, [&](StringRef feature) {
    return !feature.consume_front("+") || feature == "neon" ||
           features.lookup(feature);
  });
}

Expected<std::vector<TargetFile>>
cpu::compileKernelModule(mlir::ModuleOp module, StringRef variantName,
                         EmitOptions &options) {
  options.kernelIds.clear();
  for (auto kernel : module.getOps<kern::KernelOp>())
    options.kernelIds.push_back(kernel.getSymName().str());
  auto variants =
      cpuTarget().variants(module.getContext(), {variantName.str()});
  if (!variants)
    return variants.takeError();
  mlir::OwningOpRef<mlir::ModuleOp> copy = module.clone();
  mlir::PassManager passes(module.getContext());
  cpuTarget().populateLegalize(passes, variants->front());
  if (failed(passes.run(*copy)))
    return internalError("legalization for " + variantName + " failed");
  return cpuTarget().emit(*variants, {*copy}, options);
}

/// Opens a shared library that exists only as bytes.
static Expected<void *> openLibrary(StringRef bytes) {
  SmallString<128> path;
  int descriptor = -1;
  if (std::error_code problem = sys::fs::createTemporaryFile(
          "sinter-kernels", "so", descriptor, path))
    return resourceError("cannot make a temporary file: " + problem.message());
  {
    raw_fd_ostream file(descriptor, /*shouldClose=*/true);
    file << bytes;
  }
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  sys::fs::remove(path);
  if (!library)
    return internalError(Twine("cannot load kernels: ") + dlerror());
  return library;
}

Expected<std::unique_ptr<LoadedKernels>>
LoadedKernels::create(mlir::ModuleOp module, StringRef variantName,
                      StringRef dumpDir) {
  EmitOptions options;
  options.prefix = "loaded";
  options.dumpDir = dumpDir.str();
  auto files = compileKernelModule(module, variantName, options);
  if (!files)
    return files.takeError();
  auto library = openLibrary(files->front().bytes);
  if (!library)
    return library.takeError();
  std::unique_ptr<LoadedKernels> loaded(new LoadedKernels());
  loaded->library = *library;
  auto *table = static_cast<const sinter_cpu_module *>(
      dlsym(*library, "sinter_cpu_module"));
  if (!table || table->kernel_count != options.kernelIds.size())
    return internalError("the kernel library has no proper sinter_cpu_module");
  for (auto [index, id] : enumerate(options.kernelIds))
    loaded->kernels[id] = table->variants[0].kernels[index];
  for (auto kernel : module.getOps<kern::KernelOp>())
    loaded->scratch[kernel.getSymName()] = kernel.getScratchBytes();
  return loaded;
}

LoadedKernels::~LoadedKernels() {
  if (library)
    dlclose(library);
}
