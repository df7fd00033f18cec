// RUN: sinter-opt %s --xf-merge-linears | FileCheck %s

// The three weights become one, named after what differs; the originals go.
// CHECK: xf.weight @"a.q_proj+k_proj.weight" from [#xf.source<"a.q_proj.weight", "f32">, #xf.source<"a.k_proj.weight", "f32">] : tensor<48x64xf32, #xf.quant<f32>>
// CHECK-NOT: xf.weight @a.q_proj.weight
xf.weight @a.q_proj.weight from [#xf.source<"a.q_proj.weight", "f32">] : tensor<32x64xf32, #xf.quant<f32>>
xf.weight @a.k_proj.weight from [#xf.source<"a.k_proj.weight", "f32">] : tensor<16x64xf32, #xf.quant<f32>>
// CHECK: xf.weight @other
xf.weight @other from [#xf.source<"other", "f16">] : tensor<16x64xf32, #xf.quant<f16>>

// CHECK-LABEL: func.func @decode
func.func @decode(%x: tensor<1x64xf32>) -> (tensor<1x32xf32>, tensor<1x16xf32>, tensor<1x16xf32>) {
  %q = xf.get_weight @a.q_proj.weight : tensor<32x64xf32, #xf.quant<f32>>
  %k = xf.get_weight @a.k_proj.weight : tensor<16x64xf32, #xf.quant<f32>>
  %o = xf.get_weight @other : tensor<16x64xf32, #xf.quant<f16>>
  // CHECK: %[[ALL:.*]] = xf.linear {{.*}} -> tensor<1x48xf32>
  // CHECK: xf.slice %[[ALL]] {offset = 0 : i64} : (tensor<1x48xf32>) -> tensor<1x32xf32>
  // CHECK: xf.slice %[[ALL]] {offset = 32 : i64} : (tensor<1x48xf32>) -> tensor<1x16xf32>
  %0 = xf.linear %x, %q : (tensor<1x64xf32>, tensor<32x64xf32, #xf.quant<f32>>) -> tensor<1x32xf32>
  %1 = xf.linear %x, %k : (tensor<1x64xf32>, tensor<16x64xf32, #xf.quant<f32>>) -> tensor<1x16xf32>
  // Another scheme stays by itself.
  // CHECK: xf.linear {{.*}}#xf.quant<f16>{{.*}} -> tensor<1x16xf32>
  %2 = xf.linear %x, %o : (tensor<1x64xf32>, tensor<16x64xf32, #xf.quant<f16>>) -> tensor<1x16xf32>
  return %0, %1, %2 : tensor<1x32xf32>, tensor<1x16xf32>, tensor<1x16xf32>
}
