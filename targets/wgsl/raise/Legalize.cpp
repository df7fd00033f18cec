// The order of the WGSL target's passes, and their registration. What is
// computed once is computed once in the text: the compilers of some devices
// (SwiftShader's) do not clean up after us.
#include "targets/common/grid/GridPasses.h"
#include "targets/wgsl/printer/ModulePrinter.h"
#include "targets/wgsl/raise/WgslPasses.h"

#include "dialects/kern/Kern.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace sinter;

void wgsl::populateLegalize(OpPassManager &passes) {
  passes.addPass(grid::createGridExpandMathPass());
  passes.addPass(grid::createGridExpandVectorsPass());
  passes.addPass(grid::createGridReduceDivisionPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createLoopInvariantCodeMotionPass());
  passes.addPass(createCSEPass());
  passes.addPass(createRaiseComparesPass());
  passes.addPass(createRaiseConstantsPass());
  passes.addPass(createAssignSignsPass());
}

namespace sinter::wgsl {
#define GEN_PASS_REGISTRATION
#include "targets/wgsl/raise/WgslPasses.h.inc"
} // namespace sinter::wgsl

namespace {
/// For tests: the text of all kernels, in their order.
struct PrintPass : public PassWrapper<PrintPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PrintPass)
  StringRef getArgument() const override { return "wgsl-print"; }
  StringRef getDescription() const override {
    return "write a legalized module of kernels to standard output as WGSL";
  }
  void runOnOperation() override {
    SmallVector<kern::KernelOp> kernels(
        getOperation().getOps<kern::KernelOp>());
    if (failed(wgsl::printModule(llvm::outs(), kernels)))
      signalPassFailure();
  }
};
} // namespace

void sinter::registerWgslPasses() {
  wgsl::registerWgslPasses();
  PassRegistration<PrintPass>();
  PassPipelineRegistration<>(
      "wgsl-legalize", "kern IR for grids to what the WGSL printer spells",
      [](OpPassManager &passes) { wgsl::populateLegalize(passes); });
}
