// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=64 cheap-barriers=true features=packed_dot" | FileCheck %s
// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=64 cheap-barriers=true" | FileCheck %s --check-prefix=FLOAT
// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=16 features=packed_dot" | FileCheck %s --check-prefix=FLOAT

// FLOAT-NOT: kern.packed_dot

// One token: magnitudes, barrier, bytes, barrier, products of two panels; then the lanes' sums meet.
// CHECK: kern.kernel @linear_q4_0_f32_gemv_64x64_{{.*}} items_per_group = 2
// CHECK: kern.scratch {shared} : memref<128xf32>
// CHECK: kern.scratch {shared} : memref<16xi32>
// CHECK: kern.scratch {shared} : memref<16xf32>
// CHECK: kern.scratch {shared} : memref<2xf32>
// CHECK: math.absf
// CHECK: kern.barrier
// CHECK: math.roundeven
// CHECK: arith.fptosi
// CHECK: kern.barrier
// CHECK-COUNT-4: kern.packed_dot
// CHECK-NOT: kern.packed_dot
// CHECK: arith.sitofp
// CHECK: kern.barrier
// CHECK: kern.return
// expected-remark@+1 {{family grid_decode, 4 items}}
xf.region @decode(%x: tensor<1x64xf32>, %w: tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32> {
  %y = xf.linear %x, %w : (tensor<1x64xf32>, tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32>
  xf.yield %y : tensor<1x64xf32>
}

// Eight tokens: columns in chunks of sixteen blocks. A word of q8_0 is four columns, of two panels here.
// CHECK: kern.kernel @linear_q8_0_f32_gemm_64x1024_
// CHECK: kern.scratch {shared} : memref<1024xi32>
// CHECK: kern.scratch {shared} : memref<128xf32>
// CHECK-COUNT-16: kern.packed_dot
// CHECK-NOT: kern.packed_dot
// CHECK: kern.return
// expected-remark@+1 {{family grid_prefill, 4 items per 8 tokens}}
xf.region @prefill(%x: tensor<?x1024xf32>, %w: tensor<64x1024xf32, #xf.quant<q8_0>>) -> tensor<?x64xf32> {
  %y = xf.linear %x, %w : (tensor<?x1024xf32>, tensor<64x1024xf32, #xf.quant<q8_0>>) -> tensor<?x64xf32>
  xf.yield %y : tensor<?x64xf32>
}

// Weights that are no integers are multiplied as they are.
// CHECK: kern.kernel @linear_f16_f32_gemv_64x64_
// CHECK-NOT: kern.packed_dot
// expected-remark@+1 {{family grid_decode, 4 items}}
xf.region @halves(%x: tensor<1x64xf32>, %w: tensor<64x64xf32, #xf.quant<f16>>) -> tensor<1x64xf32> {
  %y = xf.linear %x, %w : (tensor<1x64xf32>, tensor<64x64xf32, #xf.quant<f16>>) -> tensor<1x64xf32>
  xf.yield %y : tensor<1x64xf32>
}
