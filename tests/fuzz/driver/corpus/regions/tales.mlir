// sinter-regions 1
module attributes {sinter.chunk = 128 : i64, sinter.context = 512 : i64} {
  xf.region @rmsnorm_f32_192_20bd8be6(%arg0: tensor<?x192xf32>, %arg1: tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32> attributes {sinter.grid, sinter.max_tokens = 128 : i64} {
    %0 = xf.rms_norm %arg0, %arg1 {epsilon = 1.000000e-05 : f64} : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32>
    xf.yield %0 : tensor<?x192xf32>
  }
  xf.region @rope_append_f16_6_2x32_512_2ba521a0(%arg0: tensor<?x320xf32>, %arg1: tensor<512x32xf32, #xf.quant<f32>>, %arg2: !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<?x192xf32> attributes {sinter.grid, sinter.max_tokens = 128 : i64} {
    %0 = xf.slice %arg0 {offset = 0 : i64} : (tensor<?x320xf32>) -> tensor<?x192xf32>
    %1 = xf.slice %arg0 {offset = 192 : i64} : (tensor<?x320xf32>) -> tensor<?x64xf32>
    %2 = xf.slice %arg0 {offset = 256 : i64} : (tensor<?x320xf32>) -> tensor<?x64xf32>
    %3 = xf.rope %0 table %arg1 {heads = 6 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<?x192xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<?x192xf32>
    %4 = xf.rope %1 table %arg1 {heads = 2 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<?x64xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<?x64xf32>
    xf.append %4, %2 to %arg2 : tensor<?x64xf32>, tensor<?x64xf32>, <2 x 512 x 32, f16>
    xf.yield %3 : tensor<?x192xf32>
  }
  xf.region @linear_q4_0_f32_gemm__residual_192x192_2ab4e550(%arg0: tensor<?x192xf32>, %arg1: tensor<192x192xf32, #xf.quant<q4_0>>, %arg2: tensor<?x192xf32>) -> tensor<?x192xf32> attributes {sinter.grid, sinter.max_tokens = 128 : i64} {
    %0 = xf.linear %arg0, %arg1 : (tensor<?x192xf32>, tensor<192x192xf32, #xf.quant<q4_0>>) -> tensor<?x192xf32>
    %1 = xf.add %arg2, %0 : tensor<?x192xf32>
    xf.yield %1 : tensor<?x192xf32>
  }
  xf.region @attention_f16_decode__rope_6_2x32_512_f6521baf(%arg0: tensor<1x320xf32>, %arg1: tensor<512x32xf32, #xf.quant<f32>>, %arg2: !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<1x192xf32> attributes {sinter.grid, sinter.max_tokens = 128 : i64} {
    %0 = xf.slice %arg0 {offset = 0 : i64} : (tensor<1x320xf32>) -> tensor<1x192xf32>
    %1 = xf.slice %arg0 {offset = 192 : i64} : (tensor<1x320xf32>) -> tensor<1x64xf32>
    %2 = xf.slice %arg0 {offset = 256 : i64} : (tensor<1x320xf32>) -> tensor<1x64xf32>
    %3 = xf.rope %0 table %arg1 {heads = 6 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<1x192xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<1x192xf32>
    %4 = xf.rope %1 table %arg1 {heads = 2 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<1x64xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<1x64xf32>
    xf.append %4, %2 to %arg2 : tensor<1x64xf32>, tensor<1x64xf32>, <2 x 512 x 32, f16>
    %5 = xf.attention %3, %arg2 {heads = 6 : i64, scale = 0.17677669529663687 : f64} : (tensor<1x192xf32>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<1x192xf32>
    xf.yield %5 : tensor<1x192xf32>
  }
}
