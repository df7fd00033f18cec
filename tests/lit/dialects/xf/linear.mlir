// RUN: sinter-opt %s | sinter-opt | FileCheck %s
// RUN: sinter-opt --mlir-print-op-generic %s | sinter-opt | FileCheck %s

// CHECK-LABEL: func.func @linear
func.func @linear(%x: tensor<?x8xf32>, %w: tensor<4x8xf32, #xf.quant<f16>>) -> tensor<?x4xf32> {
  // CHECK: xf.linear %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<4x8xf32, #xf.quant<f16>>) -> tensor<?x4xf32>
  %0 = xf.linear %x, %w : (tensor<?x8xf32>, tensor<4x8xf32, #xf.quant<f16>>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @linear_bias
func.func @linear_bias(%x: tensor<1x8xf32>, %w: tensor<4x8xf32>, %b: tensor<4xf32, #xf.quant<f32>>) -> tensor<1x4xf32> {
  // CHECK: xf.linear %{{.*}}, %{{.*}} bias %{{.*}} : (tensor<1x8xf32>, tensor<4x8xf32>, tensor<4xf32, #xf.quant<f32>>) -> tensor<1x4xf32>
  %0 = xf.linear %x, %w bias %b : (tensor<1x8xf32>, tensor<4x8xf32>, tensor<4xf32, #xf.quant<f32>>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}

// CHECK-LABEL: func.func @integer
func.func @integer(%x: tensor<?x8xf32>, %w: tensor<4x8xf32, #xf.quant<q4_0>>) -> tensor<?x4xf32> {
  // CHECK: xf.quantize %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32, #xf.quant<dyn_i8>>
  %0 = xf.quantize %x : (tensor<?x8xf32>) -> tensor<?x8xf32, #xf.quant<dyn_i8>>
  // CHECK: xf.linear %{{.*}}, %{{.*}} : (tensor<?x8xf32, #xf.quant<dyn_i8>>, tensor<4x8xf32, #xf.quant<q4_0>>) -> tensor<?x4xf32>
  %1 = xf.linear %0, %w : (tensor<?x8xf32, #xf.quant<dyn_i8>>, tensor<4x8xf32, #xf.quant<q4_0>>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}
