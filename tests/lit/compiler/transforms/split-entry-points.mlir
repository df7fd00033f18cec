// RUN: sinter-opt %s --xf-split-entry-points | FileCheck %s

xf.weight @table from [#xf.source<"table", "f32">] : tensor<10x8xf32, #xf.quant<f32>>

// CHECK-LABEL: func.func @prefill(%{{.*}}: tensor<?xi32>) -> tensor<?x8xf32>
// CHECK: xf.embedding {{.*}} -> tensor<?x8xf32>
// CHECK-LABEL: func.func @decode(%{{.*}}: tensor<1xi32>) -> tensor<1x8xf32>
// CHECK: xf.embedding {{.*}} -> tensor<1x8xf32>
func.func @body(%tokens: tensor<?xi32>) -> tensor<?x8xf32> {
  %t = xf.get_weight @table : tensor<10x8xf32, #xf.quant<f32>>
  %0 = xf.embedding %tokens, %t : (tensor<?xi32>, tensor<10x8xf32, #xf.quant<f32>>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
// CHECK-LABEL: func.func @head(%{{.*}}: tensor<?x8xf32>) -> tensor<1x10xf32>
// CHECK: %[[ROW:.*]] = xf.select_row %{{.*}} : (tensor<?x8xf32>) -> tensor<1x8xf32>
// CHECK: xf.linear %[[ROW]]
func.func @head(%x: tensor<?x8xf32>) -> tensor<?x10xf32> {
  %t = xf.get_weight @table : tensor<10x8xf32, #xf.quant<f32>>
  %0 = xf.linear %x, %t : (tensor<?x8xf32>, tensor<10x8xf32, #xf.quant<f32>>) -> tensor<?x10xf32>
  return %0 : tensor<?x10xf32>
}
// CHECK-LABEL: func.func @greedy(%{{.*}}: tensor<1x10xf32>) -> tensor<1xi32>
// CHECK: xf.argmax
