// RUN: sinter-opt %s | sinter-opt | FileCheck %s
// RUN: sinter-opt --mlir-print-op-generic %s | sinter-opt | FileCheck %s

// CHECK-LABEL: func.func @activation
func.func @activation(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: xf.activation silu %{{.*}} : tensor<?x8xf32>
  %0 = xf.activation silu %x : tensor<?x8xf32>
  // CHECK: xf.activation gelu %
  %1 = xf.activation gelu %0 : tensor<?x8xf32>
  // CHECK: xf.activation gelu_tanh %
  %2 = xf.activation gelu_tanh %1 : tensor<?x8xf32>
  // CHECK: xf.activation relu %
  %3 = xf.activation relu %2 : tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @binary
func.func @binary(%x: tensor<1x8xf32>, %y: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // CHECK: xf.add %{{.*}}, %{{.*}} : tensor<1x8xf32>
  %0 = xf.add %x, %y : tensor<1x8xf32>
  // CHECK: xf.mul %{{.*}}, %{{.*}} : tensor<1x8xf32>
  %1 = xf.mul %0, %y : tensor<1x8xf32>
  return %1 : tensor<1x8xf32>
}

// CHECK-LABEL: func.func @slice
func.func @slice(%x: tensor<?x8xf32>) -> tensor<?x2xf32> {
  // CHECK: xf.slice %{{.*}} {offset = 6 : i64} : (tensor<?x8xf32>) -> tensor<?x2xf32>
  %0 = xf.slice %x {offset = 6} : (tensor<?x8xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// CHECK-LABEL: func.func @scale_and_softcap
func.func @scale_and_softcap(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: xf.scale %{{.*}} {factor = 4.500000e+01 : f64} : tensor<?x8xf32>
  %0 = xf.scale %x {factor = 45.0 : f64} : tensor<?x8xf32>
  // CHECK: xf.softcap %{{.*}} {cap = 3.000000e+01 : f64} : tensor<?x8xf32>
  %1 = xf.softcap %0 {cap = 30.0 : f64} : tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
