// RUN: sinter-opt %s --spirv-legalize | FileCheck %s

// Matrices of bytes: Int8 instead of Float16. Types and the product say that integers have signs, equal rows and columns are loaded
// with a stride of zero, and sums become f32 element by element.
// CHECK: spirv.module @block Logical Vulkan requires #spirv.vce<v1.5, [Shader, Int8, VulkanMemoryModel, CooperativeMatrixKHR], [SPV_KHR_cooperative_matrix]>
// CHECK: %[[ZERO:.*]] = spirv.Constant 0 : i32
// CHECK: %[[SIGNED:.*]] = spirv.Bitcast %[[ZERO]] : i32 to si32
// CHECK: %[[NONE:.*]] = spirv.CompositeConstruct %[[SIGNED]] : (si32) -> !spirv.coopmatrix<16x16xsi32, Subgroup, MatrixAcc>
// CHECK: %[[A:.*]] = spirv.KHR.CooperativeMatrixLoad %{{.*}}, %{{.*}}, <RowMajor>, <NonPrivatePointer> : !spirv.ptr<i32, Workgroup>, i32 -> !spirv.coopmatrix<16x32xsi8, Subgroup, MatrixA>
// CHECK: %[[B:.*]] = spirv.KHR.CooperativeMatrixLoad %{{.*}}, %{{.*}}, <ColumnMajor>, <NonPrivatePointer> : !spirv.ptr<i32, Workgroup>, i32 -> !spirv.coopmatrix<32x16xsi8, Subgroup, MatrixB>
// CHECK: %[[SUM:.*]] = spirv.KHR.CooperativeMatrixMulAdd %[[A]], %[[B]], %[[NONE]], <ASigned|BSigned|CSigned|ResultSigned>
// CHECK: %[[ROWS:.*]] = spirv.KHR.CooperativeMatrixLoad %{{.*}}, %[[ZERO]], <ColumnMajor>, <NonPrivatePointer> : !spirv.ptr<f32, Workgroup>, i32 -> !spirv.coopmatrix<16x16xf32, Subgroup, MatrixAcc>
// CHECK: %[[COLUMNS:.*]] = spirv.KHR.CooperativeMatrixLoad %{{.*}}, %[[ZERO]], <RowMajor>, <NonPrivatePointer> : !spirv.ptr<f32, Workgroup>, i32 -> !spirv.coopmatrix<16x16xf32, Subgroup, MatrixAcc>
// CHECK: %[[NUMBERS:.*]] = spirv.ConvertSToF %[[SUM]] : !spirv.coopmatrix<16x16xsi32, Subgroup, MatrixAcc> to !spirv.coopmatrix<16x16xf32, Subgroup, MatrixAcc>
// CHECK: %[[SCALES:.*]] = spirv.FMul %[[ROWS]], %[[COLUMNS]]
// CHECK: %[[SCALED:.*]] = spirv.FMul %[[SCALES]], %[[NUMBERS]]
// CHECK: spirv.FAdd %{{.*}}, %[[SCALED]]

kern.kernel @block(%x: memref<?xi32> {kern.readonly}, %y: memref<?xf32>) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = subgroups, cheap_barriers = true, group = 128, matrix = 16, matrix_bytes = 32>} {
  %tiles = kern.scratch {shared} : memref<384xi32>
  %scales = kern.scratch {shared} : memref<32xf32>
  %sums = kern.scratch {shared} : memref<256xf32>
  kern.for_items %i {
    %none = arith.constant 0 : i32
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %c192 = arith.constant 192 : index
    %lane = kern.lane
    %word = memref.load %x[%lane] : memref<?xi32>
    memref.store %word, %tiles[%lane] : memref<384xi32>
    memref.store %one, %scales[%lane] : memref<32xf32>
    kern.barrier
    %start = kern.matrix_fill %none : !kern.matrix<16xi32, sum>
    %total = kern.matrix_fill %zero : !kern.matrix<16xf32, sum>
    %a = kern.matrix_load %tiles[%c0] rows stride 12 : memref<384xi32> -> !kern.matrix<16x32xi8, a>
    %b = kern.matrix_load %tiles[%c192] columns stride 12 : memref<384xi32> -> !kern.matrix<32x16xi8, b>
    %sum = kern.matrix_multiply_add %a, %b, %start : !kern.matrix<16x32xi8, a>, !kern.matrix<32x16xi8, b>, !kern.matrix<16xi32, sum>
    %of_rows = kern.matrix_spread %scales[%c0] columns : memref<32xf32> -> !kern.matrix<16xf32, sum>
    %of_columns = kern.matrix_spread %scales[%c16] rows : memref<32xf32> -> !kern.matrix<16xf32, sum>
    %end = kern.matrix_scaled_add %sum, %of_rows, %of_columns, %total : !kern.matrix<16xi32, sum>, !kern.matrix<16xf32, sum>
    kern.matrix_store %end, %sums[%c0] columns stride 16 : !kern.matrix<16xf32, sum>, memref<256xf32>
    kern.barrier
    %number = memref.load %sums[%lane] : memref<256xf32>
    memref.store %number, %y[%lane] : memref<?xf32>
  }
  kern.return
}
