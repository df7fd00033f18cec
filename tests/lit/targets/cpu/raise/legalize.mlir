// RUN: sinter-opt --cpu-legalize=variant=avx2 %s | FileCheck %s
// RUN: sinter-opt --cpu-legalize=variant=x86-64-v2 %s | FileCheck %s
// RUN: sinter-opt --cpu-legalize=variant=arm64-dotprod %s | FileCheck %s
// RUN: sinter-opt --cpu-legalize=variant=relaxed %s | FileCheck %s
// RUN: sinter-opt --cpu-legalize=variant=simd128 %s | FileCheck %s

// Nothing but the LLVM dialect is left.
// CHECK-NOT: {{(kern|scf|cf|func|memref|vector|arith|math|unrealized_conversion_cast)\.}}
// CHECK: llvm.func internal @add.body(
// CHECK: llvm.func @add(
// CHECK: llvm.call @add.body(
// CHECK-NOT: {{(kern|scf|cf|func|memref|vector|arith|math)\.}}
kern.kernel @add(%x: memref<?xf32>, %y: memref<?xi8>) attributes {caps = #kern.caps<simd_bits = 128, registers = 16, features = none>} {
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    %h = memref.view %y[%i][] : memref<?xi8> to memref<4xf16>
    %a = vector.load %h[%c0] : memref<4xf16>, vector<4xf16>
    %b = arith.extf %a : vector<4xf16> to vector<4xf32>
    %mask = vector.create_mask %i : vector<4xi1>
    %old = vector.maskedload %x[%c0], %mask, %b : memref<?xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
    %e = math.exp %old : vector<4xf32>
    vector.maskedstore %x[%c0], %mask, %e : memref<?xf32>, vector<4xi1>, vector<4xf32>
  }
  kern.return
}
