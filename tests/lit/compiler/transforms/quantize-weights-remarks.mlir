// RUN: sinter-opt %s --verify-diagnostics --xf-quantize-weights=scheme=q4

// Numbers stored in one block scheme are not put into another behind anybody's back.
// expected-remark@+1 {{blocks is stored as q6_K and is converted to q4_0}}
xf.weight @blocks from [#xf.source<"blocks", "q6_K">] : tensor<32x64xf32, #xf.quant<f32>>
xf.weight @same from [#xf.source<"same", "q4_0">] : tensor<32x64xf32, #xf.quant<f32>>
func.func @body(%x: tensor<?x64xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %b = xf.get_weight @blocks : tensor<32x64xf32, #xf.quant<f32>>
  %s = xf.get_weight @same : tensor<32x64xf32, #xf.quant<f32>>
  %0 = xf.linear %x, %b : (tensor<?x64xf32>, tensor<32x64xf32, #xf.quant<f32>>) -> tensor<?x32xf32>
  %1 = xf.linear %x, %s : (tensor<?x64xf32>, tensor<32x64xf32, #xf.quant<f32>>) -> tensor<?x32xf32>
  return %0, %1 : tensor<?x32xf32>, tensor<?x32xf32>
}
