// RUN: sinter-opt %s | sinter-opt | FileCheck %s
// RUN: sinter-opt --mlir-print-op-generic %s | sinter-opt | FileCheck %s

// CHECK-LABEL: func.func @sort_logits
func.func @sort_logits(%logits: tensor<1x1000xf32>, %sampling: tensor<16xf32>, %history: tensor<64xi32>) -> tensor<4x256xf32> {
  // CHECK: xf.sort_logits %{{.*}}, %{{.*}}, %{{.*}} : (tensor<1x1000xf32>, tensor<16xf32>, tensor<64xi32>) -> (tensor<4x256xf32>, tensor<4x256xf32>, tensor<4x256xf32>)
  %p, %s, %w = xf.sort_logits %logits, %sampling, %history : (tensor<1x1000xf32>, tensor<16xf32>, tensor<64xi32>) -> (tensor<4x256xf32>, tensor<4x256xf32>, tensor<4x256xf32>)
  return %s : tensor<4x256xf32>
}

// CHECK-LABEL: func.func @sample
func.func @sample(%p: tensor<4x256xf32>, %s: tensor<4x256xf32>, %w: tensor<4x256xf32>, %sampling: tensor<16xf32>) -> tensor<1xi32> {
  // CHECK: xf.sample %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : (tensor<4x256xf32>, tensor<4x256xf32>, tensor<4x256xf32>, tensor<16xf32>) -> tensor<1xi32>
  %0 = xf.sample %p, %s, %w, %sampling : (tensor<4x256xf32>, tensor<4x256xf32>, tensor<4x256xf32>, tensor<16xf32>) -> tensor<1xi32>
  return %0 : tensor<1xi32>
}
