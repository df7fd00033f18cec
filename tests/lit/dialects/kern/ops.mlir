// RUN: sinter-opt %s | sinter-opt | FileCheck %s
// RUN: sinter-opt --mlir-print-op-generic %s | sinter-opt | FileCheck %s

#caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>

// CHECK-LABEL: kern.kernel @scale(
// CHECK-SAME: %{{.*}}: memref<?xf32>, %{{.*}}: memref<?xi8>) attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
kern.kernel @scale(%x: memref<?xf32>, %y: memref<?xi8>) attributes {caps = #caps} {
  // CHECK: kern.scratch : memref<64xf32>
  %tmp = kern.scratch : memref<64xf32>
  // CHECK: kern.scalar position
  %position = kern.scalar position
  // CHECK: kern.scalar token_count
  %tokens = kern.scalar token_count
  // CHECK: kern.scalar row
  %row = kern.scalar row
  // CHECK: kern.once {
  kern.once {
    %0 = memref.load %x[%row] : memref<?xf32>
    memref.store %0, %tmp[%position] : memref<64xf32>
  }
  // CHECK: kern.for_items %{{.*}} {
  kern.for_items %i {
    // CHECK: kern.prefetch %{{.*}}[%{{.*}}] : memref<?xi8>
    kern.prefetch %y[%i] : memref<?xi8>
  }
  // CHECK: kern.return
  kern.return
}

// CHECK-LABEL: func.func @dot4
func.func @dot4(%acc: vector<8xi32>, %u: vector<32xi8>, %s: vector<32xi8>) -> vector<8xi32> {
  // CHECK: kern.dot4 %{{.*}}, %{{.*}}, %{{.*}} {lhs_small, lhs_unsigned, rhs_symmetric} : vector<8xi32>, vector<32xi8>
  %0 = kern.dot4 %acc, %u, %s {lhs_unsigned, lhs_small, rhs_symmetric} : vector<8xi32>, vector<32xi8>
  // CHECK: kern.dot4 %{{.*}}, %{{.*}}, %{{.*}} : vector<8xi32>, vector<32xi8>
  %1 = kern.dot4 %0, %s, %s : vector<8xi32>, vector<32xi8>
  return %1 : vector<8xi32>
}

// CHECK-LABEL: kern.kernel @barriers()
// CHECK-SAME: #kern.caps<simd_bits = 128, registers = 32, features = none, cheap_barriers = true>
kern.kernel @barriers() attributes {caps = #kern.caps<simd_bits = 128, registers = 32, features = none, cheap_barriers = true>} {
  kern.once {
  }
  kern.for_items %i {
  }
  kern.return
}
