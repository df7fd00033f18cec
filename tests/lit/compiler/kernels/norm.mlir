// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels | FileCheck %s

// Rows of a dynamic number of tokens: an item is four of them.
// CHECK: kern.kernel @rmsnorm_f32_64_{{[0-9a-f]+}}(%{{.*}}: memref<?xf32>, %{{.*}}: memref<?xf32>, %{{.*}}: memref<?xf32>)
// CHECK: kern.scalar token_count
// expected-remark@+1 {{family norm, 1 item per 4 tokens}}
xf.region @norm(%x: tensor<?x64xf32>, %g: tensor<64xf32, #xf.quant<f32>>) -> tensor<?x64xf32> {
  %0 = xf.rms_norm %x, %g {epsilon = 1.0e-5 : f64} : (tensor<?x64xf32>, tensor<64xf32, #xf.quant<f32>>) -> tensor<?x64xf32>
  xf.yield %0 : tensor<?x64xf32>
}

// The norm's numbers go to int8 without passing through memory; the result is bytes.
// CHECK: kern.kernel @rmsnorm_f32__quantize_64_{{[0-9a-f]+}}({{.*}}%[[OUT:.*]]: memref<?xi8>)
// CHECK: math.sqrt
// CHECK-NOT: vector.store %{{.*}} : memref<?xf32>
// CHECK: math.roundeven
// CHECK: vector.store %{{.*}} : memref<64xi8>, vector<32xi8>
// expected-remark@+1 {{family norm, 1 item per 4 tokens}}
xf.region @norm_quantize(%x: tensor<?x64xf32>, %g: tensor<64xf32, #xf.quant<f32>>) -> tensor<?x64xf32, #xf.quant<dyn_i8>> {
  %0 = xf.rms_norm %x, %g {epsilon = 1.0e-5 : f64} : (tensor<?x64xf32>, tensor<64xf32, #xf.quant<f32>>) -> tensor<?x64xf32>
  %1 = xf.quantize %0 : (tensor<?x64xf32>) -> tensor<?x64xf32, #xf.quant<dyn_i8>>
  xf.yield %1 : tensor<?x64xf32, #xf.quant<dyn_i8>>
}

// One token is one item, and not asked for.
// CHECK: kern.kernel @quantize_f32_64_
// CHECK-NOT: kern.scalar
// CHECK: kern.return
// expected-remark@+1 {{family norm, 1 item;}}
xf.region @quantize(%x: tensor<1x64xf32>) -> tensor<1x64xf32, #xf.quant<dyn_i8>> {
  %0 = xf.quantize %x : (tensor<1x64xf32>) -> tensor<1x64xf32, #xf.quant<dyn_i8>>
  xf.yield %0 : tensor<1x64xf32, #xf.quant<dyn_i8>>
}

// expected-remark@+1 {{norm: a norm of several groups}}
xf.region @groups(%x: tensor<?x64xf32>, %g: tensor<32xf32, #xf.quant<f32>>) -> tensor<?x64xf32> {
  %0 = xf.rms_norm %x, %g {epsilon = 1.0e-5 : f64, groups = 2} : (tensor<?x64xf32>, tensor<32xf32, #xf.quant<f32>>) -> tensor<?x64xf32>
  xf.yield %0 : tensor<?x64xf32>
}

// expected-remark@+1 {{norm: not a norm or quantization of an argument's rows}}
xf.region @slice(%x: tensor<?x64xf32>) -> tensor<?x32xf32> {
  %0 = xf.slice %x {offset = 32} : (tensor<?x64xf32>) -> tensor<?x32xf32>
  xf.yield %0 : tensor<?x32xf32>
}
