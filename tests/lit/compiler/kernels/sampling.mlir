// RUN: sinter-opt %s --xf-build-region-kernels="features=fma group=64 cheap-barriers=true" 2>/dev/null | FileCheck %s --check-prefixes=CHECK,MEET
// RUN: sinter-opt %s --xf-build-region-kernels="features=fma group=16" 2>/dev/null | FileCheck %s --check-prefixes=CHECK,ALONE
// RUN: sinter-opt %s --xf-build-region-kernels="features=fma group=64 cheap-barriers=true" 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// Runs are sorted by a workgroup each, or by a lane each.
// CHECK: kern.kernel @sort_logits_f32_1000_{{[0-9a-f]+}}(%{{.*}}: memref<1000xf32>, %{{.*}}: memref<16xf32>, %{{.*}}: memref<64xi32>, %{{.*}}: memref<1024xf32>
// ALONE-SAME: items_per_group = 16
// MEET: kern.scratch {shared} : memref<256xf32>
// MEET: kern.barrier
// ALONE-NOT: kern.barrier
// REMARK: family grid_sort_logits, 4 items
xf.region @sort(%logits: tensor<1x1000xf32>, %sampling: tensor<16xf32>, %history: tensor<64xi32>) -> (tensor<4x256xf32>, tensor<4x256xf32>, tensor<4x256xf32>) attributes {sinter.grid} {
  %p, %s, %w = xf.sort_logits %logits, %sampling, %history : (tensor<1x1000xf32>, tensor<16xf32>, tensor<64xi32>) -> (tensor<4x256xf32>, tensor<4x256xf32>, tensor<4x256xf32>)
  xf.yield %p, %s, %w : tensor<4x256xf32>, tensor<4x256xf32>, tensor<4x256xf32>
}

// No barrier in a loop that ends when a search does: its 32 turns are counted.
// CHECK: kern.kernel @sample_f32_1024_{{[0-9a-f]+}}(
// MEET: %[[TURNS:.*]] = arith.constant 32 : index
// MEET: scf.for %{{.*}} = %{{.*}} to %[[TURNS]]
// ALONE-NOT: kern.barrier
// ALONE: scf.while
// REMARK: family grid_sample, 1 item
xf.region @sample(%p: tensor<4x256xf32>, %s: tensor<4x256xf32>, %w: tensor<4x256xf32>, %sampling: tensor<16xf32>) -> tensor<1xi32> attributes {sinter.grid} {
  %t = xf.sample %p, %s, %w, %sampling : (tensor<4x256xf32>, tensor<4x256xf32>, tensor<4x256xf32>, tensor<16xf32>) -> tensor<1xi32>
  xf.yield %t : tensor<1xi32>
}
