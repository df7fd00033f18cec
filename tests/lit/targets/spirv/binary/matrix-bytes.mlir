// REQUIRES: spirv-tools-matrices
// The words of a module with matrices of bytes: signs are in types, and of the product's operands.
// RUN: rm -rf %t && mkdir %t
// RUN: sinter-opt %S/../raise/matrix-bytes.mlir --spirv-legalize --spirv-write=folder=%t -o /dev/null
// RUN: spirv-val --target-env vulkan1.2 %t/block.spv
// RUN: spirv-dis %t/block.spv | FileCheck %s

// CHECK: ; Version: 1.5
// CHECK-DAG: OpCapability Int8
// CHECK-DAG: OpCapability CooperativeMatrixKHR
// CHECK-NOT: OpCapability Float16
// CHECK-DAG: %[[BYTE:.*]] = OpTypeInt 8 1
// CHECK-DAG: OpTypeCooperativeMatrixKHR %[[BYTE]]
// CHECK: OpCooperativeMatrixMulAddKHR {{.*}} MatrixASignedComponentsKHR|MatrixBSignedComponentsKHR|MatrixCSignedComponentsKHR|MatrixResultSignedComponentsKHR
// CHECK: OpConvertSToF
