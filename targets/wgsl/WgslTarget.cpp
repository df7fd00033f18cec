// The WebGPU target (WgslTarget.h): its variants, and the two files of each.
#include "targets/wgsl/WgslTarget.h"

#include "compiler/support/Error.h"
#include "targets/common/grid/GridPlan.h"
#include "targets/wgsl/custom/WgslKernel.h"
#include "targets/wgsl/printer/ModulePrinter.h"
#include "targets/wgsl/raise/WgslPasses.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace sinter;
using kern::Feature;
using kern::KernelOp;

namespace {

struct WgslVariant {
  StringRef name;
  Feature features;
  bool cheapBarriers;
  std::vector<std::string> deviceFeatures; ///< names of WebGPU's
  StringRef when;
};

/// In the order the runtime looks: a software adapter has what `f32` needs,
/// too, so that `soft` comes first. `dot` is for devices that multiply bytes in
/// one instruction, which WebGPU does not say of a device (gpu-adapter.ts).
ArrayRef<WgslVariant> allVariants() {
  static const WgslVariant table[] = {
      {"soft", Feature::none, false, {}, "software"},
      {"dot",
       Feature::packed_dot | Feature::subgroups,
       true,
       {"packed_4x8_integer_dot_product", "subgroups"},
       "fast_integer_dot"},
      {"f16", Feature::shader_f16, true, {"shader-f16"}, ""},
      {"f32", Feature::none, true, {}, ""},
  };
  return table;
}

/// Lanes of a workgroup: within WebGPU's default limit of 256, a multiple of
/// every subgroup size but 128. Software adapters want many small workgroups: a
/// thread takes one after another, four lanes at a time.
constexpr int64_t kGroup = 64;
constexpr int64_t kSoftGroup = 16;
/// Values a lane may keep before a GPU runs out of registers for a second
/// workgroup.
constexpr int64_t kRegisters = 64;

using Diagnostics = mlir::ScopedDiagnosticHandler;

class WgslTarget : public sinter::Target {
public:
  StringRef name() const override { return "webgpu"; }
  bool runsInBrowser() const override { return true; }
  PlanKind planKind() const override { return gridPlanKind(); }

  Expected<SmallVector<TargetVariant>>
  variants(mlir::MLIRContext *context,
           ArrayRef<std::string> requested) const override;

  void populateLegalize(mlir::OpPassManager &passes,
                        const TargetVariant &) const override {
    wgsl::populateLegalize(passes);
  }

  ArrayRef<StringRef> legalDialects() const override {
    static const StringRef legal[] = {"builtin", "kern",   "arith", "math",
                                      "scf",     "vector", "memref"};
    return legal;
  }

  StringRef shaderLanguage() const override { return "wgsl"; }
  ArrayRef<StringRef> shaderExtensions() const override {
    static const StringRef extensions[] = {".wgsl"};
    return extensions;
  }
  Expected<CustomKernel>
  compileCustom(const KernelInterface &interface, const KernelSource &source,
                ArrayRef<TargetVariant *>) const override {
    return wgsl::readWgsl(interface, source);
  }
  std::string skeleton(const KernelInterface &interface) const override {
    return wgsl::wgslSkeleton(interface);
  }

