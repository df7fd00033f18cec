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
// target as a bundle has them, hands them to one process or device
// (GridRunner.h) and compares. The same cases run on every target: WGSL is
// validated by Dawn with the features a variant needs and WebGPU's default
// limits, and executed on SwiftShader where that has the features, or, where it
// calculates in f16, on lavapipe behind a test layer (run-cases.mjs); SPIR-V is
// validated for Vulkan 1.2 and executed on lavapipe and on SwiftShader's Vulkan
// driver. Behind every binding lie 256 bytes of NaN that belong to the binding:
// reading them spoils the result, writing them is noticed.
//
// Where Node, the npm packages or a driver are missing, run() skips the test
// with a message.
#pragma once

#include "../RegionCheck.h"
#include "GridRunner.h"

#include "compiler/kernels/KernelFamily.h"

#include <functional>

namespace sinter::test {

class KernelForms;

class GridBatch {
public:
  /// `where`: a variant of WGSL ("soft"), or one of SPIR-V and the driver that
  /// runs it ("spirv-soft@lavapipe").
  explicit GridBatch(llvm::StringRef where);

  /// Adds `xf.region` text (any symbol name). The family must be `family` when
  /// chosen by selection; `forced` builds with it even if another is preferred.
  size_t add(const std::string &text, llvm::StringRef family,
             bool forced = false);

  /// Adds the region with every value of each parameter of its schedule, one at
  /// a time; the defaults are what add() tests. Indices of all of them.
  std::vector<size_t> addSchedules(const std::string &text,
                                   llvm::StringRef family);

  /// Notes a run of region `index`; compared as checkRegion says. `prepare` may
  /// change the arguments before. Where kernels quantize the inputs of linears
  /// (packed_dot) arguments are such that it loses nothing, unless the batch
  /// has `anyInputs`.
  void check(size_t index, const RunSize &size, double tolerance,
             std::function<void(std::vector<Datum> &)> prepare = {});
  bool anyInputs = false;

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

  /// The form of the kernel of region `index` (KernelForms.h).
  size_t formOf(size_t index) const;

  /// Instead of run(): counts the kernels of all regions.
  void addTo(KernelForms &forms) const;

  kern::CapsAttr caps() const { return program.variant.caps; }
  /// What a linear of `scheme` is compared with: `exact` where it is summed in
  /// f32, kHalfSums where integer weights are multiplied in f16 (GridHalf).
  double linearTolerance(llvm::StringRef scheme, double exact) const;
  bool quantizes() const { return caps().has(kern::Feature::packed_dot); }

private:
  struct Entry {
    mlir::OwningOpRef<mlir::ModuleOp> module;
    xf::RegionOp region;
    xf::RegionOp meaning; ///< the region, or its twin that quantizes
    const kernels::KernelFamily *family;
    std::string
        id; ///< of the kernel: with a schedule the family's and a suffix
    kernels::Schedule schedule;
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

/// The variants of both targets, on every device that runs them, but for those
/// that differ in linears only.
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

/// What multiplies packed bytes: other kernels for linears.
inline const std::vector<std::string> kDotVariants = {
    "dot", "spirv-dot@lavapipe", "spirv-dot@swiftshader"};

/// What multiplies in f16: other kernels for linears of integers.
inline const std::vector<std::string> kHalfVariants = {"f16",
                                                       "spirv-f16@lavapipe"};
/// Relative to the row's largest: inputs and products are rounded to f16, and
/// every sum of eight of them (docs/kernels.md has the figures).
constexpr double kHalfSums = 2e-3;

/// What multiplies matrices of subgroups: other kernels for linears of many
/// tokens. Of the drivers only lavapipe from Mesa 25 on has them.
inline const std::vector<std::string> kMatrixVariants = {
    "spirv-coop@lavapipe", "spirv-coop8@lavapipe"};

/// Those of bytes; like the ones above for weights of f16.
inline const std::vector<std::string> kByteMatrixVariants = {
    "spirv-coop-s8@lavapipe", "spirv-coop-s8k16@lavapipe",
    "spirv-coop8-s8@lavapipe"};

/// A variant's name as part of a test's: "spirv_soft_lavapipe".
std::string gridTestName(const testing::TestParamInfo<std::string> &info);

} // namespace sinter::test
