// RUN: sinter-opt %s --xf-quantize-weights=scheme=q4 | FileCheck %s --check-prefix=Q4
// RUN: sinter-opt %s --xf-quantize-weights=scheme=f16 | FileCheck %s --check-prefix=F16
// RUN: sinter-opt %s --xf-quantize-weights="scheme=q4 activations=f32" | FileCheck %s --check-prefix=GRID
// RUN: sinter-opt %s --xf-quantize-weights=scheme=keep | FileCheck %s --check-prefix=KEEP

// Q4: xf.weight @matrix {{.*}} : tensor<32x64xf32, #xf.quant<q4_0>>
// F16: xf.weight @matrix {{.*}} : tensor<32x64xf32, #xf.quant<f16>>
// KEEP: xf.weight @matrix {{.*}} : tensor<32x64xf32, #xf.quant<f16>>
xf.weight @matrix from [#xf.source<"matrix", "bf16">] : tensor<32x64xf32, #xf.quant<f32>>
// KEEP: xf.weight @blocks {{.*}} : tensor<32x64xf32, #xf.quant<q8_0>>
xf.weight @blocks from [#xf.source<"blocks", "q5_K">] : tensor<32x64xf32, #xf.quant<f32>>
// Vectors stay f32.
// Q4: xf.weight @gain {{.*}} : tensor<64xf32, #xf.quant<f32>>
xf.weight @gain from [#xf.source<"gain", "bf16">] : tensor<64xf32, #xf.quant<f32>>

// Q4-LABEL: func.func @body
// F16-LABEL: func.func @body
func.func @body(%x: tensor<?x64xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %g = xf.get_weight @gain : tensor<64xf32, #xf.quant<f32>>
  %n = xf.rms_norm %x, %g {epsilon = 1.0e-5} : (tensor<?x64xf32>, tensor<64xf32, #xf.quant<f32>>) -> tensor<?x64xf32>
  %m = xf.get_weight @matrix : tensor<32x64xf32, #xf.quant<f32>>
  %b = xf.get_weight @blocks : tensor<32x64xf32, #xf.quant<f32>>
  // One quantized input serves both linears; floats need none.
  // Q4: %[[Q:.*]] = xf.quantize
  // Q4: xf.linear %[[Q]], %{{.*}} : (tensor<?x64xf32, #xf.quant<dyn_i8>>, tensor<32x64xf32, #xf.quant<q4_0>>)
  // Q4-NOT: xf.quantize
  // Q4: xf.linear %[[Q]]
  // F16-NOT: xf.quantize
  // GRID-NOT: xf.quantize
  // GRID: xf.linear %{{.*}}, %{{.*}} : (tensor<?x64xf32>, tensor<32x64xf32, #xf.quant<q4_0>>)
  %0 = xf.linear %n, %m : (tensor<?x64xf32>, tensor<32x64xf32, #xf.quant<f32>>) -> tensor<?x32xf32>
  %1 = xf.linear %n, %b : (tensor<?x64xf32>, tensor<32x64xf32, #xf.quant<f32>>) -> tensor<?x32xf32>
  return %0, %1 : tensor<?x32xf32>, tensor<?x32xf32>
}
