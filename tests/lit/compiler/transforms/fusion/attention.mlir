// RUN: sinter-opt %s --xf-fuse-regions | FileCheck %s

!kv = !xf.kv_cache<1 x 64 x 8, f16>
xf.state @kv : !xf.kv_cache<1 x 64 x 8, f16>

// CHECK-LABEL: func.func @decode
// CHECK: xf.fused "rope+rope+append+attention"
// CHECK-NOT: xf.fused
func.func @decode(%qkv: tensor<1x32xf32>, %t: tensor<64x8xf32>) -> tensor<1x16xf32> {
  %c = xf.get_state @kv : <1 x 64 x 8, f16>
  %q = xf.slice %qkv {offset = 0} : (tensor<1x32xf32>) -> tensor<1x16xf32>
  %k = xf.slice %qkv {offset = 16} : (tensor<1x32xf32>) -> tensor<1x8xf32>
  %v = xf.slice %qkv {offset = 24} : (tensor<1x32xf32>) -> tensor<1x8xf32>
  %qr = xf.rope %q table %t {heads = 2, rope = #xf.rope<theta = 1.0e4 : f64, dim = 8, none>} : (tensor<1x16xf32>, tensor<64x8xf32>) -> tensor<1x16xf32>
  %kr = xf.rope %k table %t {heads = 1, rope = #xf.rope<theta = 1.0e4 : f64, dim = 8, none>} : (tensor<1x8xf32>, tensor<64x8xf32>) -> tensor<1x8xf32>
  xf.append %kr, %v to %c : tensor<1x8xf32>, tensor<1x8xf32>, <1 x 64 x 8, f16>
  %a = xf.attention %qr, %c {heads = 2, scale = 0.5} : (tensor<1x16xf32>, !kv) -> tensor<1x16xf32>
  return %a : tensor<1x16xf32>
}

// With several tokens attention reads what other items append.
// CHECK-LABEL: func.func @prefill
// CHECK: xf.fused "rope+rope+append"
// CHECK: xf.fused "attention"
func.func @prefill(%qkv: tensor<?x32xf32>, %t: tensor<64x8xf32>) -> tensor<?x16xf32> {
  %c = xf.get_state @kv : <1 x 64 x 8, f16>
  %q = xf.slice %qkv {offset = 0} : (tensor<?x32xf32>) -> tensor<?x16xf32>
  %k = xf.slice %qkv {offset = 16} : (tensor<?x32xf32>) -> tensor<?x8xf32>
  %v = xf.slice %qkv {offset = 24} : (tensor<?x32xf32>) -> tensor<?x8xf32>
  %qr = xf.rope %q table %t {heads = 2, rope = #xf.rope<theta = 1.0e4 : f64, dim = 8, none>} : (tensor<?x16xf32>, tensor<64x8xf32>) -> tensor<?x16xf32>
  %kr = xf.rope %k table %t {heads = 1, rope = #xf.rope<theta = 1.0e4 : f64, dim = 8, none>} : (tensor<?x8xf32>, tensor<64x8xf32>) -> tensor<?x8xf32>
  xf.append %kr, %v to %c : tensor<?x8xf32>, tensor<?x8xf32>, <1 x 64 x 8, f16>
  %a = xf.attention %qr, %c {heads = 2, scale = 0.5} : (tensor<?x16xf32>, !kv) -> tensor<?x16xf32>
  return %a : tensor<?x16xf32>
}
