// Registers dialects and passes; see Registration.h for how to extend it.
#include "compiler/driver/Registration.h"

#include "compiler/kernels/KernelPasses.h"
#include "compiler/transforms/Passes.h"
#include "dialects/kern/Kern.h"
#include "dialects/plan/Plan.h"
#include "dialects/xf/Xf.h"
#include "targets/common/grid/GridPasses.h"
#include "targets/cpu/raise/CpuPasses.h"
#include "targets/spirv/raise/SpirvPasses.h"
#include "targets/wgsl/raise/WgslPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void sinter::registerAllSinterDialects(DialectRegistry &registry) {
  registry.insert<xf::XfDialect, plan::PlanDialect, kern::KernDialect>();
  registry.insert<arith::ArithDialect, cf::ControlFlowDialect,
                  func::FuncDialect, gpu::GPUDialect, LLVM::LLVMDialect,
                  linalg::LinalgDialect, math::MathDialect,
                  memref::MemRefDialect, scf::SCFDialect, spirv::SPIRVDialect,
                  tensor::TensorDialect, vector::VectorDialect>();
}

void sinter::registerAllSinterPasses() {
  registerTransformsPasses();
  registerSinterTransformsPasses();
  registerSinterKernelPasses();
  registerCpuPasses();
  registerGridPasses();
  registerSpirvPasses();
  registerWgslPasses();
}
