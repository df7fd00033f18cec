// Passes that bring kern IR into a form LLVM can spell for one CPU variant.
#ifndef SINTER_CPU_PASSES_TD
#define SINTER_CPU_PASSES_TD
include "mlir/Pass/PassBase.td"

def ExpandMathPass : Pass<"cpu-expand-math"> {
  let summary = "replace math functions by polynomials";
  let description = [{
    A kernel may not call libm. exp, log, tanh, erf and the like become upstream's polynomial approximations; with
    `expand-fma`, math.fma becomes a product and a sum, for machines where fma is a library call.
  }];
  let options = [Option<"expandFma", "expand-fma", "bool", "false", "the machine has no fused multiply-add">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def ExpandF16Pass : Pass<"cpu-expand-f16"> {
  let summary = "convert between f16 and f32 with integer operations";
  let description = [{
    For machines without conversion instructions, where LLVM would call a library function for every element. Exact;
    to f16 rounds to nearest even.
    With the attribute `kern.finite` on arith.extf the number is finite (scales of blocks, caches, which saturate) and takes
    four operations instead of eleven; an infinity would become 65536 and a NaN a larger number.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect"];
}

def LowerDot4Pass : Pass<"cpu-lower-dot4"> {
  let summary = "kern.dot4 to the machine's dot product instructions";
  let description = [{
    Exact on every machine. `isa` is one of generic, ssse3, avx2, avx512-vnni, arm-dotprod, arm-i8mm,
    wasm-relaxed, wasm-simd128. A chain of up to eight dot4 with
    lhs_small stays in 16-bit sums on ssse3 and avx2: 8 * 2 * 15 * 128 < 32768.
  }];
  let options = [Option<"isa", "isa", "std::string", "\"generic\"", "which instructions to use">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def LowerKernelPass : Pass<"cpu-lower-kernel", "::mlir::ModuleOp"> {
  let summary = "kern.kernel to a function with the signature of sinter_abi.h";
  let description = [{
    ```
    kern.kernel @k(%x: memref<?xf32>, ...) { kern.once {A} kern.for_items %i {B} kern.return }
    // becomes
    func.func private @k.body(%x: !llvm.ptr {noalias, align 64}, ..., %scalars, %scratch, %begin, %end, %first) {
      scf.if %first != 0 {A}
      scf.for %i = %begin to %end {B}
    }
    func.func @k(%bindings: !llvm.ptr, %scalars, %scratch, %begin, %end, %first) { /* load bindings, call @k.body */ }
    ```
    kern.scratch becomes a part of the scratch memory, kern.scalar a load, kern.prefetch memref.prefetch (with pointers of 32
    bits, wasm's, nothing).
  }];
  let options = [Option<"pointerBits", "pointer-bits", "unsigned", "64", "bits of a pointer and of an index">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::LLVM::LLVMDialect"];
}

def LowerWasmFmaPass : Pass<"cpu-lower-wasm-fma"> {
  let summary = "f32 fma to relaxed_madd";
  let description = [{
    Fused or not, as the machine likes it: LLVM's own fma must be fused, and would be a call for each element. Vectors of whole
    registers (four elements) take `llvm.wasm.relaxed.madd`, everything else becomes a product and a sum.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect"];
}

def ConvertToLlvm32Pass : Pass<"cpu-convert-to-llvm32", "::mlir::ModuleOp"> {
  let summary = "everything to the LLVM dialect, with an index of 32 bits";
  let description = [{
    Upstream's conversions in one: some of its passes cannot be told the width of an index.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect"];
}

#endif
