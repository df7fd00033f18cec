// REQUIRES: spirv-tools-matrices
// The words of a module with matrices: still SPIR-V 1.5, valid for Vulkan 1.2.
// RUN: rm -rf %t && mkdir %t
// RUN: sinter-opt %S/../raise/matrix.mlir --spirv-legalize --spirv-write=folder=%t -o /dev/null
// RUN: spirv-val --target-env vulkan1.2 %t/product.spv
// RUN: spirv-dis %t/product.spv | FileCheck %s

// CHECK: ; Version: 1.5
// CHECK-DAG: OpCapability CooperativeMatrixKHR
// CHECK-DAG: OpCapability VulkanMemoryModel
// CHECK-DAG: OpExtension "SPV_KHR_cooperative_matrix"
// CHECK: OpMemoryModel Logical Vulkan
// CHECK: OpTypeCooperativeMatrixKHR
// CHECK: OpCooperativeMatrixLoadKHR {{.*}} NonPrivatePointer
// CHECK: OpCooperativeMatrixMulAddKHR
// CHECK: OpCooperativeMatrixStoreKHR
