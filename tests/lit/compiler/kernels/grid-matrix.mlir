// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=64 cheap-barriers=true features=shader_f16|subgroups matrix=16" | FileCheck %s
// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=64 cheap-barriers=true features=shader_f16|subgroups matrix=8" | FileCheck %s --check-prefix=EIGHT
// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=64 cheap-barriers=true features=shader_f16|subgroups matrix=16 matrix-bytes=32" | FileCheck %s --check-prefix=BYTES
// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=64 cheap-barriers=true features=shader_f16|subgroups matrix=8 matrix-bytes=8" | FileCheck %s --check-prefix=SMALL
// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels="group=64 cheap-barriers=true features=shader_f16|subgroups" | FileCheck %s --check-prefix=NONE

// NONE-NOT: kern.matrix

// Four slots of two panels, 128 lanes; 64 tokens are the first of eight blocks'. Scales of rows, then chunks of 32 columns: expand,
// barrier, two panels times four tiles of tokens in a loop over two columns of matrices, barrier.
// CHECK: kern.kernel @linear_q4_0_f32_gemm_256x64_{{.*}} group = 128, matrix = 16>, items_per_group = 8
// CHECK-DAG: kern.scratch {shared} : memref<2560xi32>
// CHECK-DAG: kern.scratch {shared} : memref<1280xi32>
// CHECK-DAG: kern.scratch {shared} : memref<64xf32>
// CHECK-DAG: kern.scratch {shared} : memref<2048xf32>
// CHECK: kern.block
// CHECK: arith.remui
// CHECK: scf.if
// CHECK: kern.subgroup_reduce max
// CHECK: kern.barrier
// CHECK: kern.matrix_fill
// CHECK: kern.pack_f16
// CHECK: kern.barrier
// CHECK-COUNT-4: kern.matrix_load {{.*}} columns stride 20 : memref<1280xi32> -> <16xf16, b>
// CHECK: kern.matrix_load {{.*}} rows stride 20 : memref<2560xi32> -> <16xf16, a>
// CHECK-COUNT-4: kern.matrix_multiply_add
// CHECK: kern.matrix_load {{.*}} rows
// CHECK-COUNT-4: kern.matrix_multiply_add
// CHECK-NOT: kern.matrix_multiply_add
// CHECK: kern.barrier
// CHECK-COUNT-8: kern.matrix_store
// CHECK-NOT: kern.matrix_store
// CHECK: kern.return
// EIGHT: kern.kernel @linear_q4_0_f32_gemm_256x64_{{.*}} group = 128, matrix = 8>, items_per_group = 4
// EIGHT-COUNT-16: kern.matrix_multiply_add
// EIGHT-NOT: kern.matrix_multiply_add
// EIGHT: kern.return

