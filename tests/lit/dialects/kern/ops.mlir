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

// A grid: workgroups of lanes.
// CHECK-LABEL: kern.kernel @lanes(
// CHECK-SAME: %{{.*}}: memref<?xvector<4xi32>> {kern.readonly}, %{{.*}}: memref<?xf32>)
// CHECK-SAME: caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups|packed_dot, cheap_barriers = true, group = 64>
// CHECK-SAME: items_per_group = 4 : i64
kern.kernel @lanes(%w: memref<?xvector<4xi32>> {kern.readonly}, %y: memref<?xf32>)
    attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups|packed_dot, cheap_barriers = true, group = 64>,
                items_per_group = 4} {
  // CHECK: kern.scratch {shared} : memref<64xvector<4xf32>>
  %shared = kern.scratch {shared} : memref<64xvector<4xf32>>
  // CHECK: kern.scratch : memref<8xi32>
  %private = kern.scratch : memref<8xi32>
  kern.for_items %i {
    // CHECK: kern.lane
    %lane = kern.lane
    // CHECK: kern.block
    %block = kern.block
    %word = memref.load %private[%lane] : memref<8xi32>
    // CHECK: kern.unpack_f16 %{{.*}} : vector<2xf32>
    %pair = kern.unpack_f16 %word : vector<2xf32>
    // CHECK: kern.pack_f16 %{{.*}} : vector<2xf32>
    %packed = kern.pack_f16 %pair : vector<2xf32>
    // CHECK: kern.bitcast_f16 %{{.*}} : vector<2xf16>
    %halves = kern.bitcast_f16 %packed : vector<2xf16>
    // CHECK: kern.packed_dot %{{.*}}, %{{.*}}
    %dot = kern.packed_dot %packed, %word
    // CHECK: kern.barrier
    kern.barrier
    %x = memref.load %y[%block] : memref<?xf32>
    // CHECK: kern.subgroup_reduce add %{{.*}} : f32
    %sum = kern.subgroup_reduce add %x : f32
    // CHECK: kern.subgroup_reduce max %{{.*}} : f32
    %max = kern.subgroup_reduce max %sum : f32
    // CHECK: kern.subgroup_lane
    %of = kern.subgroup_lane
    // CHECK: kern.subgroup_size
    %size = kern.subgroup_size
  }
  kern.return
}
