// The order of the CPU target's passes: ours first, which know the variant,
// then upstream's conversions to the LLVM dialect.
#include "targets/cpu/raise/CpuPasses.h"

#include "dialects/kern/Kern.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace sinter;

void cpu::populateLegalize(OpPassManager &passes, const CpuVariant &variant) {
  auto has = [&](kern::Feature feature) {
    return kern::bitEnumContainsAll(variant.features, feature);
  };
  ExpandMathPassOptions math;
  math.expandFma = !has(kern::Feature::fma);
  passes.addPass(createExpandMathPass(math));
  if (variant.arch == Arch::wasm32)
    passes.addPass(createLowerWasmFmaPass());
  if (!has(kern::Feature::f16_convert))
    passes.addPass(createExpandF16Pass());
  LowerDot4PassOptions dot;
  dot.isa = dotIsaName(variant.dot).str();
  passes.addPass(createLowerDot4Pass(dot));
  LowerKernelPassOptions kernel;
  kernel.pointerBits = pointerBits(variant.arch);
  passes.addPass(createLowerKernelPass(kernel));
  // What upstream's conversions make is cleaned up by LLVM's own passes; CSE
  // here only makes less for it to read.
  passes.addPass(createCSEPass());
  passes.addPass(createConvertVectorToSCFPass());
  passes.addPass(createConvertSCFToCFPass());
  if (pointerBits(variant.arch) == 32) {
    passes.addPass(createConvertToLlvm32Pass());
    passes.addPass(createReconcileUnrealizedCastsPass());
    return;
  }
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
}

namespace {
struct LegalizeOptions : public PassPipelineOptions<LegalizeOptions> {
  Option<std::string> variant{*this, "variant",
                              llvm::cl::desc("name of a CPU variant"),
                              llvm::cl::init("avx512-vnni")};
};
} // namespace

namespace sinter::cpu {
#define GEN_PASS_REGISTRATION
#include "targets/cpu/raise/CpuPasses.h.inc"
} // namespace sinter::cpu

void sinter::registerCpuPasses() {
  cpu::registerCpuPasses();
  PassPipelineRegistration<LegalizeOptions>(
      "cpu-legalize", "kern.kernel to the LLVM dialect for one CPU variant",
      [](OpPassManager &passes, const LegalizeOptions &options) {
        if (const cpu::CpuVariant *variant = cpu::findVariant(options.variant))
          cpu::populateLegalize(passes, *variant);
      });
}
