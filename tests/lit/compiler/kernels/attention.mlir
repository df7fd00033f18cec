// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels | FileCheck %s
// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="simd-bits=128 registers=16 features=none" | FileCheck %s --check-prefix=NARROW

// Queries, outputs, their maxima and sums, the scores of a tile of rows, a key: that is all the scratch, whatever the context.
// CHECK: kern.kernel @attention_f16_decode__rope_8_2x32_4096_
// CHECK-DAG: kern.scratch : memref<128xf32>
// CHECK-DAG: kern.scratch : memref<1024xf32>
// CHECK-DAG: kern.scratch : memref<4xf32>
// CHECK-DAG: kern.scratch : memref<32xf32>
// CHECK: kern.for_items
// CHECK: arith.truncf {{.*}} : f32 to f16
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK: math.exp {{.*}} : vector<16xf32>
// NARROW: kern.kernel @attention_f16_decode__rope_8_2x32_4096_
// NARROW-DAG: kern.scratch : memref<512xf32>
// NARROW-NOT: math.fma
// expected-remark@+1 {{family attention_decode, 2 items;}}
xf.region @decode(%x: tensor<1x384xf32>, %t: tensor<4096x32xf32, #xf.quant<f32>>, %c: !xf.kv_cache<2 x 4096 x 32, f16>) -> tensor<1x256xf32> {
  %q = xf.slice %x {offset = 0} : (tensor<1x384xf32>) -> tensor<1x256xf32>
  %k = xf.slice %x {offset = 256} : (tensor<1x384xf32>) -> tensor<1x64xf32>
  %v = xf.slice %x {offset = 320} : (tensor<1x384xf32>) -> tensor<1x64xf32>
  %qr = xf.rope %q table %t {heads = 8, rope = #xf.rope<theta = 1.0e4 : f64, dim = 32, none>} : (tensor<1x256xf32>, tensor<4096x32xf32, #xf.quant<f32>>) -> tensor<1x256xf32>
  %kr = xf.rope %k table %t {heads = 2, rope = #xf.rope<theta = 1.0e4 : f64, dim = 32, none>} : (tensor<1x64xf32>, tensor<4096x32xf32, #xf.quant<f32>>) -> tensor<1x64xf32>
  xf.append %kr, %v to %c : tensor<1x64xf32>, tensor<1x64xf32>, !xf.kv_cache<2 x 4096 x 32, f16>
  %a = xf.attention %qr, %c {heads = 8, scale = 0.1767 : f64} : (tensor<1x256xf32>, !xf.kv_cache<2 x 4096 x 32, f16>) -> tensor<1x256xf32>
  xf.yield %a : tensor<1x256xf32>
}

// Several tokens: items are kv heads times blocks of sixteen tokens, of which the token count says how many exist.
// CHECK: kern.kernel @attention_f32_prefill_4_2x16_64_
// CHECK: kern.scalar token_count
// CHECK: kern.scalar position
// expected-remark@+1 {{family attention_prefill, 2 items per 16 tokens}}
xf.region @prefill(%q: tensor<?x64xf32>, %c: !xf.kv_cache<2 x 64 x 16, f32>) -> tensor<?x64xf32> {
  %a = xf.attention %q, %c {heads = 4, scale = 0.25 : f64, window = 8} : (tensor<?x64xf32>, !xf.kv_cache<2 x 64 x 16, f32>) -> tensor<?x64xf32>
  xf.yield %a : tensor<?x64xf32>
}

// CHECK: kern.kernel @rope_append_f32_2_1x16_64_
// CHECK-NOT: math.exp
// CHECK: kern.return
// expected-remark@+1 {{family rope_append, 1 item per 16 tokens}}
xf.region @rope_append(%q: tensor<?x32xf32>, %k: tensor<?x16xf32>, %v: tensor<?x16xf32>, %t: tensor<64x16xf32, #xf.quant<f32>>, %c: !xf.kv_cache<1 x 64 x 16, f32>) -> tensor<?x32xf32> {
  %kr = xf.rope %k table %t {heads = 1, rope = #xf.rope<theta = 1.0e4 : f64, dim = 16, none>} : (tensor<?x16xf32>, tensor<64x16xf32, #xf.quant<f32>>) -> tensor<?x16xf32>
  xf.append %kr, %v to %c : tensor<?x16xf32>, tensor<?x16xf32>, !xf.kv_cache<1 x 64 x 16, f32>
  %qr = xf.rope %q table %t {heads = 2, rope = #xf.rope<theta = 1.0e4 : f64, dim = 16, none>} : (tensor<?x32xf32>, tensor<64x16xf32, #xf.quant<f32>>) -> tensor<?x32xf32>
  xf.yield %qr : tensor<?x32xf32>
}

// Attention of several tokens cannot be one kernel with the append: an item would read what another writes.
// expected-remark@+1 {{attention_decode: more than one token; attention_prefill: xf.append is not part of its shape}}
xf.region @both(%q: tensor<?x32xf32>, %k: tensor<?x16xf32>, %c: !xf.kv_cache<1 x 64 x 16, f32>) -> tensor<?x32xf32> {
  xf.append %k, %k to %c : tensor<?x16xf32>, tensor<?x16xf32>, !xf.kv_cache<1 x 64 x 16, f32>
  %a = xf.attention %q, %c {heads = 2, scale = 0.25 : f64} : (tensor<?x32xf32>, !xf.kv_cache<1 x 64 x 16, f32>) -> tensor<?x32xf32>
  xf.yield %a : tensor<?x32xf32>
}

// expected-remark@+1 {{attention_decode: the norm before attention is not one of each head}}
xf.region @norm(%q: tensor<1x32xf32>, %k: tensor<1x16xf32>, %g: tensor<32xf32, #xf.quant<f32>>, %c: !xf.kv_cache<1 x 64 x 16, f32>) -> tensor<1x32xf32> {
  xf.append %k, %k to %c : tensor<1x16xf32>, tensor<1x16xf32>, !xf.kv_cache<1 x 64 x 16, f32>
  %n = xf.rms_norm %q, %g {epsilon = 1.0e-5 : f64} : (tensor<1x32xf32>, tensor<32xf32, #xf.quant<f32>>) -> tensor<1x32xf32>
  %a = xf.attention %n, %c {heads = 2, scale = 0.25 : f64} : (tensor<1x32xf32>, !xf.kv_cache<1 x 64 x 16, f32>) -> tensor<1x32xf32>
  xf.yield %a : tensor<1x32xf32>
}
