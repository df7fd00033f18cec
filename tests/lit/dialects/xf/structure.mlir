// RUN: sinter-opt %s | sinter-opt | FileCheck %s
// RUN: sinter-opt --mlir-print-op-generic %s | sinter-opt | FileCheck %s

// CHECK: xf.weight @table from [#xf.source<"a", "bf16">] : tensor<10x4xf32, #xf.quant<q8_0>>
xf.weight @table from [#xf.source<"a", "bf16">] : tensor<10x4xf32, #xf.quant<q8_0>>
// CHECK: xf.weight @k from [#xf.source<"qkv", "bf16", rows [4, 4, 12]>] : tensor<8x4xf32, #xf.quant<f16>>
xf.weight @k from [#xf.source<"qkv", "bf16", rows [4, 4, 12]>] : tensor<8x4xf32, #xf.quant<f16>>
// CHECK: xf.weight @fc from [#xf.source<"fc", "f32", transposed>] : tensor<8x4xf32, #xf.quant<f16>>
xf.weight @fc from [#xf.source<"fc", "f32", transposed>] : tensor<8x4xf32, #xf.quant<f16>>
// CHECK: xf.weight @g from [#xf.source<"g", "f32", plus_one>] : tensor<8xf32, #xf.quant<f32>>
xf.weight @g from [#xf.source<"g", "f32", plus_one>] : tensor<8xf32, #xf.quant<f32>>
// CHECK: xf.weight @biases alibi <heads = 4, scale = 1.250000e-01 : f64> : tensor<4x16xf32, #xf.quant<f32>>
xf.weight @biases alibi <heads = 4, scale = 0.125 : f64> : tensor<4x16xf32, #xf.quant<f32>>
// CHECK: xf.weight @qkv from [#xf.source<"q", "bf16", unpermute_rope 2>, #xf.source<"k", "bf16">] : tensor<8x4xf32, #xf.quant<f16>>
xf.weight @qkv from [#xf.source<"q", "bf16", unpermute_rope 2>, #xf.source<"k", "bf16">] : tensor<8x4xf32, #xf.quant<f16>>
// CHECK: xf.weight @gain from [#xf.source<"g", "bf16">] : tensor<4xf32, #xf.quant<f32>>
xf.weight @gain from [#xf.source<"g", "bf16">] : tensor<4xf32, #xf.quant<f32>>
// CHECK: xf.weight @rope rope <theta = {{.*}} : f64, dim = 2, none> : tensor<16x2xf32, #xf.quant<f32>>
xf.weight @rope rope <theta = 10000.0 : f64, dim = 2, none> : tensor<16x2xf32, #xf.quant<f32>>
// CHECK: xf.state @kv : !xf.kv_cache<2 x 16 x 4, f16>
xf.state @kv : !xf.kv_cache<2 x 16 x 4, f16>

// CHECK-LABEL: func.func @symbols
func.func @symbols() -> !xf.kv_cache<2 x 16 x 4, f16> {
  // CHECK: xf.get_weight @table : tensor<10x4xf32, #xf.quant<q8_0>>
  %0 = xf.get_weight @table : tensor<10x4xf32, #xf.quant<q8_0>>
  // CHECK: xf.get_state @kv : <2 x 16 x 4, f16>
  %1 = xf.get_state @kv : <2 x 16 x 4, f16>
  return %1 : !xf.kv_cache<2 x 16 x 4, f16>
}

// CHECK-LABEL: func.func @fused
func.func @fused(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK: xf.fused "double"(%{{.*}}) : (tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = xf.fused "double"(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32> {
  ^bb0(%a: tensor<?x4xf32>):
    // CHECK: xf.add
    %1 = xf.add %a, %a : tensor<?x4xf32>
    // CHECK: xf.yield %{{.*}} : tensor<?x4xf32>
    xf.yield %1 : tensor<?x4xf32>
  }
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @fused_append
func.func @fused_append(%k: tensor<1x8xf32>, %c: !xf.kv_cache<2 x 16 x 4, f16>) {
  // CHECK: xf.fused "append"(%{{.*}}, %{{.*}}) : (tensor<1x8xf32>, !xf.kv_cache<2 x 16 x 4, f16>) -> ()
  xf.fused "append"(%k, %c) : (tensor<1x8xf32>, !xf.kv_cache<2 x 16 x 4, f16>) -> () {
  ^bb0(%a: tensor<1x8xf32>, %b: !xf.kv_cache<2 x 16 x 4, f16>):
    xf.append %a, %a to %b : tensor<1x8xf32>, tensor<1x8xf32>, <2 x 16 x 4, f16>
  }
  return
}

// CHECK-LABEL: xf.region @half_norm(
// CHECK-SAME: %{{.*}}: tensor<1x4xf32>) -> tensor<1x2xf32> {
xf.region @half_norm(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
  // CHECK: xf.slice
  %0 = xf.slice %x {offset = 0} : (tensor<1x4xf32>) -> tensor<1x2xf32>
  // CHECK: xf.yield %{{.*}} : tensor<1x2xf32>
  xf.yield %0 : tensor<1x2xf32>
}
