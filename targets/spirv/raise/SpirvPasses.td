// Passes that bring kern IR for grids to the spirv dialect.
#ifndef SINTER_SPIRV_PASSES_TD
#define SINTER_SPIRV_PASSES_TD
include "mlir/Pass/PassBase.td"

def ConvertKernelsPass : Pass<"spirv-convert-kernels", "::mlir::ModuleOp"> {
  let summary = "every kern.kernel to a spirv.module of its name";
  let description = [{
    Bindings become storage buffers of descriptor set 0, in the order of the arguments; the scalars a uniform block in set 1; lanes, items and
    blocks built-in variables; kern.scratch workgroup or function variables. arith, math, scf and vector go through upstream's
    patterns. The two half conversions become calls of `unpackHalf2x16` and `packHalf2x16` (docs/vulkan.md). spirv.module
    attributes `sinter.group`, `sinter.items_per_group`, `sinter.shared_bytes`, `sinter.bindings` and `sinter.written` (bit i: argument i is
    stored to) are what the runtime must know.
  }];
  let dependentDialects = ["::mlir::spirv::SPIRVDialect", "::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect"];
}

#endif
