// Functions that are no entry points of ours go through unharmed.
// RUN: sinter-opt %s --xf-fuse-regions | FileCheck %s

// CHECK: func.func private @declaration(tensor<1x8xf32>)
func.func private @declaration(tensor<1x8xf32>)

// CHECK-LABEL: func.func @no_result
func.func @no_result(%k: tensor<1x8xf32>, %cache: !xf.kv_cache<2 x 16 x 4, f16>) {
  // CHECK: xf.fused "append"
  xf.append %k, %k to %cache : tensor<1x8xf32>, tensor<1x8xf32>, <2 x 16 x 4, f16>
  return
}

// CHECK-LABEL: func.func @other_results
func.func @other_results(%x: tensor<f32>) -> (tensor<f32>, i32) {
  // CHECK: arith.constant
  %0 = arith.constant 1 : i32
  return %x, %0 : tensor<f32>, i32
}
