// RUN: sinter-opt %s --spirv-legalize | FileCheck %s

// A module with matrices is of the Vulkan memory model, SPIR-V 1.5; accesses of workgroup memory are seen by other
// lanes because they and the barrier say so.
// CHECK: spirv.module @product Logical Vulkan requires #spirv.vce<v1.5, [Shader, {{.*}}Float16, VulkanMemoryModel, CooperativeMatrixKHR{{.*}}], [SPV_KHR_cooperative_matrix]>
// CHECK: spirv.Store "Workgroup" %{{.*}}, %{{.*}} ["NonPrivatePointer"] : i32
// CHECK: spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory|MakeAvailable|MakeVisible>
// CHECK: %{{.*}} = spirv.CompositeConstruct %{{.*}} : (f32) -> !spirv.coopmatrix<16x16xf32, Subgroup, MatrixAcc>
// CHECK: spirv.mlir.loop
// CHECK: ^{{.*}}(%{{.*}}: i32, %[[SUM:.*]]: !spirv.coopmatrix<16x16xf32, Subgroup, MatrixAcc>)
// CHECK: %[[A:.*]] = spirv.KHR.CooperativeMatrixLoad %{{.*}}, %{{.*}}, <RowMajor>, <NonPrivatePointer> : !spirv.ptr<i32, Workgroup>, i32 -> !spirv.coopmatrix<16x16xf16, Subgroup, MatrixA>
// CHECK: %[[B:.*]] = spirv.KHR.CooperativeMatrixLoad %{{.*}}, %{{.*}}, <ColumnMajor>, <NonPrivatePointer> : !spirv.ptr<i32, Workgroup>, i32 -> !spirv.coopmatrix<16x16xf16, Subgroup, MatrixB>
// CHECK: spirv.KHR.CooperativeMatrixMulAdd %[[A]], %[[B]], %[[SUM]]
// CHECK: spirv.KHR.CooperativeMatrixStore %{{.*}}, %{{.*}}, %{{.*}}, <ColumnMajor>, <NonPrivatePointer> : !spirv.ptr<f32, Workgroup>, !spirv.coopmatrix<16x16xf32, Subgroup, MatrixAcc>, i32
// CHECK: spirv.Load "Workgroup" %{{.*}} ["NonPrivatePointer"] : f32

kern.kernel @product(%x: memref<?xi32> {kern.readonly}, %y: memref<?xf32>) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16>} {
  %tiles = kern.scratch {shared} : memref<640xi32>
  %sums = kern.scratch {shared} : memref<256xf32>
  kern.for_items %i {
    %zero = arith.constant 0.0 : f32
    %c0 = arith.constant 0 : index
    %c8 = arith.constant 8 : index
    %c16 = arith.constant 16 : index
    %c320 = arith.constant 320 : index
    %lane = kern.lane
    %size = kern.subgroup_size
    %word = memref.load %x[%lane] : memref<?xi32>
    memref.store %word, %tiles[%lane] : memref<640xi32>
    kern.barrier
    %start = kern.matrix_fill %zero : !kern.matrix<16xf32, sum>
    %end = scf.for %k = %c0 to %c16 step %c8 iter_args(%sum = %start) -> (!kern.matrix<16xf32, sum>) {
      %a = kern.matrix_load %tiles[%k] rows stride 20 : memref<640xi32> -> !kern.matrix<16xf16, a>
      %at = arith.addi %k, %c320 : index
      %b = kern.matrix_load %tiles[%at] columns stride 20 : memref<640xi32> -> !kern.matrix<16xf16, b>
      %next = kern.matrix_multiply_add %a, %b, %sum : !kern.matrix<16xf16, a>, !kern.matrix<16xf16, b>, !kern.matrix<16xf32, sum>
      scf.yield %next : !kern.matrix<16xf32, sum>
    }
    kern.matrix_store %end, %sums[%c0] columns stride 16 : !kern.matrix<16xf32, sum>, memref<256xf32>
    kern.barrier
    %number = memref.load %sums[%lane] : memref<256xf32>
    memref.store %number, %y[%size] : memref<?xf32>
  }
  kern.return
}
