#loc1 = loc("embed_tokens")
#loc2 = loc("layers.0.attention")
#loc3 = loc("layers.0.mlp")
#loc4 = loc("layers.1.attention")
#loc5 = loc("layers.1.mlp")
#loc6 = loc("layers.2.attention")
#loc7 = loc("layers.2.mlp")
#loc8 = loc("layers.3.attention")
#loc9 = loc("layers.3.mlp")
#loc35 = loc("lm_head")
module {
  xf.weight @rope.0 rope <theta = 1.000000e+04 : f64, dim = 32, none> : tensor<512x32xf32, #xf.quant<f32>> loc(#loc)
  func.func @prefill(%arg0: tensor<?xi32> loc("embed_tokens")) -> tensor<?x192xf32> {
    %0 = xf.get_weight @model.embed_tokens.weight : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc1)
    %1 = xf.fused "embedding"(%arg0, %0) : (tensor<?xi32>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?xi32> loc("embed_tokens"), %arg2: tensor<1024x192xf32, #xf.quant<q4_0>> loc("embed_tokens")):
      %71 = xf.embedding %arg1, %arg2 : (tensor<?xi32>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<?x192xf32> loc(#loc1)
      xf.yield %71 : tensor<?x192xf32> loc(#loc1)
    } loc(#loc1)
    %2 = xf.get_weight @model.layers.0.input_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc2)
    %3 = xf.fused "rms_norm+quantize"(%1, %2) : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x192xf32> loc("embed_tokens"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.0.attention")):
      %71 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32> loc(#loc2)
      %72 = xf.quantize %71 : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc2)
      xf.yield %72 : tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc2)
    } loc(#loc2)
    %4 = xf.get_weight @"model.layers.0.self_attn.q_proj+k_proj+v_proj.weight" : tensor<320x192xf32, #xf.quant<q4_0>> loc(#loc2)
    %5 = xf.fused "linear"(%3, %4) : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<?x320xf32> {
    ^bb0(%arg1: tensor<?x192xf32, #xf.quant<dyn_i8>> loc("layers.0.attention"), %arg2: tensor<320x192xf32, #xf.quant<q4_0>> loc("layers.0.attention")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<?x320xf32> loc(#loc2)
      xf.yield %71 : tensor<?x320xf32> loc(#loc2)
    } loc(#loc2)
    %6 = xf.get_weight @rope.0 : tensor<512x32xf32, #xf.quant<f32>> loc(#loc2)
    %7 = xf.get_state @layers.0.kv : <2 x 512 x 32, f16> loc(#loc2)
    %8 = xf.fused "rope+rope+append"(%5, %6, %7) : (tensor<?x320xf32>, tensor<512x32xf32, #xf.quant<f32>>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x320xf32> loc("layers.0.attention"), %arg2: tensor<512x32xf32, #xf.quant<f32>> loc("layers.0.attention"), %arg3: !xf.kv_cache<2 x 512 x 32, f16> loc("layers.0.attention")):
      %71 = xf.slice %arg1 {offset = 0 : i64} : (tensor<?x320xf32>) -> tensor<?x192xf32> loc(#loc2)
      %72 = xf.slice %arg1 {offset = 192 : i64} : (tensor<?x320xf32>) -> tensor<?x64xf32> loc(#loc2)
      %73 = xf.slice %arg1 {offset = 256 : i64} : (tensor<?x320xf32>) -> tensor<?x64xf32> loc(#loc2)
      %74 = xf.rope %71 table %arg2 {heads = 6 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<?x192xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<?x192xf32> loc(#loc2)
      %75 = xf.rope %72 table %arg2 {heads = 2 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<?x64xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<?x64xf32> loc(#loc2)
      xf.append %75, %73 to %arg3 : tensor<?x64xf32>, tensor<?x64xf32>, <2 x 512 x 32, f16> loc(#loc2)
      xf.yield %74 : tensor<?x192xf32> loc(#loc2)
    } loc(#loc2)
    %9 = xf.fused "attention"(%8, %7) : (tensor<?x192xf32>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.0.attention"), %arg2: !xf.kv_cache<2 x 512 x 32, f16> loc("layers.0.attention")):
      %71 = xf.attention %arg1, %arg2 {heads = 6 : i64, scale = 0.17677669529663687 : f64} : (tensor<?x192xf32>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<?x192xf32> loc(#loc2)
      xf.yield %71 : tensor<?x192xf32> loc(#loc2)
    } loc(#loc2)
    %10 = xf.get_weight @model.layers.0.self_attn.o_proj.weight : tensor<192x192xf32, #xf.quant<q4_0>> loc(#loc2)
    %11 = xf.fused "quantize"(%9) : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.0.attention")):
      %71 = xf.quantize %arg1 : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc2)
      xf.yield %71 : tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc2)
    } loc(#loc2)
    %12 = xf.fused "linear+add"(%11, %10, %1) : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<192x192xf32, #xf.quant<q4_0>>, tensor<?x192xf32>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x192xf32, #xf.quant<dyn_i8>> loc("layers.0.attention"), %arg2: tensor<192x192xf32, #xf.quant<q4_0>> loc("layers.0.attention"), %arg3: tensor<?x192xf32> loc("embed_tokens")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<192x192xf32, #xf.quant<q4_0>>) -> tensor<?x192xf32> loc(#loc2)
      %72 = xf.add %arg3, %71 : tensor<?x192xf32> loc(#loc2)
      xf.yield %72 : tensor<?x192xf32> loc(#loc2)
    } loc(#loc2)
    %13 = xf.get_weight @model.layers.0.post_attention_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc3)
    %14 = xf.fused "rms_norm+quantize"(%12, %13) : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.0.attention"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.0.mlp")):
      %71 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32> loc(#loc3)
      %72 = xf.quantize %71 : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc3)
      xf.yield %72 : tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc3)
    } loc(#loc3)
    %15 = xf.get_weight @"model.layers.0.mlp.gate_proj+up_proj.weight" : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc3)
    %16 = xf.fused "linear+activation+mul"(%14, %15) : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<?x512xf32> {
    ^bb0(%arg1: tensor<?x192xf32, #xf.quant<dyn_i8>> loc("layers.0.mlp"), %arg2: tensor<1024x192xf32, #xf.quant<q4_0>> loc("layers.0.mlp")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<?x1024xf32> loc(#loc3)
      %72 = xf.slice %71 {offset = 0 : i64} : (tensor<?x1024xf32>) -> tensor<?x512xf32> loc(#loc3)
      %73 = xf.slice %71 {offset = 512 : i64} : (tensor<?x1024xf32>) -> tensor<?x512xf32> loc(#loc3)
      %74 = xf.activation silu %72 : tensor<?x512xf32> loc(#loc3)
      %75 = xf.mul %74, %73 : tensor<?x512xf32> loc(#loc3)
      xf.yield %75 : tensor<?x512xf32> loc(#loc3)
    } loc(#loc3)
    %17 = xf.get_weight @model.layers.0.mlp.down_proj.weight : tensor<192x512xf32, #xf.quant<q4_0>> loc(#loc3)
    %18 = xf.fused "quantize"(%16) : (tensor<?x512xf32>) -> tensor<?x512xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x512xf32> loc("layers.0.mlp")):
      %71 = xf.quantize %arg1 : (tensor<?x512xf32>) -> tensor<?x512xf32, #xf.quant<dyn_i8>> loc(#loc3)
      xf.yield %71 : tensor<?x512xf32, #xf.quant<dyn_i8>> loc(#loc3)
    } loc(#loc3)
    %19 = xf.fused "linear+add"(%18, %17, %12) : (tensor<?x512xf32, #xf.quant<dyn_i8>>, tensor<192x512xf32, #xf.quant<q4_0>>, tensor<?x192xf32>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x512xf32, #xf.quant<dyn_i8>> loc("layers.0.mlp"), %arg2: tensor<192x512xf32, #xf.quant<q4_0>> loc("layers.0.mlp"), %arg3: tensor<?x192xf32> loc("layers.0.attention")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x512xf32, #xf.quant<dyn_i8>>, tensor<192x512xf32, #xf.quant<q4_0>>) -> tensor<?x192xf32> loc(#loc3)
      %72 = xf.add %arg3, %71 : tensor<?x192xf32> loc(#loc3)
      xf.yield %72 : tensor<?x192xf32> loc(#loc3)
    } loc(#loc3)
    %20 = xf.get_weight @model.layers.1.input_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc4)
    %21 = xf.fused "rms_norm+quantize"(%19, %20) : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.0.mlp"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.1.attention")):
      %71 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32> loc(#loc4)
      %72 = xf.quantize %71 : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc4)
      xf.yield %72 : tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc4)
    } loc(#loc4)
    %22 = xf.get_weight @"model.layers.1.self_attn.q_proj+k_proj+v_proj.weight" : tensor<320x192xf32, #xf.quant<q4_0>> loc(#loc4)
    %23 = xf.fused "linear"(%21, %22) : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<?x320xf32> {
    ^bb0(%arg1: tensor<?x192xf32, #xf.quant<dyn_i8>> loc("layers.1.attention"), %arg2: tensor<320x192xf32, #xf.quant<q4_0>> loc("layers.1.attention")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<?x320xf32> loc(#loc4)
      xf.yield %71 : tensor<?x320xf32> loc(#loc4)
    } loc(#loc4)
    %24 = xf.get_state @layers.1.kv : <2 x 512 x 32, f16> loc(#loc4)
    %25 = xf.fused "rope+rope+append"(%23, %6, %24) : (tensor<?x320xf32>, tensor<512x32xf32, #xf.quant<f32>>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x320xf32> loc("layers.1.attention"), %arg2: tensor<512x32xf32, #xf.quant<f32>> loc("layers.0.attention"), %arg3: !xf.kv_cache<2 x 512 x 32, f16> loc("layers.1.attention")):
      %71 = xf.slice %arg1 {offset = 0 : i64} : (tensor<?x320xf32>) -> tensor<?x192xf32> loc(#loc4)
      %72 = xf.slice %arg1 {offset = 192 : i64} : (tensor<?x320xf32>) -> tensor<?x64xf32> loc(#loc4)
      %73 = xf.slice %arg1 {offset = 256 : i64} : (tensor<?x320xf32>) -> tensor<?x64xf32> loc(#loc4)
      %74 = xf.rope %71 table %arg2 {heads = 6 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<?x192xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<?x192xf32> loc(#loc4)
      %75 = xf.rope %72 table %arg2 {heads = 2 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<?x64xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<?x64xf32> loc(#loc4)
      xf.append %75, %73 to %arg3 : tensor<?x64xf32>, tensor<?x64xf32>, <2 x 512 x 32, f16> loc(#loc4)
      xf.yield %74 : tensor<?x192xf32> loc(#loc4)
    } loc(#loc4)
    %26 = xf.fused "attention"(%25, %24) : (tensor<?x192xf32>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.1.attention"), %arg2: !xf.kv_cache<2 x 512 x 32, f16> loc("layers.1.attention")):
      %71 = xf.attention %arg1, %arg2 {heads = 6 : i64, scale = 0.17677669529663687 : f64} : (tensor<?x192xf32>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<?x192xf32> loc(#loc4)
      xf.yield %71 : tensor<?x192xf32> loc(#loc4)
    } loc(#loc4)
    %27 = xf.get_weight @model.layers.1.self_attn.o_proj.weight : tensor<192x192xf32, #xf.quant<q4_0>> loc(#loc4)
    %28 = xf.fused "quantize"(%26) : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.1.attention")):
      %71 = xf.quantize %arg1 : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc4)
      xf.yield %71 : tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc4)
    } loc(#loc4)
    %29 = xf.fused "linear+add"(%28, %27, %19) : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<192x192xf32, #xf.quant<q4_0>>, tensor<?x192xf32>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x192xf32, #xf.quant<dyn_i8>> loc("layers.1.attention"), %arg2: tensor<192x192xf32, #xf.quant<q4_0>> loc("layers.1.attention"), %arg3: tensor<?x192xf32> loc("layers.0.mlp")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<192x192xf32, #xf.quant<q4_0>>) -> tensor<?x192xf32> loc(#loc4)
      %72 = xf.add %arg3, %71 : tensor<?x192xf32> loc(#loc4)
      xf.yield %72 : tensor<?x192xf32> loc(#loc4)
    } loc(#loc4)
    %30 = xf.get_weight @model.layers.1.post_attention_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc5)
    %31 = xf.fused "rms_norm+quantize"(%29, %30) : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.1.attention"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.1.mlp")):
      %71 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32> loc(#loc5)
      %72 = xf.quantize %71 : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc5)
      xf.yield %72 : tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc5)
    } loc(#loc5)
    %32 = xf.get_weight @"model.layers.1.mlp.gate_proj+up_proj.weight" : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc5)
    %33 = xf.fused "linear+activation+mul"(%31, %32) : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<?x512xf32> {
    ^bb0(%arg1: tensor<?x192xf32, #xf.quant<dyn_i8>> loc("layers.1.mlp"), %arg2: tensor<1024x192xf32, #xf.quant<q4_0>> loc("layers.1.mlp")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<?x1024xf32> loc(#loc5)
      %72 = xf.slice %71 {offset = 0 : i64} : (tensor<?x1024xf32>) -> tensor<?x512xf32> loc(#loc5)
      %73 = xf.slice %71 {offset = 512 : i64} : (tensor<?x1024xf32>) -> tensor<?x512xf32> loc(#loc5)
      %74 = xf.activation silu %72 : tensor<?x512xf32> loc(#loc5)
      %75 = xf.mul %74, %73 : tensor<?x512xf32> loc(#loc5)
      xf.yield %75 : tensor<?x512xf32> loc(#loc5)
    } loc(#loc5)
    %34 = xf.get_weight @model.layers.1.mlp.down_proj.weight : tensor<192x512xf32, #xf.quant<q4_0>> loc(#loc5)
    %35 = xf.fused "quantize"(%33) : (tensor<?x512xf32>) -> tensor<?x512xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x512xf32> loc("layers.1.mlp")):
      %71 = xf.quantize %arg1 : (tensor<?x512xf32>) -> tensor<?x512xf32, #xf.quant<dyn_i8>> loc(#loc5)
      xf.yield %71 : tensor<?x512xf32, #xf.quant<dyn_i8>> loc(#loc5)
    } loc(#loc5)
    %36 = xf.fused "linear+add"(%35, %34, %29) : (tensor<?x512xf32, #xf.quant<dyn_i8>>, tensor<192x512xf32, #xf.quant<q4_0>>, tensor<?x192xf32>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x512xf32, #xf.quant<dyn_i8>> loc("layers.1.mlp"), %arg2: tensor<192x512xf32, #xf.quant<q4_0>> loc("layers.1.mlp"), %arg3: tensor<?x192xf32> loc("layers.1.attention")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x512xf32, #xf.quant<dyn_i8>>, tensor<192x512xf32, #xf.quant<q4_0>>) -> tensor<?x192xf32> loc(#loc5)
      %72 = xf.add %arg3, %71 : tensor<?x192xf32> loc(#loc5)
      xf.yield %72 : tensor<?x192xf32> loc(#loc5)
    } loc(#loc5)
    %37 = xf.get_weight @model.layers.2.input_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc6)
    %38 = xf.fused "rms_norm+quantize"(%36, %37) : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.1.mlp"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.2.attention")):
      %71 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32> loc(#loc6)
      %72 = xf.quantize %71 : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc6)
      xf.yield %72 : tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc6)
    } loc(#loc6)
    %39 = xf.get_weight @"model.layers.2.self_attn.q_proj+k_proj+v_proj.weight" : tensor<320x192xf32, #xf.quant<q4_0>> loc(#loc6)
    %40 = xf.fused "linear"(%38, %39) : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<?x320xf32> {
    ^bb0(%arg1: tensor<?x192xf32, #xf.quant<dyn_i8>> loc("layers.2.attention"), %arg2: tensor<320x192xf32, #xf.quant<q4_0>> loc("layers.2.attention")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<?x320xf32> loc(#loc6)
      xf.yield %71 : tensor<?x320xf32> loc(#loc6)
    } loc(#loc6)
    %41 = xf.get_state @layers.2.kv : <2 x 512 x 32, f16> loc(#loc6)
    %42 = xf.fused "rope+rope+append"(%40, %6, %41) : (tensor<?x320xf32>, tensor<512x32xf32, #xf.quant<f32>>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x320xf32> loc("layers.2.attention"), %arg2: tensor<512x32xf32, #xf.quant<f32>> loc("layers.0.attention"), %arg3: !xf.kv_cache<2 x 512 x 32, f16> loc("layers.2.attention")):
      %71 = xf.slice %arg1 {offset = 0 : i64} : (tensor<?x320xf32>) -> tensor<?x192xf32> loc(#loc6)
      %72 = xf.slice %arg1 {offset = 192 : i64} : (tensor<?x320xf32>) -> tensor<?x64xf32> loc(#loc6)
      %73 = xf.slice %arg1 {offset = 256 : i64} : (tensor<?x320xf32>) -> tensor<?x64xf32> loc(#loc6)
      %74 = xf.rope %71 table %arg2 {heads = 6 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<?x192xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<?x192xf32> loc(#loc6)
      %75 = xf.rope %72 table %arg2 {heads = 2 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<?x64xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<?x64xf32> loc(#loc6)
      xf.append %75, %73 to %arg3 : tensor<?x64xf32>, tensor<?x64xf32>, <2 x 512 x 32, f16> loc(#loc6)
      xf.yield %74 : tensor<?x192xf32> loc(#loc6)
    } loc(#loc6)
    %43 = xf.fused "attention"(%42, %41) : (tensor<?x192xf32>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.2.attention"), %arg2: !xf.kv_cache<2 x 512 x 32, f16> loc("layers.2.attention")):
      %71 = xf.attention %arg1, %arg2 {heads = 6 : i64, scale = 0.17677669529663687 : f64} : (tensor<?x192xf32>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<?x192xf32> loc(#loc6)
      xf.yield %71 : tensor<?x192xf32> loc(#loc6)
    } loc(#loc6)
    %44 = xf.get_weight @model.layers.2.self_attn.o_proj.weight : tensor<192x192xf32, #xf.quant<q4_0>> loc(#loc6)
    %45 = xf.fused "quantize"(%43) : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.2.attention")):
      %71 = xf.quantize %arg1 : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc6)
      xf.yield %71 : tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc6)
    } loc(#loc6)
    %46 = xf.fused "linear+add"(%45, %44, %36) : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<192x192xf32, #xf.quant<q4_0>>, tensor<?x192xf32>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x192xf32, #xf.quant<dyn_i8>> loc("layers.2.attention"), %arg2: tensor<192x192xf32, #xf.quant<q4_0>> loc("layers.2.attention"), %arg3: tensor<?x192xf32> loc("layers.1.mlp")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<192x192xf32, #xf.quant<q4_0>>) -> tensor<?x192xf32> loc(#loc6)
      %72 = xf.add %arg3, %71 : tensor<?x192xf32> loc(#loc6)
      xf.yield %72 : tensor<?x192xf32> loc(#loc6)
    } loc(#loc6)
    %47 = xf.get_weight @model.layers.2.post_attention_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc7)
    %48 = xf.fused "rms_norm+quantize"(%46, %47) : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.2.attention"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.2.mlp")):
      %71 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32> loc(#loc7)
      %72 = xf.quantize %71 : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc7)
      xf.yield %72 : tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc7)
    } loc(#loc7)
    %49 = xf.get_weight @"model.layers.2.mlp.gate_proj+up_proj.weight" : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc7)
    %50 = xf.fused "linear+activation+mul"(%48, %49) : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<?x512xf32> {
    ^bb0(%arg1: tensor<?x192xf32, #xf.quant<dyn_i8>> loc("layers.2.mlp"), %arg2: tensor<1024x192xf32, #xf.quant<q4_0>> loc("layers.2.mlp")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<?x1024xf32> loc(#loc7)
      %72 = xf.slice %71 {offset = 0 : i64} : (tensor<?x1024xf32>) -> tensor<?x512xf32> loc(#loc7)
      %73 = xf.slice %71 {offset = 512 : i64} : (tensor<?x1024xf32>) -> tensor<?x512xf32> loc(#loc7)
      %74 = xf.activation silu %72 : tensor<?x512xf32> loc(#loc7)
      %75 = xf.mul %74, %73 : tensor<?x512xf32> loc(#loc7)
      xf.yield %75 : tensor<?x512xf32> loc(#loc7)
    } loc(#loc7)
    %51 = xf.get_weight @model.layers.2.mlp.down_proj.weight : tensor<192x512xf32, #xf.quant<q4_0>> loc(#loc7)
    %52 = xf.fused "quantize"(%50) : (tensor<?x512xf32>) -> tensor<?x512xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x512xf32> loc("layers.2.mlp")):
      %71 = xf.quantize %arg1 : (tensor<?x512xf32>) -> tensor<?x512xf32, #xf.quant<dyn_i8>> loc(#loc7)
      xf.yield %71 : tensor<?x512xf32, #xf.quant<dyn_i8>> loc(#loc7)
    } loc(#loc7)
    %53 = xf.fused "linear+add"(%52, %51, %46) : (tensor<?x512xf32, #xf.quant<dyn_i8>>, tensor<192x512xf32, #xf.quant<q4_0>>, tensor<?x192xf32>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x512xf32, #xf.quant<dyn_i8>> loc("layers.2.mlp"), %arg2: tensor<192x512xf32, #xf.quant<q4_0>> loc("layers.2.mlp"), %arg3: tensor<?x192xf32> loc("layers.2.attention")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x512xf32, #xf.quant<dyn_i8>>, tensor<192x512xf32, #xf.quant<q4_0>>) -> tensor<?x192xf32> loc(#loc7)
      %72 = xf.add %arg3, %71 : tensor<?x192xf32> loc(#loc7)
      xf.yield %72 : tensor<?x192xf32> loc(#loc7)
    } loc(#loc7)
    %54 = xf.get_weight @model.layers.3.input_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc8)
    %55 = xf.fused "rms_norm+quantize"(%53, %54) : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.2.mlp"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.3.attention")):
      %71 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32> loc(#loc8)
      %72 = xf.quantize %71 : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc8)
      xf.yield %72 : tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc8)
    } loc(#loc8)
    %56 = xf.get_weight @"model.layers.3.self_attn.q_proj+k_proj+v_proj.weight" : tensor<320x192xf32, #xf.quant<q4_0>> loc(#loc8)
    %57 = xf.fused "linear"(%55, %56) : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<?x320xf32> {
    ^bb0(%arg1: tensor<?x192xf32, #xf.quant<dyn_i8>> loc("layers.3.attention"), %arg2: tensor<320x192xf32, #xf.quant<q4_0>> loc("layers.3.attention")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<?x320xf32> loc(#loc8)
      xf.yield %71 : tensor<?x320xf32> loc(#loc8)
    } loc(#loc8)
    %58 = xf.get_state @layers.3.kv : <2 x 512 x 32, f16> loc(#loc8)
    %59 = xf.fused "rope+rope+append"(%57, %6, %58) : (tensor<?x320xf32>, tensor<512x32xf32, #xf.quant<f32>>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x320xf32> loc("layers.3.attention"), %arg2: tensor<512x32xf32, #xf.quant<f32>> loc("layers.0.attention"), %arg3: !xf.kv_cache<2 x 512 x 32, f16> loc("layers.3.attention")):
      %71 = xf.slice %arg1 {offset = 0 : i64} : (tensor<?x320xf32>) -> tensor<?x192xf32> loc(#loc8)
      %72 = xf.slice %arg1 {offset = 192 : i64} : (tensor<?x320xf32>) -> tensor<?x64xf32> loc(#loc8)
      %73 = xf.slice %arg1 {offset = 256 : i64} : (tensor<?x320xf32>) -> tensor<?x64xf32> loc(#loc8)
      %74 = xf.rope %71 table %arg2 {heads = 6 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<?x192xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<?x192xf32> loc(#loc8)
      %75 = xf.rope %72 table %arg2 {heads = 2 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<?x64xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<?x64xf32> loc(#loc8)
      xf.append %75, %73 to %arg3 : tensor<?x64xf32>, tensor<?x64xf32>, <2 x 512 x 32, f16> loc(#loc8)
      xf.yield %74 : tensor<?x192xf32> loc(#loc8)
    } loc(#loc8)
    %60 = xf.fused "attention"(%59, %58) : (tensor<?x192xf32>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.3.attention"), %arg2: !xf.kv_cache<2 x 512 x 32, f16> loc("layers.3.attention")):
      %71 = xf.attention %arg1, %arg2 {heads = 6 : i64, scale = 0.17677669529663687 : f64} : (tensor<?x192xf32>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<?x192xf32> loc(#loc8)
      xf.yield %71 : tensor<?x192xf32> loc(#loc8)
    } loc(#loc8)
    %61 = xf.get_weight @model.layers.3.self_attn.o_proj.weight : tensor<192x192xf32, #xf.quant<q4_0>> loc(#loc8)
    %62 = xf.fused "quantize"(%60) : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.3.attention")):
      %71 = xf.quantize %arg1 : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc8)
      xf.yield %71 : tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc8)
    } loc(#loc8)
    %63 = xf.fused "linear+add"(%62, %61, %53) : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<192x192xf32, #xf.quant<q4_0>>, tensor<?x192xf32>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x192xf32, #xf.quant<dyn_i8>> loc("layers.3.attention"), %arg2: tensor<192x192xf32, #xf.quant<q4_0>> loc("layers.3.attention"), %arg3: tensor<?x192xf32> loc("layers.2.mlp")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<192x192xf32, #xf.quant<q4_0>>) -> tensor<?x192xf32> loc(#loc8)
      %72 = xf.add %arg3, %71 : tensor<?x192xf32> loc(#loc8)
      xf.yield %72 : tensor<?x192xf32> loc(#loc8)
    } loc(#loc8)
    %64 = xf.get_weight @model.layers.3.post_attention_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc9)
    %65 = xf.fused "rms_norm+quantize"(%63, %64) : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x192xf32> loc("layers.3.attention"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.3.mlp")):
      %71 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<?x192xf32> loc(#loc9)
      %72 = xf.quantize %71 : (tensor<?x192xf32>) -> tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc9)
      xf.yield %72 : tensor<?x192xf32, #xf.quant<dyn_i8>> loc(#loc9)
    } loc(#loc9)
    %66 = xf.get_weight @"model.layers.3.mlp.gate_proj+up_proj.weight" : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc9)
    %67 = xf.fused "linear+activation+mul"(%65, %66) : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<?x512xf32> {
    ^bb0(%arg1: tensor<?x192xf32, #xf.quant<dyn_i8>> loc("layers.3.mlp"), %arg2: tensor<1024x192xf32, #xf.quant<q4_0>> loc("layers.3.mlp")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x192xf32, #xf.quant<dyn_i8>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<?x1024xf32> loc(#loc9)
      %72 = xf.slice %71 {offset = 0 : i64} : (tensor<?x1024xf32>) -> tensor<?x512xf32> loc(#loc9)
      %73 = xf.slice %71 {offset = 512 : i64} : (tensor<?x1024xf32>) -> tensor<?x512xf32> loc(#loc9)
      %74 = xf.activation silu %72 : tensor<?x512xf32> loc(#loc9)
      %75 = xf.mul %74, %73 : tensor<?x512xf32> loc(#loc9)
      xf.yield %75 : tensor<?x512xf32> loc(#loc9)
    } loc(#loc9)
    %68 = xf.get_weight @model.layers.3.mlp.down_proj.weight : tensor<192x512xf32, #xf.quant<q4_0>> loc(#loc9)
    %69 = xf.fused "quantize"(%67) : (tensor<?x512xf32>) -> tensor<?x512xf32, #xf.quant<dyn_i8>> {
    ^bb0(%arg1: tensor<?x512xf32> loc("layers.3.mlp")):
      %71 = xf.quantize %arg1 : (tensor<?x512xf32>) -> tensor<?x512xf32, #xf.quant<dyn_i8>> loc(#loc9)
      xf.yield %71 : tensor<?x512xf32, #xf.quant<dyn_i8>> loc(#loc9)
    } loc(#loc9)
    %70 = xf.fused "linear+add"(%69, %68, %63) : (tensor<?x512xf32, #xf.quant<dyn_i8>>, tensor<192x512xf32, #xf.quant<q4_0>>, tensor<?x192xf32>) -> tensor<?x192xf32> {
    ^bb0(%arg1: tensor<?x512xf32, #xf.quant<dyn_i8>> loc("layers.3.mlp"), %arg2: tensor<192x512xf32, #xf.quant<q4_0>> loc("layers.3.mlp"), %arg3: tensor<?x192xf32> loc("layers.3.attention")):
      %71 = xf.linear %arg1, %arg2 : (tensor<?x512xf32, #xf.quant<dyn_i8>>, tensor<192x512xf32, #xf.quant<q4_0>>) -> tensor<?x192xf32> loc(#loc9)
      %72 = xf.add %arg3, %71 : tensor<?x192xf32> loc(#loc9)
      xf.yield %72 : tensor<?x192xf32> loc(#loc9)
    } loc(#loc9)
    return %70 : tensor<?x192xf32> loc(#loc9)
  } loc(#loc1)
  func.func @decode(%arg0: tensor<1xi32> loc("embed_tokens")) -> tensor<1x192xf32> {
    %0 = xf.get_weight @model.embed_tokens.weight : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc1)
    %1 = xf.fused "embedding"(%arg0, %0) : (tensor<1xi32>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<1x192xf32> {
    ^bb0(%arg1: tensor<1xi32> loc("embed_tokens"), %arg2: tensor<1024x192xf32, #xf.quant<q4_0>> loc("embed_tokens")):
      %51 = xf.embedding %arg1, %arg2 : (tensor<1xi32>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<1x192xf32> loc(#loc1)
      xf.yield %51 : tensor<1x192xf32> loc(#loc1)
    } loc(#loc1)
    %2 = xf.get_weight @model.layers.0.input_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc2)
    %3 = xf.get_weight @"model.layers.0.self_attn.q_proj+k_proj+v_proj.weight" : tensor<320x192xf32, #xf.quant<q4_0>> loc(#loc2)
    %4 = xf.fused "rms_norm+quantize+linear"(%1, %2, %3) : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<1x320xf32> {
    ^bb0(%arg1: tensor<1x192xf32> loc("embed_tokens"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.0.attention"), %arg3: tensor<320x192xf32, #xf.quant<q4_0>> loc("layers.0.attention")):
      %51 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<1x192xf32> loc(#loc2)
      %52 = xf.quantize %51 : (tensor<1x192xf32>) -> tensor<1x192xf32, #xf.quant<dyn_i8>> loc(#loc2)
      %53 = xf.linear %52, %arg3 : (tensor<1x192xf32, #xf.quant<dyn_i8>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<1x320xf32> loc(#loc2)
      xf.yield %53 : tensor<1x320xf32> loc(#loc2)
    } loc(#loc2)
    %5 = xf.get_weight @rope.0 : tensor<512x32xf32, #xf.quant<f32>> loc(#loc2)
    %6 = xf.get_state @layers.0.kv : <2 x 512 x 32, f16> loc(#loc2)
    %7 = xf.fused "rope+rope+append+attention"(%4, %5, %6) : (tensor<1x320xf32>, tensor<512x32xf32, #xf.quant<f32>>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<1x192xf32> {
    ^bb0(%arg1: tensor<1x320xf32> loc("layers.0.attention"), %arg2: tensor<512x32xf32, #xf.quant<f32>> loc("layers.0.attention"), %arg3: !xf.kv_cache<2 x 512 x 32, f16> loc("layers.0.attention")):
      %51 = xf.slice %arg1 {offset = 0 : i64} : (tensor<1x320xf32>) -> tensor<1x192xf32> loc(#loc2)
      %52 = xf.slice %arg1 {offset = 192 : i64} : (tensor<1x320xf32>) -> tensor<1x64xf32> loc(#loc2)
      %53 = xf.slice %arg1 {offset = 256 : i64} : (tensor<1x320xf32>) -> tensor<1x64xf32> loc(#loc2)
      %54 = xf.rope %51 table %arg2 {heads = 6 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<1x192xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<1x192xf32> loc(#loc2)
      %55 = xf.rope %52 table %arg2 {heads = 2 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<1x64xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<1x64xf32> loc(#loc2)
      xf.append %55, %53 to %arg3 : tensor<1x64xf32>, tensor<1x64xf32>, <2 x 512 x 32, f16> loc(#loc2)
      %56 = xf.attention %54, %arg3 {heads = 6 : i64, scale = 0.17677669529663687 : f64} : (tensor<1x192xf32>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<1x192xf32> loc(#loc2)
      xf.yield %56 : tensor<1x192xf32> loc(#loc2)
    } loc(#loc2)
    %8 = xf.get_weight @model.layers.0.self_attn.o_proj.weight : tensor<192x192xf32, #xf.quant<q4_0>> loc(#loc2)
    %9 = xf.fused "quantize+linear+add"(%7, %8, %1) : (tensor<1x192xf32>, tensor<192x192xf32, #xf.quant<q4_0>>, tensor<1x192xf32>) -> tensor<1x192xf32> {
    ^bb0(%arg1: tensor<1x192xf32> loc("layers.0.attention"), %arg2: tensor<192x192xf32, #xf.quant<q4_0>> loc("layers.0.attention"), %arg3: tensor<1x192xf32> loc("embed_tokens")):
      %51 = xf.quantize %arg1 : (tensor<1x192xf32>) -> tensor<1x192xf32, #xf.quant<dyn_i8>> loc(#loc2)
      %52 = xf.linear %51, %arg2 : (tensor<1x192xf32, #xf.quant<dyn_i8>>, tensor<192x192xf32, #xf.quant<q4_0>>) -> tensor<1x192xf32> loc(#loc2)
      %53 = xf.add %arg3, %52 : tensor<1x192xf32> loc(#loc2)
      xf.yield %53 : tensor<1x192xf32> loc(#loc2)
    } loc(#loc2)
    %10 = xf.get_weight @model.layers.0.post_attention_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc3)
    %11 = xf.get_weight @"model.layers.0.mlp.gate_proj+up_proj.weight" : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc3)
    %12 = xf.fused "rms_norm+quantize+linear+activation+mul"(%9, %10, %11) : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<1x512xf32> {
    ^bb0(%arg1: tensor<1x192xf32> loc("layers.0.attention"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.0.mlp"), %arg3: tensor<1024x192xf32, #xf.quant<q4_0>> loc("layers.0.mlp")):
      %51 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<1x192xf32> loc(#loc3)
      %52 = xf.quantize %51 : (tensor<1x192xf32>) -> tensor<1x192xf32, #xf.quant<dyn_i8>> loc(#loc3)
      %53 = xf.linear %52, %arg3 : (tensor<1x192xf32, #xf.quant<dyn_i8>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<1x1024xf32> loc(#loc3)
      %54 = xf.slice %53 {offset = 0 : i64} : (tensor<1x1024xf32>) -> tensor<1x512xf32> loc(#loc3)
      %55 = xf.slice %53 {offset = 512 : i64} : (tensor<1x1024xf32>) -> tensor<1x512xf32> loc(#loc3)
      %56 = xf.activation silu %54 : tensor<1x512xf32> loc(#loc3)
      %57 = xf.mul %56, %55 : tensor<1x512xf32> loc(#loc3)
      xf.yield %57 : tensor<1x512xf32> loc(#loc3)
    } loc(#loc3)
    %13 = xf.get_weight @model.layers.0.mlp.down_proj.weight : tensor<192x512xf32, #xf.quant<q4_0>> loc(#loc3)
    %14 = xf.fused "quantize+linear+add"(%12, %13, %9) : (tensor<1x512xf32>, tensor<192x512xf32, #xf.quant<q4_0>>, tensor<1x192xf32>) -> tensor<1x192xf32> {
    ^bb0(%arg1: tensor<1x512xf32> loc("layers.0.mlp"), %arg2: tensor<192x512xf32, #xf.quant<q4_0>> loc("layers.0.mlp"), %arg3: tensor<1x192xf32> loc("layers.0.attention")):
      %51 = xf.quantize %arg1 : (tensor<1x512xf32>) -> tensor<1x512xf32, #xf.quant<dyn_i8>> loc(#loc3)
      %52 = xf.linear %51, %arg2 : (tensor<1x512xf32, #xf.quant<dyn_i8>>, tensor<192x512xf32, #xf.quant<q4_0>>) -> tensor<1x192xf32> loc(#loc3)
      %53 = xf.add %arg3, %52 : tensor<1x192xf32> loc(#loc3)
      xf.yield %53 : tensor<1x192xf32> loc(#loc3)
    } loc(#loc3)
    %15 = xf.get_weight @model.layers.1.input_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc4)
    %16 = xf.get_weight @"model.layers.1.self_attn.q_proj+k_proj+v_proj.weight" : tensor<320x192xf32, #xf.quant<q4_0>> loc(#loc4)
    %17 = xf.fused "rms_norm+quantize+linear"(%14, %15, %16) : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<1x320xf32> {
    ^bb0(%arg1: tensor<1x192xf32> loc("layers.0.mlp"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.1.attention"), %arg3: tensor<320x192xf32, #xf.quant<q4_0>> loc("layers.1.attention")):
      %51 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<1x192xf32> loc(#loc4)
      %52 = xf.quantize %51 : (tensor<1x192xf32>) -> tensor<1x192xf32, #xf.quant<dyn_i8>> loc(#loc4)
      %53 = xf.linear %52, %arg3 : (tensor<1x192xf32, #xf.quant<dyn_i8>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<1x320xf32> loc(#loc4)
      xf.yield %53 : tensor<1x320xf32> loc(#loc4)
    } loc(#loc4)
    %18 = xf.get_state @layers.1.kv : <2 x 512 x 32, f16> loc(#loc4)
    %19 = xf.fused "rope+rope+append+attention"(%17, %5, %18) : (tensor<1x320xf32>, tensor<512x32xf32, #xf.quant<f32>>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<1x192xf32> {
    ^bb0(%arg1: tensor<1x320xf32> loc("layers.1.attention"), %arg2: tensor<512x32xf32, #xf.quant<f32>> loc("layers.0.attention"), %arg3: !xf.kv_cache<2 x 512 x 32, f16> loc("layers.1.attention")):
      %51 = xf.slice %arg1 {offset = 0 : i64} : (tensor<1x320xf32>) -> tensor<1x192xf32> loc(#loc4)
      %52 = xf.slice %arg1 {offset = 192 : i64} : (tensor<1x320xf32>) -> tensor<1x64xf32> loc(#loc4)
      %53 = xf.slice %arg1 {offset = 256 : i64} : (tensor<1x320xf32>) -> tensor<1x64xf32> loc(#loc4)
      %54 = xf.rope %51 table %arg2 {heads = 6 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<1x192xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<1x192xf32> loc(#loc4)
      %55 = xf.rope %52 table %arg2 {heads = 2 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<1x64xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<1x64xf32> loc(#loc4)
      xf.append %55, %53 to %arg3 : tensor<1x64xf32>, tensor<1x64xf32>, <2 x 512 x 32, f16> loc(#loc4)
      %56 = xf.attention %54, %arg3 {heads = 6 : i64, scale = 0.17677669529663687 : f64} : (tensor<1x192xf32>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<1x192xf32> loc(#loc4)
      xf.yield %56 : tensor<1x192xf32> loc(#loc4)
    } loc(#loc4)
    %20 = xf.get_weight @model.layers.1.self_attn.o_proj.weight : tensor<192x192xf32, #xf.quant<q4_0>> loc(#loc4)
    %21 = xf.fused "quantize+linear+add"(%19, %20, %14) : (tensor<1x192xf32>, tensor<192x192xf32, #xf.quant<q4_0>>, tensor<1x192xf32>) -> tensor<1x192xf32> {
    ^bb0(%arg1: tensor<1x192xf32> loc("layers.1.attention"), %arg2: tensor<192x192xf32, #xf.quant<q4_0>> loc("layers.1.attention"), %arg3: tensor<1x192xf32> loc("layers.0.mlp")):
      %51 = xf.quantize %arg1 : (tensor<1x192xf32>) -> tensor<1x192xf32, #xf.quant<dyn_i8>> loc(#loc4)
      %52 = xf.linear %51, %arg2 : (tensor<1x192xf32, #xf.quant<dyn_i8>>, tensor<192x192xf32, #xf.quant<q4_0>>) -> tensor<1x192xf32> loc(#loc4)
      %53 = xf.add %arg3, %52 : tensor<1x192xf32> loc(#loc4)
      xf.yield %53 : tensor<1x192xf32> loc(#loc4)
    } loc(#loc4)
    %22 = xf.get_weight @model.layers.1.post_attention_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc5)
    %23 = xf.get_weight @"model.layers.1.mlp.gate_proj+up_proj.weight" : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc5)
    %24 = xf.fused "rms_norm+quantize+linear+activation+mul"(%21, %22, %23) : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<1x512xf32> {
    ^bb0(%arg1: tensor<1x192xf32> loc("layers.1.attention"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.1.mlp"), %arg3: tensor<1024x192xf32, #xf.quant<q4_0>> loc("layers.1.mlp")):
      %51 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<1x192xf32> loc(#loc5)
      %52 = xf.quantize %51 : (tensor<1x192xf32>) -> tensor<1x192xf32, #xf.quant<dyn_i8>> loc(#loc5)
      %53 = xf.linear %52, %arg3 : (tensor<1x192xf32, #xf.quant<dyn_i8>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<1x1024xf32> loc(#loc5)
      %54 = xf.slice %53 {offset = 0 : i64} : (tensor<1x1024xf32>) -> tensor<1x512xf32> loc(#loc5)
      %55 = xf.slice %53 {offset = 512 : i64} : (tensor<1x1024xf32>) -> tensor<1x512xf32> loc(#loc5)
      %56 = xf.activation silu %54 : tensor<1x512xf32> loc(#loc5)
      %57 = xf.mul %56, %55 : tensor<1x512xf32> loc(#loc5)
      xf.yield %57 : tensor<1x512xf32> loc(#loc5)
    } loc(#loc5)
    %25 = xf.get_weight @model.layers.1.mlp.down_proj.weight : tensor<192x512xf32, #xf.quant<q4_0>> loc(#loc5)
    %26 = xf.fused "quantize+linear+add"(%24, %25, %21) : (tensor<1x512xf32>, tensor<192x512xf32, #xf.quant<q4_0>>, tensor<1x192xf32>) -> tensor<1x192xf32> {
    ^bb0(%arg1: tensor<1x512xf32> loc("layers.1.mlp"), %arg2: tensor<192x512xf32, #xf.quant<q4_0>> loc("layers.1.mlp"), %arg3: tensor<1x192xf32> loc("layers.1.attention")):
      %51 = xf.quantize %arg1 : (tensor<1x512xf32>) -> tensor<1x512xf32, #xf.quant<dyn_i8>> loc(#loc5)
      %52 = xf.linear %51, %arg2 : (tensor<1x512xf32, #xf.quant<dyn_i8>>, tensor<192x512xf32, #xf.quant<q4_0>>) -> tensor<1x192xf32> loc(#loc5)
      %53 = xf.add %arg3, %52 : tensor<1x192xf32> loc(#loc5)
      xf.yield %53 : tensor<1x192xf32> loc(#loc5)
    } loc(#loc5)
    %27 = xf.get_weight @model.layers.2.input_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc6)
    %28 = xf.get_weight @"model.layers.2.self_attn.q_proj+k_proj+v_proj.weight" : tensor<320x192xf32, #xf.quant<q4_0>> loc(#loc6)
    %29 = xf.fused "rms_norm+quantize+linear"(%26, %27, %28) : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<1x320xf32> {
    ^bb0(%arg1: tensor<1x192xf32> loc("layers.1.mlp"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.2.attention"), %arg3: tensor<320x192xf32, #xf.quant<q4_0>> loc("layers.2.attention")):
      %51 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<1x192xf32> loc(#loc6)
      %52 = xf.quantize %51 : (tensor<1x192xf32>) -> tensor<1x192xf32, #xf.quant<dyn_i8>> loc(#loc6)
      %53 = xf.linear %52, %arg3 : (tensor<1x192xf32, #xf.quant<dyn_i8>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<1x320xf32> loc(#loc6)
      xf.yield %53 : tensor<1x320xf32> loc(#loc6)
    } loc(#loc6)
    %30 = xf.get_state @layers.2.kv : <2 x 512 x 32, f16> loc(#loc6)
    %31 = xf.fused "rope+rope+append+attention"(%29, %5, %30) : (tensor<1x320xf32>, tensor<512x32xf32, #xf.quant<f32>>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<1x192xf32> {
    ^bb0(%arg1: tensor<1x320xf32> loc("layers.2.attention"), %arg2: tensor<512x32xf32, #xf.quant<f32>> loc("layers.0.attention"), %arg3: !xf.kv_cache<2 x 512 x 32, f16> loc("layers.2.attention")):
      %51 = xf.slice %arg1 {offset = 0 : i64} : (tensor<1x320xf32>) -> tensor<1x192xf32> loc(#loc6)
      %52 = xf.slice %arg1 {offset = 192 : i64} : (tensor<1x320xf32>) -> tensor<1x64xf32> loc(#loc6)
      %53 = xf.slice %arg1 {offset = 256 : i64} : (tensor<1x320xf32>) -> tensor<1x64xf32> loc(#loc6)
      %54 = xf.rope %51 table %arg2 {heads = 6 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<1x192xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<1x192xf32> loc(#loc6)
      %55 = xf.rope %52 table %arg2 {heads = 2 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<1x64xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<1x64xf32> loc(#loc6)
      xf.append %55, %53 to %arg3 : tensor<1x64xf32>, tensor<1x64xf32>, <2 x 512 x 32, f16> loc(#loc6)
      %56 = xf.attention %54, %arg3 {heads = 6 : i64, scale = 0.17677669529663687 : f64} : (tensor<1x192xf32>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<1x192xf32> loc(#loc6)
      xf.yield %56 : tensor<1x192xf32> loc(#loc6)
    } loc(#loc6)
    %32 = xf.get_weight @model.layers.2.self_attn.o_proj.weight : tensor<192x192xf32, #xf.quant<q4_0>> loc(#loc6)
    %33 = xf.fused "quantize+linear+add"(%31, %32, %26) : (tensor<1x192xf32>, tensor<192x192xf32, #xf.quant<q4_0>>, tensor<1x192xf32>) -> tensor<1x192xf32> {
    ^bb0(%arg1: tensor<1x192xf32> loc("layers.2.attention"), %arg2: tensor<192x192xf32, #xf.quant<q4_0>> loc("layers.2.attention"), %arg3: tensor<1x192xf32> loc("layers.1.mlp")):
      %51 = xf.quantize %arg1 : (tensor<1x192xf32>) -> tensor<1x192xf32, #xf.quant<dyn_i8>> loc(#loc6)
      %52 = xf.linear %51, %arg2 : (tensor<1x192xf32, #xf.quant<dyn_i8>>, tensor<192x192xf32, #xf.quant<q4_0>>) -> tensor<1x192xf32> loc(#loc6)
      %53 = xf.add %arg3, %52 : tensor<1x192xf32> loc(#loc6)
      xf.yield %53 : tensor<1x192xf32> loc(#loc6)
    } loc(#loc6)
    %34 = xf.get_weight @model.layers.2.post_attention_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc7)
    %35 = xf.get_weight @"model.layers.2.mlp.gate_proj+up_proj.weight" : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc7)
    %36 = xf.fused "rms_norm+quantize+linear+activation+mul"(%33, %34, %35) : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<1x512xf32> {
    ^bb0(%arg1: tensor<1x192xf32> loc("layers.2.attention"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.2.mlp"), %arg3: tensor<1024x192xf32, #xf.quant<q4_0>> loc("layers.2.mlp")):
      %51 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<1x192xf32> loc(#loc7)
      %52 = xf.quantize %51 : (tensor<1x192xf32>) -> tensor<1x192xf32, #xf.quant<dyn_i8>> loc(#loc7)
      %53 = xf.linear %52, %arg3 : (tensor<1x192xf32, #xf.quant<dyn_i8>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<1x1024xf32> loc(#loc7)
      %54 = xf.slice %53 {offset = 0 : i64} : (tensor<1x1024xf32>) -> tensor<1x512xf32> loc(#loc7)
      %55 = xf.slice %53 {offset = 512 : i64} : (tensor<1x1024xf32>) -> tensor<1x512xf32> loc(#loc7)
      %56 = xf.activation silu %54 : tensor<1x512xf32> loc(#loc7)
      %57 = xf.mul %56, %55 : tensor<1x512xf32> loc(#loc7)
      xf.yield %57 : tensor<1x512xf32> loc(#loc7)
    } loc(#loc7)
    %37 = xf.get_weight @model.layers.2.mlp.down_proj.weight : tensor<192x512xf32, #xf.quant<q4_0>> loc(#loc7)
    %38 = xf.fused "quantize+linear+add"(%36, %37, %33) : (tensor<1x512xf32>, tensor<192x512xf32, #xf.quant<q4_0>>, tensor<1x192xf32>) -> tensor<1x192xf32> {
    ^bb0(%arg1: tensor<1x512xf32> loc("layers.2.mlp"), %arg2: tensor<192x512xf32, #xf.quant<q4_0>> loc("layers.2.mlp"), %arg3: tensor<1x192xf32> loc("layers.2.attention")):
      %51 = xf.quantize %arg1 : (tensor<1x512xf32>) -> tensor<1x512xf32, #xf.quant<dyn_i8>> loc(#loc7)
      %52 = xf.linear %51, %arg2 : (tensor<1x512xf32, #xf.quant<dyn_i8>>, tensor<192x512xf32, #xf.quant<q4_0>>) -> tensor<1x192xf32> loc(#loc7)
      %53 = xf.add %arg3, %52 : tensor<1x192xf32> loc(#loc7)
      xf.yield %53 : tensor<1x192xf32> loc(#loc7)
    } loc(#loc7)
    %39 = xf.get_weight @model.layers.3.input_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc8)
    %40 = xf.get_weight @"model.layers.3.self_attn.q_proj+k_proj+v_proj.weight" : tensor<320x192xf32, #xf.quant<q4_0>> loc(#loc8)
    %41 = xf.fused "rms_norm+quantize+linear"(%38, %39, %40) : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<1x320xf32> {
    ^bb0(%arg1: tensor<1x192xf32> loc("layers.2.mlp"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.3.attention"), %arg3: tensor<320x192xf32, #xf.quant<q4_0>> loc("layers.3.attention")):
      %51 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<1x192xf32> loc(#loc8)
      %52 = xf.quantize %51 : (tensor<1x192xf32>) -> tensor<1x192xf32, #xf.quant<dyn_i8>> loc(#loc8)
      %53 = xf.linear %52, %arg3 : (tensor<1x192xf32, #xf.quant<dyn_i8>>, tensor<320x192xf32, #xf.quant<q4_0>>) -> tensor<1x320xf32> loc(#loc8)
      xf.yield %53 : tensor<1x320xf32> loc(#loc8)
    } loc(#loc8)
    %42 = xf.get_state @layers.3.kv : <2 x 512 x 32, f16> loc(#loc8)
    %43 = xf.fused "rope+rope+append+attention"(%41, %5, %42) : (tensor<1x320xf32>, tensor<512x32xf32, #xf.quant<f32>>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<1x192xf32> {
    ^bb0(%arg1: tensor<1x320xf32> loc("layers.3.attention"), %arg2: tensor<512x32xf32, #xf.quant<f32>> loc("layers.0.attention"), %arg3: !xf.kv_cache<2 x 512 x 32, f16> loc("layers.3.attention")):
      %51 = xf.slice %arg1 {offset = 0 : i64} : (tensor<1x320xf32>) -> tensor<1x192xf32> loc(#loc8)
      %52 = xf.slice %arg1 {offset = 192 : i64} : (tensor<1x320xf32>) -> tensor<1x64xf32> loc(#loc8)
      %53 = xf.slice %arg1 {offset = 256 : i64} : (tensor<1x320xf32>) -> tensor<1x64xf32> loc(#loc8)
      %54 = xf.rope %51 table %arg2 {heads = 6 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<1x192xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<1x192xf32> loc(#loc8)
      %55 = xf.rope %52 table %arg2 {heads = 2 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 32, none>} : (tensor<1x64xf32>, tensor<512x32xf32, #xf.quant<f32>>) -> tensor<1x64xf32> loc(#loc8)
      xf.append %55, %53 to %arg3 : tensor<1x64xf32>, tensor<1x64xf32>, <2 x 512 x 32, f16> loc(#loc8)
      %56 = xf.attention %54, %arg3 {heads = 6 : i64, scale = 0.17677669529663687 : f64} : (tensor<1x192xf32>, !xf.kv_cache<2 x 512 x 32, f16>) -> tensor<1x192xf32> loc(#loc8)
      xf.yield %56 : tensor<1x192xf32> loc(#loc8)
    } loc(#loc8)
    %44 = xf.get_weight @model.layers.3.self_attn.o_proj.weight : tensor<192x192xf32, #xf.quant<q4_0>> loc(#loc8)
    %45 = xf.fused "quantize+linear+add"(%43, %44, %38) : (tensor<1x192xf32>, tensor<192x192xf32, #xf.quant<q4_0>>, tensor<1x192xf32>) -> tensor<1x192xf32> {
    ^bb0(%arg1: tensor<1x192xf32> loc("layers.3.attention"), %arg2: tensor<192x192xf32, #xf.quant<q4_0>> loc("layers.3.attention"), %arg3: tensor<1x192xf32> loc("layers.2.mlp")):
      %51 = xf.quantize %arg1 : (tensor<1x192xf32>) -> tensor<1x192xf32, #xf.quant<dyn_i8>> loc(#loc8)
      %52 = xf.linear %51, %arg2 : (tensor<1x192xf32, #xf.quant<dyn_i8>>, tensor<192x192xf32, #xf.quant<q4_0>>) -> tensor<1x192xf32> loc(#loc8)
      %53 = xf.add %arg3, %52 : tensor<1x192xf32> loc(#loc8)
      xf.yield %53 : tensor<1x192xf32> loc(#loc8)
    } loc(#loc8)
    %46 = xf.get_weight @model.layers.3.post_attention_layernorm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc9)
    %47 = xf.get_weight @"model.layers.3.mlp.gate_proj+up_proj.weight" : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc9)
    %48 = xf.fused "rms_norm+quantize+linear+activation+mul"(%45, %46, %47) : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<1x512xf32> {
    ^bb0(%arg1: tensor<1x192xf32> loc("layers.3.attention"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("layers.3.mlp"), %arg3: tensor<1024x192xf32, #xf.quant<q4_0>> loc("layers.3.mlp")):
      %51 = xf.rms_norm %arg1, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<1x192xf32> loc(#loc9)
      %52 = xf.quantize %51 : (tensor<1x192xf32>) -> tensor<1x192xf32, #xf.quant<dyn_i8>> loc(#loc9)
      %53 = xf.linear %52, %arg3 : (tensor<1x192xf32, #xf.quant<dyn_i8>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<1x1024xf32> loc(#loc9)
      %54 = xf.slice %53 {offset = 0 : i64} : (tensor<1x1024xf32>) -> tensor<1x512xf32> loc(#loc9)
      %55 = xf.slice %53 {offset = 512 : i64} : (tensor<1x1024xf32>) -> tensor<1x512xf32> loc(#loc9)
      %56 = xf.activation silu %54 : tensor<1x512xf32> loc(#loc9)
      %57 = xf.mul %56, %55 : tensor<1x512xf32> loc(#loc9)
      xf.yield %57 : tensor<1x512xf32> loc(#loc9)
    } loc(#loc9)
    %49 = xf.get_weight @model.layers.3.mlp.down_proj.weight : tensor<192x512xf32, #xf.quant<q4_0>> loc(#loc9)
    %50 = xf.fused "quantize+linear+add"(%48, %49, %45) : (tensor<1x512xf32>, tensor<192x512xf32, #xf.quant<q4_0>>, tensor<1x192xf32>) -> tensor<1x192xf32> {
    ^bb0(%arg1: tensor<1x512xf32> loc("layers.3.mlp"), %arg2: tensor<192x512xf32, #xf.quant<q4_0>> loc("layers.3.mlp"), %arg3: tensor<1x192xf32> loc("layers.3.attention")):
      %51 = xf.quantize %arg1 : (tensor<1x512xf32>) -> tensor<1x512xf32, #xf.quant<dyn_i8>> loc(#loc9)
      %52 = xf.linear %51, %arg2 : (tensor<1x512xf32, #xf.quant<dyn_i8>>, tensor<192x512xf32, #xf.quant<q4_0>>) -> tensor<1x192xf32> loc(#loc9)
      %53 = xf.add %arg3, %52 : tensor<1x192xf32> loc(#loc9)
      xf.yield %53 : tensor<1x192xf32> loc(#loc9)
    } loc(#loc9)
    return %50 : tensor<1x192xf32> loc(#loc9)
  } loc(#loc1)
  xf.weight @model.embed_tokens.weight from [#xf.source<"model.embed_tokens.weight", "bf16">] : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc10)
  xf.weight @model.layers.0.input_layernorm.weight from [#xf.source<"model.layers.0.input_layernorm.weight", "bf16">] : tensor<192xf32, #xf.quant<f32>> loc(#loc11)
  xf.weight @"model.layers.0.self_attn.q_proj+k_proj+v_proj.weight" from [#xf.source<"model.layers.0.self_attn.q_proj.weight", "bf16">, #xf.source<"model.layers.0.self_attn.k_proj.weight", "bf16">, #xf.source<"model.layers.0.self_attn.v_proj.weight", "bf16">] : tensor<320x192xf32, #xf.quant<q4_0>> loc(#loc12)
  xf.state @layers.0.kv : !xf.kv_cache<2 x 512 x 32, f16> loc(#loc2)
  xf.weight @model.layers.0.self_attn.o_proj.weight from [#xf.source<"model.layers.0.self_attn.o_proj.weight", "bf16">] : tensor<192x192xf32, #xf.quant<q4_0>> loc(#loc13)
  xf.weight @model.layers.0.post_attention_layernorm.weight from [#xf.source<"model.layers.0.post_attention_layernorm.weight", "bf16">] : tensor<192xf32, #xf.quant<f32>> loc(#loc14)
  xf.weight @"model.layers.0.mlp.gate_proj+up_proj.weight" from [#xf.source<"model.layers.0.mlp.gate_proj.weight", "bf16">, #xf.source<"model.layers.0.mlp.up_proj.weight", "bf16">] : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc15)
  xf.weight @model.layers.0.mlp.down_proj.weight from [#xf.source<"model.layers.0.mlp.down_proj.weight", "bf16">] : tensor<192x512xf32, #xf.quant<q4_0>> loc(#loc16)
  xf.weight @model.layers.1.input_layernorm.weight from [#xf.source<"model.layers.1.input_layernorm.weight", "bf16">] : tensor<192xf32, #xf.quant<f32>> loc(#loc17)
  xf.weight @"model.layers.1.self_attn.q_proj+k_proj+v_proj.weight" from [#xf.source<"model.layers.1.self_attn.q_proj.weight", "bf16">, #xf.source<"model.layers.1.self_attn.k_proj.weight", "bf16">, #xf.source<"model.layers.1.self_attn.v_proj.weight", "bf16">] : tensor<320x192xf32, #xf.quant<q4_0>> loc(#loc18)
  xf.state @layers.1.kv : !xf.kv_cache<2 x 512 x 32, f16> loc(#loc4)
  xf.weight @model.layers.1.self_attn.o_proj.weight from [#xf.source<"model.layers.1.self_attn.o_proj.weight", "bf16">] : tensor<192x192xf32, #xf.quant<q4_0>> loc(#loc19)
  xf.weight @model.layers.1.post_attention_layernorm.weight from [#xf.source<"model.layers.1.post_attention_layernorm.weight", "bf16">] : tensor<192xf32, #xf.quant<f32>> loc(#loc20)
  xf.weight @"model.layers.1.mlp.gate_proj+up_proj.weight" from [#xf.source<"model.layers.1.mlp.gate_proj.weight", "bf16">, #xf.source<"model.layers.1.mlp.up_proj.weight", "bf16">] : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc21)
  xf.weight @model.layers.1.mlp.down_proj.weight from [#xf.source<"model.layers.1.mlp.down_proj.weight", "bf16">] : tensor<192x512xf32, #xf.quant<q4_0>> loc(#loc22)
  xf.weight @model.layers.2.input_layernorm.weight from [#xf.source<"model.layers.2.input_layernorm.weight", "bf16">] : tensor<192xf32, #xf.quant<f32>> loc(#loc23)
  xf.weight @"model.layers.2.self_attn.q_proj+k_proj+v_proj.weight" from [#xf.source<"model.layers.2.self_attn.q_proj.weight", "bf16">, #xf.source<"model.layers.2.self_attn.k_proj.weight", "bf16">, #xf.source<"model.layers.2.self_attn.v_proj.weight", "bf16">] : tensor<320x192xf32, #xf.quant<q4_0>> loc(#loc24)
  xf.state @layers.2.kv : !xf.kv_cache<2 x 512 x 32, f16> loc(#loc6)
  xf.weight @model.layers.2.self_attn.o_proj.weight from [#xf.source<"model.layers.2.self_attn.o_proj.weight", "bf16">] : tensor<192x192xf32, #xf.quant<q4_0>> loc(#loc25)
  xf.weight @model.layers.2.post_attention_layernorm.weight from [#xf.source<"model.layers.2.post_attention_layernorm.weight", "bf16">] : tensor<192xf32, #xf.quant<f32>> loc(#loc26)
  xf.weight @"model.layers.2.mlp.gate_proj+up_proj.weight" from [#xf.source<"model.layers.2.mlp.gate_proj.weight", "bf16">, #xf.source<"model.layers.2.mlp.up_proj.weight", "bf16">] : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc27)
  xf.weight @model.layers.2.mlp.down_proj.weight from [#xf.source<"model.layers.2.mlp.down_proj.weight", "bf16">] : tensor<192x512xf32, #xf.quant<q4_0>> loc(#loc28)
  xf.weight @model.layers.3.input_layernorm.weight from [#xf.source<"model.layers.3.input_layernorm.weight", "bf16">] : tensor<192xf32, #xf.quant<f32>> loc(#loc29)
  xf.weight @"model.layers.3.self_attn.q_proj+k_proj+v_proj.weight" from [#xf.source<"model.layers.3.self_attn.q_proj.weight", "bf16">, #xf.source<"model.layers.3.self_attn.k_proj.weight", "bf16">, #xf.source<"model.layers.3.self_attn.v_proj.weight", "bf16">] : tensor<320x192xf32, #xf.quant<q4_0>> loc(#loc30)
  xf.state @layers.3.kv : !xf.kv_cache<2 x 512 x 32, f16> loc(#loc8)
  xf.weight @model.layers.3.self_attn.o_proj.weight from [#xf.source<"model.layers.3.self_attn.o_proj.weight", "bf16">] : tensor<192x192xf32, #xf.quant<q4_0>> loc(#loc31)
  xf.weight @model.layers.3.post_attention_layernorm.weight from [#xf.source<"model.layers.3.post_attention_layernorm.weight", "bf16">] : tensor<192xf32, #xf.quant<f32>> loc(#loc32)
  xf.weight @"model.layers.3.mlp.gate_proj+up_proj.weight" from [#xf.source<"model.layers.3.mlp.gate_proj.weight", "bf16">, #xf.source<"model.layers.3.mlp.up_proj.weight", "bf16">] : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc33)
  xf.weight @model.layers.3.mlp.down_proj.weight from [#xf.source<"model.layers.3.mlp.down_proj.weight", "bf16">] : tensor<192x512xf32, #xf.quant<q4_0>> loc(#loc34)
  func.func @head(%arg0: tensor<?x192xf32> loc("lm_head")) -> tensor<1x1024xf32> {
    %0 = xf.get_weight @model.norm.weight : tensor<192xf32, #xf.quant<f32>> loc(#loc35)
    %1 = xf.get_weight @model.embed_tokens.weight : tensor<1024x192xf32, #xf.quant<q4_0>> loc(#loc35)
    %2 = xf.fused "select_row+rms_norm+quantize+linear"(%arg0, %0, %1) : (tensor<?x192xf32>, tensor<192xf32, #xf.quant<f32>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<1x1024xf32> {
    ^bb0(%arg1: tensor<?x192xf32> loc("lm_head"), %arg2: tensor<192xf32, #xf.quant<f32>> loc("lm_head"), %arg3: tensor<1024x192xf32, #xf.quant<q4_0>> loc("lm_head")):
      %3 = xf.select_row %arg1 : (tensor<?x192xf32>) -> tensor<1x192xf32> loc(#loc35)
      %4 = xf.rms_norm %3, %arg2 {epsilon = 1.000000e-05 : f64} : (tensor<1x192xf32>, tensor<192xf32, #xf.quant<f32>>) -> tensor<1x192xf32> loc(#loc35)
      %5 = xf.quantize %4 : (tensor<1x192xf32>) -> tensor<1x192xf32, #xf.quant<dyn_i8>> loc(#loc35)
      %6 = xf.linear %5, %arg3 : (tensor<1x192xf32, #xf.quant<dyn_i8>>, tensor<1024x192xf32, #xf.quant<q4_0>>) -> tensor<1x1024xf32> loc(#loc35)
      xf.yield %6 : tensor<1x1024xf32> loc(#loc35)
    } loc(#loc35)
    return %2 : tensor<1x1024xf32> loc(#loc35)
  } loc(#loc35)
  func.func @gready(%arg0: tensor<1x1024xf32> loc("lm_head")) -> tensor<1xi32> {
    %0 = xf.fused "argmax"(%arg0) : (tensor<1x1024xf32>) -> tensor<1xi32> {
    ^bb0(%arg1: tensor<1x1024xf32> loc("lm_head")):
      %1 = xf.argmax %arg1 : (tensor<1x1024xf32>) -> tensor<1xi32> loc(#loc35)
      xf.yield %1 : tensor<1xi32> loc(#loc35)
    } loc(#loc35)
    return %0 : tensor<1xi32> loc(#loc35)
  } loc(#loc35)
  xf.weight @model.norm.weight from [#xf.source<"model.norm.weight", "bf16">] : tensor<192xf32, #xf.quant<f32>> loc(#loc36)
} loc(#loc)
#loc = loc(unknown)
#loc10 = loc("model.embed_tokens.weight")
#loc11 = loc("model.layers.0.input_layernorm.weight")
#loc12 = loc("model.layers.0.self_attn.q_proj.weight")
#loc13 = loc("model.layers.0.self_attn.o_proj.weight")
#loc14 = loc("model.layers.0.post_attention_layernorm.weight")
#loc15 = loc("model.layers.0.mlp.gate_proj.weight")
#loc16 = loc("model.layers.0.mlp.down_proj.weight")
#loc17 = loc("model.layers.1.input_layernorm.weight")
#loc18 = loc("model.layers.1.self_attn.q_proj.weight")
#loc19 = loc("model.layers.1.self_attn.o_proj.weight")
#loc20 = loc("model.layers.1.post_attention_layernorm.weight")
#loc21 = loc("model.layers.1.mlp.gate_proj.weight")
#loc22 = loc("model.layers.1.mlp.down_proj.weight")
#loc23 = loc("model.layers.2.input_layernorm.weight")
#loc24 = loc("model.layers.2.self_attn.q_proj.weight")
#loc25 = loc("model.layers.2.self_attn.o_proj.weight")
#loc26 = loc("model.layers.2.post_attention_layernorm.weight")
#loc27 = loc("model.layers.2.mlp.gate_proj.weight")
#loc28 = loc("model.layers.2.mlp.down_proj.weight")
#loc29 = loc("model.layers.3.input_layernorm.weight")
#loc30 = loc("model.layers.3.self_attn.q_proj.weight")
#loc31 = loc("model.layers.3.self_attn.o_proj.weight")
#loc32 = loc("model.layers.3.post_attention_layernorm.weight")
#loc33 = loc("model.layers.3.mlp.gate_proj.weight")
#loc34 = loc("model.layers.3.mlp.down_proj.weight")
#loc36 = loc("model.norm.weight")

