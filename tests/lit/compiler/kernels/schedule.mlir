// RUN: sinter-opt %s --xf-build-region-kernels="group=16" | FileCheck %s

// Without the attribute a lane takes four panels; with it what stands there.
// CHECK-LABEL: kern.kernel @linear_q4_0_f32_gemv_{{.*}}group = 16{{.*}}items_per_group = 4
// CHECK-NOT: kern.kernel
// CHECK: kern.return
xf.region @default(%x: tensor<1x64xf32>, %w: tensor<256x64xf32, #xf.quant<q4_0>>) -> tensor<1x256xf32> {
  %y = xf.linear %x, %w : (tensor<1x64xf32>, tensor<256x64xf32, #xf.quant<q4_0>>) -> tensor<1x256xf32>
  xf.yield %y : tensor<1x256xf32>
}

// Twice the lanes with a panel each: two panels a workgroup.
// CHECK-LABEL: kern.kernel @linear_q4_0_f32_gemv_{{.*}}group = 32{{.*}}items_per_group = 2
// CHECK: kern.return
xf.region @narrow(%x: tensor<1x96xf32>, %w: tensor<256x96xf32, #xf.quant<q4_0>>) -> tensor<1x256xf32> attributes {sinter.schedule = {group = 32 : i64, lane_panels = 1 : i64}} {
  %y = xf.linear %x, %w : (tensor<1x96xf32>, tensor<256x96xf32, #xf.quant<q4_0>>) -> tensor<1x256xf32>
  xf.yield %y : tensor<1x256xf32>
}
