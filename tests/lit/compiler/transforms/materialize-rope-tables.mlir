// RUN: sinter-opt %s --xf-materialize-rope-tables=context=64 | FileCheck %s

// Equal rotary embeddings share one table, different ones do not.
// CHECK-DAG: xf.weight @rope.0 rope <{{.*}}none> : tensor<64x8xf32, #xf.quant<f32>>
// CHECK-DAG: xf.weight @rope.1 rope <{{.*}}linear, [4.0{{.*}}]> : tensor<64x8xf32, #xf.quant<f32>>
// CHECK-LABEL: func.func @body
func.func @body(%x: tensor<?x16xf32>) -> tensor<?x16xf32> {
  // CHECK: %[[T0:.*]] = xf.get_weight @rope.0
  // CHECK: xf.rope %{{.*}} table %[[T0]]
  %0 = xf.rope %x {heads = 2 : i64, rope = #xf.rope<theta = 1.0e4 : f64, dim = 8, none>} : (tensor<?x16xf32>) -> tensor<?x16xf32>
  // CHECK: %[[T1:.*]] = xf.get_weight @rope.0
  // CHECK: xf.rope %{{.*}} table %[[T1]]
  %1 = xf.rope %0 {heads = 2 : i64, rope = #xf.rope<theta = 1.0e4 : f64, dim = 8, none>} : (tensor<?x16xf32>) -> tensor<?x16xf32>
  // CHECK: %[[T2:.*]] = xf.get_weight @rope.1
  // CHECK: xf.rope %{{.*}} table %[[T2]]
  %2 = xf.rope %1 {heads = 2 : i64, rope = #xf.rope<theta = 1.0e4 : f64, dim = 8, linear, [4.0]>} : (tensor<?x16xf32>) -> tensor<?x16xf32>
  return %2 : tensor<?x16xf32>
}