// Bytes: inputs and their magnitudes and scales, weights and theirs. In a block of 32 columns a barrier behind magnitudes, one behind
// bytes; then four tiles of tokens times two panels, and the sums times the scales of both.
// BYTES: kern.kernel @linear_q4_0_f32_gemm_256x64_{{.*}} group = 128, matrix = 16, matrix_bytes = 32>, items_per_group = 8
// BYTES: kern.scratch {shared} : memref<768xi32>
// BYTES: kern.scratch {shared} : memref<768xf32>
// BYTES: kern.scratch {shared} : memref<64xf32>
// BYTES: kern.scratch {shared} : memref<1536xi32>
// BYTES: kern.scratch {shared} : memref<128xf32>
// BYTES: kern.scratch {shared} : memref<2048xf32>
// BYTES-NOT: kern.subgroup_reduce
// BYTES: kern.barrier
// BYTES: arith.xori
// BYTES: math.roundeven
// BYTES: kern.barrier
// BYTES-COUNT-4: kern.matrix_load {{.*}} columns stride 12 : memref<768xi32> -> <32x16xi8, b>
// BYTES: kern.matrix_load {{.*}} rows stride 12 : memref<1536xi32> -> <16x32xi8, a>
// BYTES-COUNT-4: kern.matrix_multiply_add {{.*}} : <16x32xi8, a>, <32x16xi8, b>, <16xi32, sum>
// BYTES: kern.matrix_load {{.*}} rows stride 12
// BYTES-COUNT-4: kern.matrix_multiply_add
// BYTES-NOT: kern.matrix_multiply_add
// BYTES-COUNT-4: kern.matrix_spread {{.*}} rows : memref<64xf32> -> <16xf32, sum>
// BYTES: kern.matrix_spread {{.*}} columns : memref<128xf32> -> <16xf32, sum>
// BYTES-COUNT-4: kern.matrix_scaled_add
// BYTES: kern.matrix_spread {{.*}} columns
// BYTES-COUNT-4: kern.matrix_scaled_add
// BYTES-NOT: kern.matrix_scaled_add
// BYTES-COUNT-8: kern.matrix_store
// BYTES: kern.return
// SMALL: kern.kernel @linear_q4_0_f32_gemm_256x64_{{.*}} group = 128, matrix = 8, matrix_bytes = 8>, items_per_group = 4
// In a loop over eight columns, two tiles of rows times eight of tokens.
// SMALL: kern.matrix_fill
// SMALL: scf.for
// SMALL-COUNT-16: kern.matrix_multiply_add {{.*}} : <8xi8, a>, <8xi8, b>, <8xi32, sum>
// SMALL-NOT: kern.matrix_multiply_add
// SMALL: scf.yield
// SMALL-COUNT-16: kern.matrix_scaled_add
// SMALL-NOT: kern.matrix_scaled_add
// SMALL: kern.return
// expected-remark@+1 {{family grid_prefill, 16 items per 8 tokens}}
xf.region @prefill(%x: tensor<?x64xf32>, %w: tensor<256x64xf32, #xf.quant<q4_0>>) -> tensor<?x256xf32> {
  %y = xf.linear %x, %w : (tensor<?x64xf32>, tensor<256x64xf32, #xf.quant<q4_0>>) -> tensor<?x256xf32>
  xf.yield %y : tensor<?x256xf32>
}

// f16 weights are copied as they lie.
// CHECK: kern.kernel @linear_f16_f32_gemm_64x64_
// CHECK: kern.matrix_load {{.*}} columns stride 8 : memref<2560xi32> -> <16xf16, a>
// CHECK: kern.return
// BYTES: kern.kernel @linear_f16_f32_gemm_64x64_
// BYTES: kern.matrix_load {{.*}} columns stride 8 : memref<2560xi32> -> <16xf16, a>
// BYTES: kern.return
// expected-remark@+1 {{family grid_prefill, 4 items per 8 tokens}}
xf.region @halves(%x: tensor<?x64xf32>, %w: tensor<64x64xf32, #xf.quant<f16>>) -> tensor<?x64xf32> {
  %y = xf.linear %x, %w : (tensor<?x64xf32>, tensor<64x64xf32, #xf.quant<f16>>) -> tensor<?x64xf32>
  xf.yield %y : tensor<?x64xf32>
}

// What f16 does not hold, and one token, are multiplied as elsewhere.
// CHECK: kern.kernel @linear_bf16_f32_gemm_64x64_
// CHECK-NOT: kern.matrix
// expected-remark@+1 {{family grid_prefill, 4 items per 8 tokens}}
xf.region @brain(%x: tensor<?x64xf32>, %w: tensor<64x64xf32, #xf.quant<bf16>>) -> tensor<?x64xf32> {
  %y = xf.linear %x, %w : (tensor<?x64xf32>, tensor<64x64xf32, #xf.quant<bf16>>) -> tensor<?x64xf32>
  xf.yield %y : tensor<?x64xf32>
}

// CHECK: kern.kernel @linear_q4_0_f32_gemv_64x64_
// CHECK-NOT: kern.matrix
// expected-remark@+1 {{family grid_decode, 4 items}}
xf.region @decode(%x: tensor<1x64xf32>, %w: tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32> {
  %y = xf.linear %x, %w : (tensor<1x64xf32>, tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32>
  xf.yield %y : tensor<1x64xf32>
}
