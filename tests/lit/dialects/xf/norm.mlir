// RUN: sinter-opt %s | sinter-opt | FileCheck %s
// RUN: sinter-opt --mlir-print-op-generic %s | sinter-opt | FileCheck %s

// CHECK-LABEL: func.func @rms_norm
func.func @rms_norm(%x: tensor<?x8xf32>, %g: tensor<8xf32, #xf.quant<f32>>) -> tensor<?x8xf32> {
  // CHECK: xf.rms_norm %{{.*}}, %{{.*}} {epsilon = {{.*}} : f64} : (tensor<?x8xf32>, tensor<8xf32, #xf.quant<f32>>) -> tensor<?x8xf32>
  %0 = xf.rms_norm %x, %g {epsilon = 1.0e-5 : f64} : (tensor<?x8xf32>, tensor<8xf32, #xf.quant<f32>>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @rms_norm_per_head
func.func @rms_norm_per_head(%x: tensor<1x8xf32>, %g: tensor<4xf32>) -> tensor<1x8xf32> {
  // CHECK: xf.rms_norm %{{.*}} {epsilon = {{.*}} : f64, groups = 2 : i64}
  %0 = xf.rms_norm %x, %g {epsilon = 1.0e-6 : f64, groups = 2} : (tensor<1x8xf32>, tensor<4xf32>) -> tensor<1x8xf32>
  return %0 : tensor<1x8xf32>
}

// CHECK-LABEL: func.func @layer_norm
func.func @layer_norm(%x: tensor<?x8xf32>, %g: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<?x8xf32> {
  // CHECK: xf.layer_norm %{{.*}}, %{{.*}} bias %{{.*}} {epsilon = {{.*}} : f64} : (tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %0 = xf.layer_norm %x, %g bias %b {epsilon = 1.0e-5 : f64} : (tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @layer_norm_per_head
func.func @layer_norm_per_head(%x: tensor<1x8xf32>, %g: tensor<8xf32>, %shared: tensor<4xf32>) -> tensor<1x8xf32> {
  // CHECK: xf.layer_norm %{{.*}}, %{{.*}} {epsilon = {{.*}} : f64, groups = 2 : i64} : (tensor<1x8xf32>, tensor<8xf32>)
  %0 = xf.layer_norm %x, %g {epsilon = 1.0e-5 : f64, groups = 2} : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
  // CHECK: xf.layer_norm %{{.*}}, %{{.*}} {epsilon = {{.*}} : f64, groups = 2 : i64} : (tensor<1x8xf32>, tensor<4xf32>)
  %1 = xf.layer_norm %0, %shared {epsilon = 1.0e-5 : f64, groups = 2} : (tensor<1x8xf32>, tensor<4xf32>) -> tensor<1x8xf32>
  return %1 : tensor<1x8xf32>
}
