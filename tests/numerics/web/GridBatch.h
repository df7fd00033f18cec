// Kernels for grids against their meaning, through a target and on a device. A
// test of a family:
//
//   TEST_P(GridLinearTest, Decode) {
//     GridBatch batch(GetParam());               // one of kGridVariants
//     size_t r = batch.add(text, "linear_gemv"); // xf.region text, its family
//     batch.check(r, {1, 0}, 2e-5);              // tokens, position; tolerance
//     batch.run();
//   }
//
// check() only notes a case; run() builds all kernels, brings them through the
// target as a bundle has them, hands them to one process or device (GridRunner.h)
// and compares. The same cases run on every target: WGSL is validated by Dawn
// with the features a variant needs and WebGPU's default limits, and executed on
// SwiftShader where that has the features (not f16); SPIR-V is validated for
// Vulkan 1.2 and executed on lavapipe and on SwiftShader's Vulkan driver. Behind
// every binding lie 256 bytes of NaN that belong to the binding: reading them
// spoils the result, writing them is noticed.
//
// Where Node, the npm packages or a driver are missing, run() skips the test
// with a message.
#pragma once

#include "../RegionCheck.h"
#include "GridRunner.h"

#include "compiler/kernels/KernelFamily.h"

#include <functional>

namespace sinter::test {

class GridBatch {
public:
  /// `where`: a variant of WGSL ("soft"), or one of SPIR-V and the driver that
  /// runs it ("spirv-soft@lavapipe").
  explicit GridBatch(llvm::StringRef where);

  /// Adds `xf.region` text (any symbol name). The family must be `family` when
  /// chosen by selection; `forced` builds with it even if another is preferred.
  size_t add(const std::string &text, llvm::StringRef family,
             bool forced = false);

  /// Notes a run of region `index`; compared as checkRegion says. `prepare` may
  /// change the arguments before.
  void check(size_t index, const RunSize &size, double tolerance,
             std::function<void(std::vector<Datum> &)> prepare = {});

  /// Adds kern.kernel text; its caps stand as `#caps`.
  void addKernel(const std::string &text);
  /// Notes a run of such a kernel. `inspect` looks at the bindings afterwards,
  /// which must live until run(); it is not called where nothing is executed.
  void check(GridRun run, std::function<void()> inspect);

  /// Builds, validates, runs, compares. Skips the test where it cannot.
  void run();

  kern::CapsAttr caps() const { return program.variant.caps; }

private:
  struct Entry {
    mlir::OwningOpRef<mlir::ModuleOp> module;
    xf::RegionOp region;
    const kernels::KernelFamily *family;
    std::string id;
  };
  bool build();
  bool emit();
  void dispatchOf(const Entry &entry, const RunSize &size, GridRun &run);

  const GridRunner *runner;
  GridProgram program;
  std::vector<Entry> entries;
  std::vector<GridRun> runs;
  std::vector<std::function<void()>> inspections; ///< of the runs
  mlir::OwningOpRef<mlir::ModuleOp> module;       ///< all kernels
};

/// Every variant of both targets, on every device that runs it.
inline const std::vector<std::string> kGridVariants = {
    "soft",
    "f32",
    "f16",
    "spirv-soft@lavapipe",
    "spirv-soft@swiftshader",
    "spirv-f32@lavapipe",
    "spirv-f32@swiftshader",
    "spirv-f16@lavapipe",
};

/// A variant's name as part of a test's: "spirv_soft_lavapipe".
std::string gridTestName(const testing::TestParamInfo<std::string> &info);

} // namespace sinter::test