  Expected<std::vector<TargetFile>>
  emit(ArrayRef<TargetVariant> variants, ArrayRef<mlir::ModuleOp> modules,
       const EmitOptions &options) const override;
};

Expected<SmallVector<TargetVariant>>
WgslTarget::variants(mlir::MLIRContext *context,
                     ArrayRef<std::string> requested) const {
  for (const std::string &name : requested)
    if (none_of(allVariants(),
                [&](const WgslVariant &known) { return known.name == name; }))
      return unsupportedError(
          "unknown WebGPU variant '" + name + "', expected " +
          join(map_range(allVariants(),
                         [](const WgslVariant &known) { return known.name; }),
               ", "));
  SmallVector<TargetVariant> result;
  for (const WgslVariant &known : allVariants()) {
    if (!requested.empty() && !is_contained(requested, known.name))
      continue;
    TargetVariant variant;
    variant.name = known.name.str();
    variant.caps = kern::CapsAttr::get(
        context, /*simd_bits=*/32, kRegisters, known.features,
        known.cheapBarriers, known.cheapBarriers ? kGroup : kSoftGroup);
    variant.features = known.deviceFeatures;
    variant.when = known.when.str();
    result.push_back(std::move(variant));
  }
  return result;
}

/// The text of some kernels, or what the printer had to say.
Expected<std::string> print(ArrayRef<KernelOp> kernels) {
  std::string text, problem;
  raw_string_ostream out(text);
  KernelOp first = kernels.empty() ? KernelOp() : kernels.front();
  if (!first)
    return text;
  Diagnostics handler(first->getContext(), [&](mlir::Diagnostic &diagnostic) {
    problem = diagnostic.str();
    return mlir::success();
  });
  if (failed(wgsl::printModule(out, kernels)))
    return internalError("cannot write WGSL: " + problem);
  return out.str();
}

constexpr StringLiteral kFolder = "kernels/webgpu/";

/// Name of the file of a custom kernel, the `index`-th of the plan's kernels.
std::string customFile(StringRef variant, size_t index) {
  return (variant + ".custom-" + Twine(index) + ".wgsl").str();
}

/// kernels/webgpu/<variant>.json: what the runtime needs to make pipelines.
std::string describe(StringRef variant, ArrayRef<KernelOp> kernels,
                     const EmitOptions &options) {
  std::string text;
  raw_string_ostream stream(text);
  json::OStream out(stream, 1);
  out.object([&] {
    out.attribute("variant", variant);
    out.attributeArray("kernels", [&] {
      for (auto [index, each] : enumerate(kernels))
        out.object([&, kernel = KernelOp(each), at = index]() mutable {
          const CustomKernel *custom =
              options.findCustom(kernel.getSymName(), variant);
          out.attribute("id", kernel.getSymName());
          out.attribute("items_per_group",
                        custom ? custom->itemsPerGroup
                               : int64_t(kernel.getItemsPerGroup()));
          out.attributeArray("bindings", [&] {
            for (unsigned i = 0; i < kernel.getNumArguments(); ++i)
              out.value(kernel.isReadonly(i) ? "read" : "read_write");
          });
          out.attribute("shared_bytes",
                        custom ? custom->sharedBytes : kernel.getSharedBytes());
          if (!custom)
            return;
          out.attribute("group",
                        custom->group[0] * custom->group[1] * custom->group[2]);
          out.attribute("source", customFile(variant, at));
          out.attribute("entry", custom->entry);
        });
    });
  });
  stream << "\n";
  return stream.str();
}

Error dump(StringRef folder, StringRef variant, ArrayRef<KernelOp> kernels,
           const EmitOptions &options) {
  for (KernelOp kernel : kernels) {
    const CustomKernel *custom =
        options.findCustom(kernel.getSymName(), variant);
    Expected<std::string> text =
        custom ? Expected<std::string>(custom->code) : print(kernel);
    if (!text)
      return text.takeError();
    SmallString<256> path(folder);
    sys::path::append(path, kernel.getSymName() + "." + variant + ".wgsl");
    std::error_code problem;
    raw_fd_ostream file(path, problem, sys::fs::OF_Text);
    if (!problem)
      file << *text, file.close(), problem = file.error();
    if (problem)
      return resourceError("cannot write " + path + ": " + problem.message());
  }
  return Error::success();
}

Expected<std::vector<TargetFile>>
WgslTarget::emit(ArrayRef<TargetVariant> variants,
                 ArrayRef<mlir::ModuleOp> modules,
                 const EmitOptions &options) const {
  std::vector<TargetFile> files;
  for (auto [variant, module] : zip_equal(variants, modules)) {
    mlir::SymbolTable symbols(module);
    SmallVector<KernelOp> kernels;
    for (const std::string &id : options.kernelIds) {
      auto kernel = symbols.lookup<KernelOp>(id);
      if (!kernel)
        return internalError("variant " + variant.name + " lacks kernel " + id);
      kernels.push_back(kernel);
    }
    if (!options.dumpDir.empty())
      if (Error error = dump(options.dumpDir, variant.name, kernels, options))
        return error;
    SmallVector<KernelOp> printed;
    for (auto [index, each] : enumerate(kernels)) {
      KernelOp kernel = each;
      if (auto *custom = options.findCustom(kernel.getSymName(), variant.name))
        files.push_back(
            {(kFolder + customFile(variant.name, index)).str(), custom->code});
      else
        printed.push_back(kernel);
    }
    auto text = print(printed);
    if (!text)
      return text.takeError();
    std::string stem = (kFolder + variant.name).str();
    files.push_back({stem + ".wgsl", std::move(*text)});
    files.push_back({stem + ".json", describe(variant.name, kernels, options)});
  }
  return files;
}

} // namespace

const sinter::Target &sinter::wgslTarget() {
  static const WgslTarget target;
  return target;
}
