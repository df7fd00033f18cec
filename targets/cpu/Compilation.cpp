// Variants to objects (Compilation.h). The compilations are independent, so
// the result does not depend on their order.
#include "targets/cpu/Compilation.h"

#include "compiler/support/Error.h"
#include "targets/cpu/Codegen.h"

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
} // namespace

static Error compileOne(Compilation &work, const EmitOptions &options) {
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

static Error compileAll(MutableArrayRef<std::unique_ptr<Compilation>> work,
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

Expected<std::vector<CompiledVariant>>
cpu::compileVariants(ArrayRef<TargetVariant> variants,
                     ArrayRef<mlir::ModuleOp> modules,
                     const EmitOptions &options) {
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
  std::vector<CompiledVariant> result;
  for (const auto &item : work)
    result.push_back({item->variant, std::move(item->object)});
  return result;
}

Expected<SmallVector<TargetVariant>>
cpu::targetVariants(mlir::MLIRContext *context, ArrayRef<std::string> requested,
                    StringRef byDefault, ArrayRef<Arch> architectures,
                    StringRef what, StringRef groups) {
  const std::string fallback[] = {byDefault.str()};
  SmallVector<const CpuVariant *> chosen;
  auto unknown =
      resolveVariants(requested.empty() ? fallback : requested, chosen);
  SmallVector<TargetVariant> result;
  for (const CpuVariant *variant : chosen) {
    if (!is_contained(architectures, variant->arch))
      unknown = variant->name.str();
    result.push_back({variant->name.str(), capsOf(context, *variant), {}, {}});
  }
  if (!unknown)
    return result;
  std::string known = groups.str();
  for (const CpuVariant &variant : allVariants())
    if (is_contained(architectures, variant.arch))
      known += (", " + variant.name).str();
  return unsupportedError("unknown " + what + " '" + *unknown + "', expected " +
                          known);
}
