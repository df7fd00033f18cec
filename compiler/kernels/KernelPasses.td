// The kernel families as a pass: what `sinter-opt` shows of a choice and of the kern IR it leads to.
#ifndef SINTER_KERNEL_PASSES_TD
#define SINTER_KERNEL_PASSES_TD
include "mlir/Pass/PassBase.td"

def BuildRegionKernels : Pass<"xf-build-region-kernels", "::mlir::ModuleOp"> {
  let summary = "replace every xf.region by the kern.kernel of the first family that accepts it";
  let description = [{
    A remark at each region names the family, the work items, and why earlier families declined. It is an error if no family takes a
    region, and if the caps options name something that is not a feature. The compiler itself builds kernels the same way, once per
    variant of a target (compiler/lowering/BuildKernels.cpp); this pass is for looking at one kernel.
    ```
    xf.region @r(%x: tensor<?x64xf32>, %g: tensor<64xf32, #xf.quant<f32>>) -> tensor<?x64xf32> { ... }
    -->
    kern.kernel @rmsnorm_f32_64_1a2b3c4d(%x: memref<?xf32>, %g: memref<?xf32>, %y: memref<?xf32>) attributes {caps = ...} { ... }
    ```
  }];
  let options = [
    Option<"simdBits", "simd-bits", "int64_t", "512", "width of a vector register">,
    Option<"registers", "registers", "int64_t", "32", "number of vector registers">,
    Option<"features", "features", "std::string", "\"fma|f16_convert|dot_u8s8\"", "features of #kern.caps, separated by |">,
    Option<"group", "group", "int64_t", "0", "lanes of a workgroup; 0 for CPU workers. More: families for grids are asked, and simd-bits is 32">,
    Option<"cheapBarriers", "cheap-barriers", "bool", "false", "whether the lanes of a workgroup may meet">,
    Option<"matrix", "matrix", "int64_t", "0", "edge of the matrices that a subgroup multiplies; 0: none">,
    Option<"matrixBytes", "matrix-bytes", "int64_t", "0", "depth of those of bytes; 0: none">];
  let dependentDialects = ["::sinter::kern::KernDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

#endif
