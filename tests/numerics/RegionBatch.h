// Regions, compiled together for one instruction set, run against their
// meaning: in this process, or under emulation where the machine cannot.
#pragma once

#include "Arm64Emulator.h"
#include "RegionReference.h"

#include "compiler/kernels/KernelFamily.h"

#include <functional>

namespace sinter::test {

class RegionBatch {
public:
  explicit RegionBatch(std::string variant);

  /// Adds `xf.region` text (any symbol name). The family must be `family` when
  /// chosen by selection; `forced` builds with it even if another is preferred.
  size_t add(const std::string &text, llvm::StringRef family,
             bool forced = false);

  /// Compiles what was added; a test failure otherwise.
  bool compile();

  /// Runs region `index` and compares results and caches with the reference:
  /// |got - wanted| <= tolerance * (largest magnitude of the row, at least
  /// 1e-3). `prepare` may change the arguments before.
  void check(size_t index, const RunSize &size, double tolerance,
             std::function<void(std::vector<Datum> &)> prepare = {});

private:
  struct Entry {
    mlir::OwningOpRef<mlir::ModuleOp> module;
    xf::RegionOp region;
    const kernels::KernelFamily *family;
    std::string id;
  };
  void run(const Entry &entry, std::vector<Memory *> bindings,
           const RunSize &size, std::mt19937 &random);
  void runNatively(const Entry &entry, const std::vector<Memory *> &bindings,
                   const sinter_scalars &scalars, int64_t items,
                   std::mt19937 &random);
  void emulate(const Entry &entry, const std::vector<Memory *> &bindings,
               const sinter_scalars &scalars, int64_t items);
  bool linkForEmulation();

  std::string variant;
  std::vector<Entry> entries;
  mlir::OwningOpRef<mlir::ModuleOp> module;    ///< all kernels
  std::unique_ptr<cpu::LoadedKernels> kernels; ///< of this machine
  std::unique_ptr<Emulator> emulator;          ///< of another
  std::vector<std::string> emulatedIds;
};

/// Name of a variant as part of a test's name.
std::string testName(std::string variant);

} // namespace sinter::test
