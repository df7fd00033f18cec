// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=16" | FileCheck %s
// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=64 cheap-barriers=true" | FileCheck %s --check-prefix=SHARED

// A layer norm before a linear: the mean, then the deviations from it, then the products.
// CHECK: kern.kernel @linear_f32_f32_gemv__layernorm_32x64_
// CHECK: kern.for_items
// CHECK: scf.for
// CHECK: arith.addf
// CHECK: scf.for
// CHECK: arith.subf
// CHECK: math.rsqrt
// CHECK: scf.for
// With barriers the workgroup adds up, once for each.
// SHARED: kern.kernel @linear_f32_f32_gemv__layernorm_32x64_
// SHARED: kern.scratch {shared} : memref<64xf32>
// SHARED: kern.scratch {shared} : memref<64xf32>
// SHARED: kern.scratch {shared} : memref<64xf32>
// SHARED: kern.barrier
// SHARED: kern.barrier
// SHARED: math.rsqrt
// SHARED: kern.barrier
// expected-remark@+1 {{family grid_decode, 2 items}}
xf.region @layer_norm(%x: tensor<1x64xf32>, %g: tensor<64xf32, #xf.quant<f32>>, %w: tensor<32x64xf32, #xf.quant<f32>>) -> tensor<1x32xf32> {
  %n = xf.layer_norm %x, %g {epsilon = 1.0e-5 : f64} : (tensor<1x64xf32>, tensor<64xf32, #xf.quant<f32>>) -> tensor<1x64xf32>
  %y = xf.linear %n, %w : (tensor<1x64xf32>, tensor<32x64xf32, #xf.quant<f32>>) -> tensor<1x32xf32>
  xf.yield %y : tensor<1x32xf32>
}

// A cap is an epilogue; no tanh, which may overflow on a device.
// CHECK: kern.kernel @linear_f32_f32_gemm__softcap_32x64_
// CHECK-NOT: math.tanh
// CHECK: math.exp
// CHECK: kern.return
// expected-remark@+1 {{family grid_prefill, 2 items per 8 tokens}}
xf.region @softcap(%x: tensor<?x64xf32>, %w: tensor<32x64xf32, #xf.quant<f32>>) -> tensor<?x32xf32> {
  %y = xf.linear %x, %w : (tensor<?x64xf32>, tensor<32x64xf32, #xf.quant<f32>>) -> tensor<?x32xf32>
  %c = xf.softcap %y {cap = 30.0 : f64} : tensor<?x32xf32>
  xf.yield %c : tensor<?x32xf32>
}

// Biases of positions lie head after head, not in panels of 16 rows: 3 x 32 numbers.
// CHECK: kern.kernel @attention_f32_prefill_3_3x8_32_{{[0-9a-f]+}}(%{{.*}}: memref<?xf32>, %{{.*}}: memref<1536xf32>, %{{.*}}: memref<96xf32>
// expected-remark@+1 {{family grid_attention_prefill, 3 items per 16 tokens}}
xf.region @biases(%q: tensor<?x24xf32>, %c: !xf.kv_cache<3 x 32 x 8, f32>, %b: tensor<3x32xf32, #xf.quant<f32>>) -> tensor<?x24xf32> {
  %a = xf.attention %q, %c bias %b {heads = 3, scale = 0.5 : f64} : (tensor<?x24xf32>, !xf.kv_cache<3 x 32 x 8, f32>, tensor<3x32xf32, #xf.quant<f32>>) -> tensor<?x24xf32>
  xf.yield %a : tensor<?x24xf32>
}

// A lookup and what follows it are one kernel; the other table is packed like the first.
// CHECK: kern.kernel @embedding_f32__positions_50x8_{{[0-9a-f]+}}(%{{.*}}: memref<?xi32>, %{{.*}}: memref<512xf32> {kern.readonly}, %{{.*}}: memref<256xf32>
// CHECK: kern.scalar position
// expected-remark@+1 {{family grid_embedding, 1 item per 1 tokens}}
xf.region @positions(%t: tensor<?xi32>, %w: tensor<50x8xf32, #xf.quant<f32>>, %p: tensor<32x8xf32, #xf.quant<f32>>) -> tensor<?x8xf32> {
  %x = xf.embedding %t, %w : (tensor<?xi32>, tensor<50x8xf32, #xf.quant<f32>>) -> tensor<?x8xf32>
  %y = xf.add_positions %x, %p : (tensor<?x8xf32>, tensor<32x8xf32, #xf.quant<f32>>) -> tensor<?x8xf32>
  xf.yield %y : tensor<?x8xf32>
}

// Only the split table is cut; the one of positions is bound whole.
// CHECK: kern.kernel @embedding_f32__positions_50x8_{{[0-9a-f]+}}(%{{.*}}: memref<?xi32>, %{{.*}}: memref<256xf32> {kern.readonly}, %{{.*}}: memref<256xf32>
// expected-remark@+1 {{family grid_embedding}}
xf.region @part(%t: tensor<?xi32>, %w: tensor<50x8xf32, #xf.quant<f32>>, %p: tensor<32x8xf32, #xf.quant<f32>>) -> tensor<?x8xf32> attributes {sinter.first_row = 0 : i64, sinter.row_count = 32 : i64} {
  %x = xf.embedding %t, %w : (tensor<?xi32>, tensor<50x8xf32, #xf.quant<f32>>) -> tensor<?x8xf32>
  %y = xf.add_positions %x, %p : (tensor<?x8xf32>, tensor<32x8xf32, #xf.quant<f32>>) -> tensor<?x8xf32>
  xf.yield %y : tensor<?x8xf32>
}

// x + norm(y), and what no other family takes.
// CHECK: kern.kernel @layernorm_f32__residual_40_
// expected-remark@+1 {{family grid_norm, 1 item per 4 tokens}}
xf.region @residual(%x: tensor<?x40xf32>, %y: tensor<?x40xf32>, %g: tensor<40xf32, #xf.quant<f32>>) -> tensor<?x40xf32> {
  %n = xf.layer_norm %y, %g {epsilon = 1.0e-5 : f64} : (tensor<?x40xf32>, tensor<40xf32, #xf.quant<f32>>) -> tensor<?x40xf32>
  %r = xf.add %x, %n : tensor<?x40xf32>
  xf.yield %r : tensor<?x40xf32>
}

// CHECK: kern.kernel @fallback_scale_softcap_
// expected-remark@+1 {{family grid_fallback, 3 items per 1 tokens; grid_decode:}}
xf.region @fallback(%x: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %s = xf.scale %x {factor = 2.0 : f64} : tensor<?x40xf32>
  %c = xf.softcap %s {cap = 5.0 : f64} : tensor<?x40xf32>
  xf.yield %c : tensor<?x40xf32>
}
