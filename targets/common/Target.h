// What every target offers the pipeline: its variants (instruction sets, device
// classes), and the two steps from kern IR to files of a bundle. Targets never
// see each other; the driver lists them in Targets.def.
#pragma once

#include "dialects/kern/Kern.h"
#include "targets/common/custom/CustomKernel.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/LogicalResult.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace sinter {

/// One set of kernels for one kind of device. All variants of a bundle share
/// the plan, the kernel ids and the work items.
struct TargetVariant {
  std::string name; ///< "avx512-vnni"; also the name of the module that holds
                    ///< its kernels
  kern::CapsAttr caps; ///< what kernel families may use
  /// For manifest.json, where the runtime chooses by them: names of the device
  /// features it needs, and a class of devices it is for ("software").
  std::vector<std::string> features;
  std::string when;
};

/// A file of a bundle made by a target, path relative to the bundle.
struct TargetFile {
  std::string path;
  std::string bytes;
};

/// What emit() needs beyond the kernels.
struct EmitOptions {
  std::string prefix; ///< C identifier, prefix of static symbols
  std::array<uint8_t, 32> planSha256{}; ///< SHA-256 of plan.fb
  std::vector<std::string> kernelIds;   ///< order of the plan's kernel table
  std::string dumpDir; ///< where to write assembly per kernel; empty: nowhere
  /// Take the place of the generated kernels of their id and variant.
  std::vector<CustomKernel> custom;

  /// The custom kernel for an id in a variant, or null.
  const CustomKernel *findCustom(llvm::StringRef id,
                                 llvm::StringRef variant) const {
    for (const CustomKernel &kernel : custom)
      if (kernel.id == id && kernel.variant == variant)
        return &kernel;
    return nullptr;
  }
  unsigned threads = 1;
};

/// Who runs the program of a plan, and what its memory must look like. Targets
/// with the same kind share one plan.
struct PlanKind {
  /// Workgroups of lanes with f32 activations; else CPU workers, which take
  /// int8 activations (docs/web.md).
  bool grid = false;
  int64_t alignment = 64;           ///< of arena and state ranges, bytes
  int64_t bindingLimit = INT64_MAX; ///< largest range a binding may have, bytes
  llvm::StringRef file = "plan.fb"; ///< where the bundle keeps it
};

class Target {
public:
  virtual ~Target() = default;
  virtual llvm::StringRef name() const = 0;
  virtual PlanKind planKind() const { return {}; }
  /// Whether a bundle with it is also a web page and an ES module.
  virtual bool runsInBrowser() const { return false; }

  /// The variants named in `requested` (all of them if empty), in order of
  /// preference, best first. An unknown name is an UnsupportedError.
  virtual llvm::Expected<llvm::SmallVector<TargetVariant>>
  variants(mlir::MLIRContext *context,
           llvm::ArrayRef<std::string> requested) const = 0;

  /// Adds the passes that bring a module of kern.kernel ops (one variant) to
  /// what emit() takes.
  virtual void populateLegalize(mlir::OpPassManager &passes,
                                const TargetVariant &variant) const = 0;

  /// Dialects whose ops may stand in a legalized module.
  virtual llvm::ArrayRef<llvm::StringRef> legalDialects() const {
    static const llvm::StringRef legal[] = {"builtin", "llvm"};
    return legal;
  }

  /// The language of custom kernels ("glsl") and the extensions of their files;
  /// empty: the target takes none.
  virtual llvm::StringRef shaderLanguage() const { return {}; }
  virtual llvm::ArrayRef<llvm::StringRef> shaderExtensions() const {
    return {};
  }
  /// A user's shader for a region, compiled and compared with what the region
  /// binds, for all of these variants (the result names none). Only where there
  /// is a shaderLanguage().
  virtual llvm::Expected<CustomKernel>
  compileCustom(const KernelInterface &interface, const KernelSource &source,
                llvm::ArrayRef<TargetVariant *> variants) const {
    llvm_unreachable("the target has no shader language");
  }
  /// A shader that compiles and declares what the region binds, with an empty
  /// body.
  virtual std::string skeleton(const KernelInterface &interface) const {
    llvm_unreachable("the target has no shader language");
  }

  /// Legalized modules, one per variant and in the same order, to files.
  virtual llvm::Expected<std::vector<TargetFile>>
  emit(llvm::ArrayRef<TargetVariant> variants,
       llvm::ArrayRef<mlir::ModuleOp> modules,
       const EmitOptions &options) const = 0;
};

} // namespace sinter
