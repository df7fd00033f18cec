// RUN: sinter-opt --cpu-lower-kernel %s | FileCheck %s
// RUN: sinter-opt --cpu-lower-kernel=pointer-bits=32 %s | FileCheck %s --check-prefix=WASM

// Pointers of four bytes, and no prefetch.
// WASM-NOT: prefetch
// WASM: llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr -> !llvm.ptr

// Bindings become pointers that do not alias; once, items, scratch, scalars and
// prefetches become ordinary code.
// CHECK-LABEL: func.func private @scale.body(
// CHECK-SAME: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias, llvm.noundef}
// CHECK-SAME: %[[SCALARS:[a-z0-9]+]]: !llvm.ptr {llvm.noalias, llvm.noundef}
// CHECK-SAME: %[[SCRATCH:[a-z0-9]+]]: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias, llvm.noundef}
// CHECK-SAME: %[[BEGIN:[a-z0-9]+]]: i64, %[[END:[a-z0-9]+]]: i64, %[[FIRST:[a-z0-9]+]]: i64)
// CHECK-SAME: llvm.linkage = #llvm.linkage<internal>
// CHECK: llvm.getelementptr %[[SCRATCH]][0]
// CHECK: llvm.getelementptr %[[SCRATCH]][64]
// CHECK: %[[IS_FIRST:.+]] = arith.cmpi ne, %[[FIRST]], %{{.+}} : i64
// CHECK: scf.if %[[IS_FIRST]] {
// CHECK:   %[[ROW:.+]] = llvm.getelementptr %[[SCALARS]][16]
// CHECK:   llvm.load %[[ROW]] {alignment = 8 : i64} : !llvm.ptr -> i64
// CHECK: }
// CHECK: %[[FROM:.+]] = arith.index_cast %[[BEGIN]] : i64 to index
// CHECK: %[[TO:.+]] = arith.index_cast %[[END]] : i64 to index
// CHECK: scf.for %[[ITEM:.+]] = %[[FROM]] to %[[TO]]
// CHECK:   memref.prefetch %{{.+}}[%[[ITEM]]], read, locality<3>, data : memref<?xf32>

// The entry has the signature of sinter_abi.h and loads the bindings.
// CHECK-LABEL: func.func @scale(
// CHECK-SAME: %[[BINDINGS:[a-z0-9]+]]: !llvm.ptr {llvm.noundef}, {{.*}}i64, {{.*}}i64, {{.*}}i64)
// CHECK: %[[ADDRESS:.+]] = llvm.getelementptr %[[BINDINGS]][0]
// CHECK: %[[X:.+]] = llvm.load %[[ADDRESS]] {alignment = 8 : i64} : !llvm.ptr -> !llvm.ptr
// CHECK: call @scale.body(%[[X]],
kern.kernel @scale(%x: memref<?xf32>) attributes {caps = #kern.caps<simd_bits = 128, registers = 16, features = none>} {
  %pad = kern.scratch : memref<3xi8>
  %s = kern.scratch : memref<1xf32>
  kern.once {
    %row = kern.scalar row
  }
  kern.for_items %i {
    kern.prefetch %x[%i] : memref<?xf32>
  }
  kern.return
}
