// RUN: sinter-opt %s --xf-fuse-regions | FileCheck %s

// One token: everything a linear needs is computed by its own workers.
// CHECK-LABEL: func.func @decode
// CHECK: xf.fused "rms_norm+quantize+linear+activation+mul"
// CHECK: xf.fused "quantize+linear+add"
// CHECK-NOT: xf.fused
func.func @decode(%x: tensor<1x64xf32>, %g: tensor<64xf32>, %gu: tensor<64x64xf32, #xf.quant<q4_0>>, %d: tensor<64x32xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32> {
  %n = xf.rms_norm %x, %g {epsilon = 1.0e-5} : (tensor<1x64xf32>, tensor<64xf32>) -> tensor<1x64xf32>
  %q = xf.quantize %n : (tensor<1x64xf32>) -> tensor<1x64xf32, #xf.quant<dyn_i8>>
  %l = xf.linear %q, %gu : (tensor<1x64xf32, #xf.quant<dyn_i8>>, tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32>
  %gate = xf.slice %l {offset = 0} : (tensor<1x64xf32>) -> tensor<1x32xf32>
  %up = xf.slice %l {offset = 32} : (tensor<1x64xf32>) -> tensor<1x32xf32>
  %a = xf.activation silu %gate : tensor<1x32xf32>
  %h = xf.mul %a, %up : tensor<1x32xf32>
  %hq = xf.quantize %h : (tensor<1x32xf32>) -> tensor<1x32xf32, #xf.quant<dyn_i8>>
  %o = xf.linear %hq, %d : (tensor<1x32xf32, #xf.quant<dyn_i8>>, tensor<64x32xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32>
  %r = xf.add %x, %o : tensor<1x64xf32>
  return %r : tensor<1x64xf32>
}

// Several tokens: norm and quantization are done once, for all workers.
// CHECK-LABEL: func.func @prefill
// CHECK: xf.fused "rms_norm+quantize"
// CHECK: xf.fused "linear+add"
// CHECK-NOT: xf.fused
func.func @prefill(%x: tensor<?x64xf32>, %g: tensor<64xf32>, %w: tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<?x64xf32> {
  %n = xf.rms_norm %x, %g {epsilon = 1.0e-5} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  %q = xf.quantize %n : (tensor<?x64xf32>) -> tensor<?x64xf32, #xf.quant<dyn_i8>>
  %l = xf.linear %q, %w : (tensor<?x64xf32, #xf.quant<dyn_i8>>, tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<?x64xf32>
  %r = xf.add %x, %l : tensor<?x64xf32>
  return %r : tensor<?x64xf32>
}

// A linear whose result something else reads keeps to itself.
// CHECK-LABEL: func.func @shared
// CHECK: xf.fused "linear"
// CHECK: xf.fused "add"
// CHECK: xf.fused "mul"
func.func @shared(%x: tensor<?x64xf32>, %w: tensor<64x64xf32, #xf.quant<f32>>) -> tensor<?x64xf32> {
  %l = xf.linear %x, %w : (tensor<?x64xf32>, tensor<64x64xf32, #xf.quant<f32>>) -> tensor<?x64xf32>
  %r = xf.add %x, %l : tensor<?x64xf32>
  %p = xf.mul %r, %l : tensor<?x64xf32>
  return %p : tensor<?x64xf32>
}

// Halves of 24 rows do not begin at panels: the linear is one kernel, what follows another.
// CHECK-LABEL: func.func @uneven_gate
// CHECK: xf.fused "linear"
// CHECK: xf.fused "activation+mul"
// CHECK-NOT: xf.fused
func.func @uneven_gate(%x: tensor<?x64xf32>, %w: tensor<48x64xf32, #xf.quant<f32>>) -> tensor<?x24xf32> {
  %l = xf.linear %x, %w : (tensor<?x64xf32>, tensor<48x64xf32, #xf.quant<f32>>) -> tensor<?x48xf32>
  %gate = xf.slice %l {offset = 0} : (tensor<?x48xf32>) -> tensor<?x24xf32>
  %up = xf.slice %l {offset = 24} : (tensor<?x48xf32>) -> tensor<?x24xf32>
  %a = xf.activation silu %gate : tensor<?x24xf32>
  %h = xf.mul %a, %up : tensor<?x24xf32>
  return %h : tensor<?x24xf32>
}
