// The order of the SPIR-V target's passes, and their registration.
#include "targets/common/grid/GridPasses.h"
#include "targets/spirv/binary/Binary.h"
#include "targets/spirv/raise/SpirvPasses.h"

#include "dialects/kern/Kern.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace sinter;

void spirvtarget::populateLegalize(OpPassManager &passes) {
  passes.addPass(grid::createGridExpandMathPass());
  passes.addPass(grid::createGridExpandVectorsPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createLoopInvariantCodeMotionPass());
  passes.addPass(createCSEPass());
  passes.addPass(createConvertKernelsPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

namespace sinter::spirvtarget {
#define GEN_PASS_REGISTRATION
#include "targets/spirv/raise/SpirvPasses.h.inc"
} // namespace sinter::spirvtarget

namespace {
/// For tests: FOLDER/<kernel>.spv for every spirv.module.
struct WritePass : public PassWrapper<WritePass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(WritePass)
  WritePass() = default;
  WritePass(const WritePass &other) : PassWrapper(other) {}
  StringRef getArgument() const override { return "spirv-write"; }
  StringRef getDescription() const override {
    return "write every spirv.module's binary to FOLDER/<name>.spv";
  }
  Option<std::string> folder{*this, "folder",
                             llvm::cl::desc("an existing folder")};
  void runOnOperation() override {
    for (auto module : getOperation().getOps<spirv::ModuleOp>()) {
      FailureOr<std::vector<uint32_t>> words = spirvtarget::serialize(module);
      if (failed(words))
        return signalPassFailure();
      SmallString<128> path{StringRef(folder)};
      llvm::sys::path::append(path, *module.getSymName() + ".spv");
      std::error_code problem;
      llvm::raw_fd_ostream file(path, problem);
      if (!problem)
        file << spirvtarget::bytesOf(*words);
      if (problem) {
        module.emitError("cannot write ") << path.str();
        return signalPassFailure();
      }
    }
  }
};
} // namespace

void sinter::registerSpirvPasses() {
  spirvtarget::registerSpirvPasses();
  PassRegistration<WritePass>();
  PassPipelineRegistration<>(
      "spirv-legalize", "kern IR for grids to spirv.module ops",
      [](OpPassManager &passes) { spirvtarget::populateLegalize(passes); });
}
