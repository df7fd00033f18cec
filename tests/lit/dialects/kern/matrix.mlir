// RUN: sinter-opt %s | sinter-opt | FileCheck %s

#caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16>

// A subgroup's product of two tiles in workgroup memory; sums go through a loop.
// CHECK-LABEL: kern.kernel @product
// CHECK-SAME: #kern.caps<{{.*}}, group = 128, matrix = 16>
kern.kernel @product(%y: memref<?xf32>) attributes {caps = #caps} {
  %tiles = kern.scratch {shared} : memref<640xi32>
  %sums = kern.scratch {shared} : memref<256xf32>
  kern.for_items %i {
    %zero = arith.constant 0.0 : f32
    %c0 = arith.constant 0 : index
    %c8 = arith.constant 8 : index
    %c16 = arith.constant 16 : index
    %c320 = arith.constant 320 : index
    // CHECK: %[[ZERO:.*]] = kern.matrix_fill %{{.*}} : <16xf32, sum>
    %start = kern.matrix_fill %zero : !kern.matrix<16xf32, sum>
    // CHECK: scf.for {{.*}} iter_args(%[[SUM:.*]] = %[[ZERO]]) -> (!kern.matrix<16xf32, sum>)
    %end = scf.for %k = %c0 to %c16 step %c8 iter_args(%sum = %start) -> (!kern.matrix<16xf32, sum>) {
      // CHECK: %[[A:.*]] = kern.matrix_load %{{.*}}[%{{.*}}] rows stride 20 : memref<640xi32> -> <16xf16, a>
      %a = kern.matrix_load %tiles[%k] rows stride 20 : memref<640xi32> -> !kern.matrix<16xf16, a>
      // CHECK: %[[B:.*]] = kern.matrix_load %{{.*}}[%{{.*}}] columns stride 20 : memref<640xi32> -> <16xf16, b>
      %at = arith.addi %k, %c320 : index
      %b = kern.matrix_load %tiles[%at] columns stride 20 : memref<640xi32> -> !kern.matrix<16xf16, b>
      // CHECK: kern.matrix_multiply_add %[[A]], %[[B]], %[[SUM]] : <16xf16, a>, <16xf16, b>, <16xf32, sum>
      %next = kern.matrix_multiply_add %a, %b, %sum : !kern.matrix<16xf16, a>, !kern.matrix<16xf16, b>, !kern.matrix<16xf32, sum>
      scf.yield %next : !kern.matrix<16xf32, sum>
    }
    // CHECK: kern.matrix_store %{{.*}}, %{{.*}}[%{{.*}}] columns stride 16 : <16xf32, sum>, memref<256xf32>
    kern.matrix_store %end, %sums[%c0] columns stride 16 : !kern.matrix<16xf32, sum>, memref<256xf32>
    kern.barrier
    %lane = kern.lane
    %number = memref.load %sums[%lane] : memref<256xf32>
    memref.store %number, %y[%lane] : memref<?xf32>
  }
  kern.return
}

#byte_caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16, matrix_bytes = 32>

// A block of bytes: exact sums of 32 columns, times the scales of rows and of columns.
// CHECK-LABEL: kern.kernel @block
// CHECK-SAME: matrix = 16, matrix_bytes = 32>
kern.kernel @block(%y: memref<?xf32>) attributes {caps = #byte_caps} {
  %tiles = kern.scratch {shared} : memref<384xi32>
  %scales = kern.scratch {shared} : memref<32xf32>
  %sums = kern.scratch {shared} : memref<256xf32>
  kern.for_items %i {
    %none = arith.constant 0 : i32
    %zero = arith.constant 0.0 : f32
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %c192 = arith.constant 192 : index
    // CHECK: %[[NONE:.*]] = kern.matrix_fill %{{.*}} : <16xi32, sum>
    %start = kern.matrix_fill %none : !kern.matrix<16xi32, sum>
    %total = kern.matrix_fill %zero : !kern.matrix<16xf32, sum>
    // CHECK: %[[A:.*]] = kern.matrix_load %{{.*}}[%{{.*}}] rows stride 12 : memref<384xi32> -> <16x32xi8, a>
    %a = kern.matrix_load %tiles[%c0] rows stride 12 : memref<384xi32> -> !kern.matrix<16x32xi8, a>
    // CHECK: %[[B:.*]] = kern.matrix_load %{{.*}}[%{{.*}}] columns stride 12 : memref<384xi32> -> <32x16xi8, b>
    %b = kern.matrix_load %tiles[%c192] columns stride 12 : memref<384xi32> -> !kern.matrix<32x16xi8, b>
    // CHECK: %[[SUM:.*]] = kern.matrix_multiply_add %[[A]], %[[B]], %[[NONE]] : <16x32xi8, a>, <32x16xi8, b>, <16xi32, sum>
    %sum = kern.matrix_multiply_add %a, %b, %start : !kern.matrix<16x32xi8, a>, !kern.matrix<32x16xi8, b>, !kern.matrix<16xi32, sum>
    // CHECK: %[[ROWS:.*]] = kern.matrix_spread %{{.*}}[%{{.*}}] columns : memref<32xf32> -> <16xf32, sum>
    %of_rows = kern.matrix_spread %scales[%c0] columns : memref<32xf32> -> !kern.matrix<16xf32, sum>
    // CHECK: %[[COLUMNS:.*]] = kern.matrix_spread %{{.*}}[%{{.*}}] rows : memref<32xf32> -> <16xf32, sum>
    %of_columns = kern.matrix_spread %scales[%c16] rows : memref<32xf32> -> !kern.matrix<16xf32, sum>
    // CHECK: kern.matrix_scaled_add %[[SUM]], %[[ROWS]], %[[COLUMNS]], %{{.*}} : <16xi32, sum>, <16xf32, sum>
    %end = kern.matrix_scaled_add %sum, %of_rows, %of_columns, %total : !kern.matrix<16xi32, sum>, !kern.matrix<16xf32, sum>
    kern.matrix_store %end, %sums[%c0] columns stride 16 : !kern.matrix<16xf32, sum>, memref<256xf32>
    kern.barrier
    %lane = kern.lane
    %number = memref.load %sums[%lane] : memref<256xf32>
    memref.store %number, %y[%lane] : memref<?xf32>
  }
  kern.return
}

// CHECK-LABEL: func.func private @shapes
// CHECK-SAME: !kern.matrix<8xi8, a>, !kern.matrix<8x32xi8, a>, !kern.matrix<16x8xi8, a>, !kern.matrix<8x16xi8, b>, !kern.matrix<16xi8, b>
func.func private @shapes(!kern.matrix<8x8xi8, a>, !kern.matrix<8x32xi8, a>, !kern.matrix<16x8xi8, a>, !kern.matrix<8x16xi8, b>, !kern.matrix<16x16xi8, b>)
