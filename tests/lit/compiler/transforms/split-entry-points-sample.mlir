// RUN: sinter-opt %s --xf-split-entry-points="sample=true" | FileCheck %s

// The history holds the context, at most 8192 tokens; 300 logits are two runs of 256.
xf.weight @table from [#xf.source<"table", "f32">] : tensor<300x8xf32, #xf.quant<f32>>
xf.state @cache : !xf.kv_cache<1 x 96 x 8, f32>

func.func @body(%tokens: tensor<?xi32>) -> tensor<?x8xf32> {
  %t = xf.get_weight @table : tensor<300x8xf32, #xf.quant<f32>>
  %0 = xf.embedding %tokens, %t : (tensor<?xi32>, tensor<300x8xf32, #xf.quant<f32>>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @head(%x: tensor<?x8xf32>) -> tensor<?x300xf32> {
  %t = xf.get_weight @table : tensor<300x8xf32, #xf.quant<f32>>
  %0 = xf.linear %x, %t : (tensor<?x8xf32>, tensor<300x8xf32, #xf.quant<f32>>) -> tensor<?x300xf32>
  return %0 : tensor<?x300xf32>
}
// CHECK-LABEL: func.func @sample(
// CHECK-SAME: %[[L:.*]]: tensor<1x300xf32>, %[[S:.*]]: tensor<16xf32>, %[[H:.*]]: tensor<96xi32>) -> tensor<1xi32>
// CHECK: %[[P:.*]], %[[O:.*]], %[[W:.*]] = xf.sort_logits %[[L]], %[[S]], %[[H]] : {{.*}} -> (tensor<2x256xf32>, tensor<2x256xf32>, tensor<2x256xf32>)
// CHECK: xf.sample %[[P]], %[[O]], %[[W]], %[[S]]
