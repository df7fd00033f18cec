// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels | FileCheck %s

// CHECK: kern.kernel @argmax_f32_512_{{[0-9a-f]+}}(%{{.*}}: memref<?xf32>, %{{.*}}: memref<?xi32>)
// CHECK: arith.cmpf ugt, {{.*}} : vector<64xf32>
// expected-remark@+1 {{family argmax, 1 item;}}
xf.region @greedy(%x: tensor<1x512xf32>) -> tensor<1xi32> {
  %0 = xf.argmax %x : (tensor<1x512xf32>) -> tensor<1xi32>
  xf.yield %0 : tensor<1xi32>
}

// expected-remark@+1 {{argmax: not the argmax of an argument's rows}}
xf.region @sum(%x: tensor<1x512xf32>) -> tensor<1xi32> {
  %0 = xf.add %x, %x : tensor<1x512xf32>
  %1 = xf.argmax %0 : (tensor<1x512xf32>) -> tensor<1xi32>
  xf.yield %1 : tensor<1xi32>
}
