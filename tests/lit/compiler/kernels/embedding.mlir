// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels | FileCheck %s

// A row of a packed table per token; packed weights are bytes.
// CHECK: kern.kernel @embedding_q4_0_512x64_{{[0-9a-f]+}}(%{{.*}}: memref<?xi32>, %{{.*}}: memref<?xi8>, %{{.*}}: memref<?xf32>)
// CHECK: kern.for_items
// expected-remark@+1 {{family embedding, 1 item per 1 tokens}}
xf.region @prefill(%t: tensor<?xi32>, %w: tensor<512x64xf32, #xf.quant<q4_0>>) -> tensor<?x64xf32> {
  %0 = xf.embedding %t, %w : (tensor<?xi32>, tensor<512x64xf32, #xf.quant<q4_0>>) -> tensor<?x64xf32>
  xf.yield %0 : tensor<?x64xf32>
}

// CHECK: kern.kernel @embedding_f32_512x64_{{[0-9a-f]+}}(%{{.*}}: memref<?xi32>, %{{.*}}: memref<?xf32>, %{{.*}}: memref<?xf32>)
// expected-remark@+1 {{family embedding, 1 item;}}
xf.region @decode(%t: tensor<1xi32>, %w: tensor<512x64xf32, #xf.quant<f32>>) -> tensor<1x64xf32> {
  %0 = xf.embedding %t, %w : (tensor<1xi32>, tensor<512x64xf32, #xf.quant<f32>>) -> tensor<1x64xf32>
  xf.yield %0 : tensor<1x64xf32>
}

// expected-remark@+1 {{embedding: xf.add is not part of its shape}}
xf.region @more(%t: tensor<1xi32>, %w: tensor<512x64xf32, #xf.quant<f32>>) -> tensor<1x64xf32> {
  %0 = xf.embedding %t, %w : (tensor<1xi32>, tensor<512x64xf32, #xf.quant<f32>>) -> tensor<1x64xf32>
  %1 = xf.add %0, %0 : tensor<1x64xf32>
  xf.yield %0 : tensor<1x64xf32>
}
