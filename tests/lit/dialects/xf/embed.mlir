// RUN: sinter-opt %s | sinter-opt | FileCheck %s
// RUN: sinter-opt --mlir-print-op-generic %s | sinter-opt | FileCheck %s

// CHECK-LABEL: func.func @embedding
func.func @embedding(%tokens: tensor<?xi32>, %table: tensor<10x4xf32, #xf.quant<q8_0>>) -> tensor<?x4xf32> {
  // CHECK: xf.embedding %{{.*}}, %{{.*}} : (tensor<?xi32>, tensor<10x4xf32, #xf.quant<q8_0>>) -> tensor<?x4xf32>
  %0 = xf.embedding %tokens, %table : (tensor<?xi32>, tensor<10x4xf32, #xf.quant<q8_0>>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @select_row
func.func @select_row(%x: tensor<?x4xf32>) -> tensor<1x4xf32> {
  // CHECK: xf.select_row %{{.*}} : (tensor<?x4xf32>) -> tensor<1x4xf32>
  %0 = xf.select_row %x : (tensor<?x4xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}

// CHECK-LABEL: func.func @argmax
func.func @argmax(%logits: tensor<1x10xf32>) -> tensor<1xi32> {
  // CHECK: xf.argmax %{{.*}} : (tensor<1x10xf32>) -> tensor<1xi32>
  %0 = xf.argmax %logits : (tensor<1x10xf32>) -> tensor<1xi32>
  return %0 : tensor<1xi32>
}

// CHECK-LABEL: func.func @add_positions
func.func @add_positions(%x: tensor<?x8xf32>, %table: tensor<64x8xf32, #xf.quant<f16>>) -> tensor<?x8xf32> {
  // CHECK: xf.add_positions %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<64x8xf32, #xf.quant<f16>>) -> tensor<?x8xf32>
  %0 = xf.add_positions %x, %table : (tensor<?x8xf32>, tensor<64x8xf32, #xf.quant<f16>>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
