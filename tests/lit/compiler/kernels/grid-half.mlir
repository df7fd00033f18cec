// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=64 cheap-barriers=true features=shader_f16" | FileCheck %s
// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=64 cheap-barriers=true" | FileCheck %s --check-prefix=FLOAT
// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=16 features=shader_f16" | FileCheck %s --check-prefix=FLOAT
// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=64 cheap-barriers=true features=shader_f16|packed_dot" | FileCheck %s --check-prefixes=FLOAT,DOT

// FLOAT-NOT: kern.bitcast_f16
// DOT: kern.packed_dot

// One token: magnitudes, barrier, pairs of f16, barrier, products of two panels; then the lanes' sums meet.
// CHECK: kern.kernel @linear_q4_0_f32_gemv_64x64_{{.*}} items_per_group = 2
// CHECK: kern.scratch {shared} : memref<128xf32>
// CHECK: kern.scratch {shared} : memref<32xi32>
// CHECK: kern.scratch {shared} : memref<16xf32>
// CHECK: kern.scratch {shared} : memref<2xf32>
// CHECK: math.absf
// CHECK: kern.barrier
// CHECK-COUNT-2: kern.pack_f16
// CHECK: kern.barrier
// CHECK: %[[OFFSET:.*]] = arith.constant dense<1.032000e+03> : vector<2xf16>
// CHECK: %[[FIELDS:.*]] = arith.ori
// CHECK: %[[PAIR:.*]] = kern.bitcast_f16 %[[FIELDS]] : vector<2xf16>
// CHECK: arith.subf %[[PAIR]], %[[OFFSET]] : vector<2xf16>
// CHECK-COUNT-16: arith.mulf {{.*}} : vector<2xf16>
// CHECK-NOT: arith.mulf {{.*}} : vector<2xf16>
// CHECK: arith.extf {{.*}} : vector<2xf16> to vector<2xf32>
// CHECK: kern.barrier
// CHECK: kern.return
// expected-remark@+1 {{family grid_decode, 4 items}}
xf.region @decode(%x: tensor<1x64xf32>, %w: tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32> {
  %y = xf.linear %x, %w : (tensor<1x64xf32>, tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32>
  xf.yield %y : tensor<1x64xf32>
}

// Eight tokens: columns in chunks of eight blocks. Two words of q8_0 fields are two pairs of four columns.
// CHECK: kern.kernel @linear_q8_0_f32_gemm_64x1024_
// CHECK: kern.scratch {shared} : memref<1024xi32>
// CHECK: kern.scratch {shared} : memref<64xf32>
// CHECK: dense<1.152000e+03> : vector<2xf16>
// CHECK-COUNT-128: arith.mulf {{.*}} : vector<2xf16>
// CHECK-NOT: arith.mulf {{.*}} : vector<2xf16>
// CHECK: kern.return
// expected-remark@+1 {{family grid_prefill, 4 items per 8 tokens}}
xf.region @prefill(%x: tensor<?x1024xf32>, %w: tensor<64x1024xf32, #xf.quant<q8_0>>) -> tensor<?x64xf32> {
  %y = xf.linear %x, %w : (tensor<?x1024xf32>, tensor<64x1024xf32, #xf.quant<q8_0>>) -> tensor<?x64xf32>
  xf.yield %y : tensor<?x64xf32>
}

// Weights that are no integers are multiplied in f32.
// CHECK: kern.kernel @linear_f16_f32_gemv_64x64_
// CHECK-NOT: kern.bitcast_f16
// expected-remark@+1 {{family grid_decode, 4 items}}
xf.region @halves(%x: tensor<1x64xf32>, %w: tensor<64x64xf32, #xf.quant<f16>>) -> tensor<1x64xf32> {
  %y = xf.linear %x, %w : (tensor<1x64xf32>, tensor<64x64xf32, #xf.quant<f16>>) -> tensor<1x64xf32>
  xf.yield %y : tensor<1x64xf32>
}
