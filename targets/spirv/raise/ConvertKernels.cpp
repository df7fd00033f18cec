// The pass over all kernels of a module; see SpirvPasses.td.
#include "targets/spirv/raise/KernelLowering.h"
#include "targets/spirv/raise/SpirvPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter;

namespace sinter::spirvtarget {
#define GEN_PASS_DEF_CONVERTKERNELSPASS
#include "targets/spirv/raise/SpirvPasses.h.inc"
} // namespace sinter::spirvtarget

namespace {

struct ConvertKernelsPass
    : public spirvtarget::impl::ConvertKernelsPassBase<ConvertKernelsPass> {
  void runOnOperation() override {
    SmallVector<kern::KernelOp> kernels(
        getOperation().getOps<kern::KernelOp>());
    for (kern::KernelOp kernel : kernels) {
      // Software compiles every copy of an unrolled body again and again; what
      // should be unrolled is so by the kernel family. A GPU's driver knows
      // better: arrays that it indexes with constants become registers.
      bool keepLoops = !kernel.getCaps().getCheapBarriers();
      FailureOr<spirv::ModuleOp> module = spirvtarget::lowerKernel(kernel);
      if (failed(module) ||
          failed(spirvtarget::convertBody(*module, keepLoops)))
        return signalPassFailure();
    }
  }
};

} // namespace
