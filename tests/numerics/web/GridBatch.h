// Kernels for grids as WGSL, validated by Dawn and run on SwiftShader, against
// their meaning. A test of a family:
//
//   TEST_P(GridLinearTest, Decode) {
//     GridBatch batch(GetParam());               // "soft", "f32", "f16"
//     size_t r = batch.add(text, "linear_gemv"); // xf.region text, its family
//     batch.check(r, {1, 0}, 2e-5);              // tokens, position; tolerance
//     batch.run();
//   }
//
// check() only notes a case; run() builds and prints all kernels through the
// target, as a bundle has them, hands them to one Node process
// (run-cases.mjs) and compares. Every variant is validated with the features it
// needs and WebGPU's default limits; what SwiftShader cannot run (f16) is not
// executed. Behind every binding lie 256 bytes of NaN that belong to the
// binding: reading them spoils the result, writing them is noticed.
//
// Where Node, the npm packages or Chromium's SwiftShader are missing, run()
// skips the test with a message.
#pragma once

#include "../RegionCheck.h"

#include "compiler/kernels/KernelFamily.h"

#include <array>
#include <functional>

namespace sinter::test {

/// One run of a kernel: workgroups, scalars, what each binding holds.
struct GridRun {
  std::string kernel;
  int64_t x = 1, y = 1;
  std::array<uint32_t, 3> scalars{}; ///< token_count, position, row
  std::vector<Memory *> bindings;
};

class GridBatch {
public:
  explicit GridBatch(std::string variant);

  /// Adds `xf.region` text (any symbol name). The family must be `family` when
  /// chosen by selection; `forced` builds with it even if another is preferred.
  size_t add(const std::string &text, llvm::StringRef family,
             bool forced = false);

  /// Notes a run of region `index`; compared as checkRegion says. `prepare` may
  /// change the arguments before.
  void check(size_t index, const RunSize &size, double tolerance,
             std::function<void(std::vector<Datum> &)> prepare = {});

  /// Notes a run of region `index` on given bindings, which must live until
  /// run(); `inspect` looks at them afterwards.
  void check(size_t index, std::vector<Memory *> bindings,
             std::function<void()> inspect);

  /// Adds kern.kernel text; its caps stand as `#caps`.
  void addKernel(const std::string &text);
  /// Notes a run of such a kernel. `inspect` looks at the bindings afterwards,
  /// which must live until run(); it is not called where nothing is executed.
  void check(GridRun run, std::function<void()> inspect);

  /// Builds, validates, runs, compares. Skips the test where it cannot.
  void run();

  /// The WGSL of all kernels, after run().
  const std::string &wgsl() const { return text; }
  kern::CapsAttr caps() const { return variant.caps; }

private:
  struct Entry {
    mlir::OwningOpRef<mlir::ModuleOp> module;
    xf::RegionOp region;
    const kernels::KernelFamily *family;
    std::string id;
  };
  struct Case {
    GridRun run;
    std::function<void()> inspect;
  };
  bool build();
  bool print();
  bool execute(const std::string &folder);
  void dispatchOf(const Entry &entry, const RunSize &size, GridRun &run);
  std::string inputs(const std::string &folder);

  TargetVariant variant;
  std::vector<Entry> entries;
  std::vector<Case> cases;
  mlir::OwningOpRef<mlir::ModuleOp> module; ///< all kernels
  std::string text;
};

/// The variants that SwiftShader runs, and all of them.
inline const std::vector<std::string> kGridVariants = {"soft", "f32"};
inline const std::vector<std::string> kAllGridVariants = {"soft", "f32", "f16"};

} // namespace sinter::test
