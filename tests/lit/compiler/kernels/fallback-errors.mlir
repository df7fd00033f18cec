// RUN: sinter-opt %s --split-input-file --verify-diagnostics --xf-build-region-kernels

// expected-error@+1 {{fallback: xf.rope has no rotary table}}
xf.region @no_table(%x: tensor<?x16xf32>) -> tensor<?x16xf32> {
  %0 = xf.rope %x {heads = 1, rope = #xf.rope<theta = 1.0e4 : f64, dim = 16, none>} : (tensor<?x16xf32>) -> tensor<?x16xf32>
  xf.yield %0 : tensor<?x16xf32>
}

// -----

// Two counts of tokens and one cache: whose turn comes first would matter.
// expected-error@+1 {{fallback: xf.attention uses the cache for other tokens than an earlier op}}
xf.region @two_counts(%q: tensor<1x16xf32>, %k: tensor<?x16xf32>, %c: !xf.kv_cache<1 x 64 x 16, f32>) -> tensor<1x16xf32> {
  xf.append %k, %k to %c : tensor<?x16xf32>, tensor<?x16xf32>, !xf.kv_cache<1 x 64 x 16, f32>
  %a = xf.attention %q, %c {heads = 1, scale = 0.25 : f64} : (tensor<1x16xf32>, !xf.kv_cache<1 x 64 x 16, f32>) -> tensor<1x16xf32>
  xf.yield %a : tensor<1x16xf32>
}
