// RUN: sinter-opt %s --split-input-file --verify-diagnostics --xf-build-region-kernels="group=16"

// expected-error@+3 {{could not be built by kernel family grid_decode}}
// expected-remark@+2 {{family grid_decode, 4 items}}
// expected-error@+1 {{sinter.schedule: family grid_decode has no parameter 'panels' here}}
xf.region @unknown(%x: tensor<1x64xf32>, %w: tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32> attributes {sinter.schedule = {panels = 2 : i64}} {
  %y = xf.linear %x, %w : (tensor<1x64xf32>, tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32>
  xf.yield %y : tensor<1x64xf32>
}

// -----

// expected-error@+3 {{could not be built by kernel family grid_decode}}
// expected-remark@+2 {{family grid_decode, 4 items}}
// expected-error@+1 {{sinter.schedule: lane_panels is 3, family grid_decode takes 1, 2, 4, 8, 16 here}}
xf.region @value(%x: tensor<1x64xf32>, %w: tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32> attributes {sinter.schedule = {lane_panels = 3 : i64}} {
  %y = xf.linear %x, %w : (tensor<1x64xf32>, tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32>
  xf.yield %y : tensor<1x64xf32>
}

// -----

// expected-error@+3 {{could not be built by kernel family grid_decode}}
// expected-remark@+2 {{family grid_decode, 4 items}}
// expected-error@+1 {{sinter.schedule is no dictionary}}
xf.region @list(%x: tensor<1x64xf32>, %w: tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32> attributes {sinter.schedule = [1]} {
  %y = xf.linear %x, %w : (tensor<1x64xf32>, tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32>
  xf.yield %y : tensor<1x64xf32>
}

// -----

// expected-error@+3 {{could not be built by kernel family grid_decode}}
// expected-remark@+2 {{family grid_decode, 4 items}}
// expected-error@+1 {{sinter.schedule: 'lane_panels' is no i64}}
xf.region @width(%x: tensor<1x64xf32>, %w: tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32> attributes {sinter.schedule = {lane_panels = 2 : i32}} {
  %y = xf.linear %x, %w : (tensor<1x64xf32>, tensor<64x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32>
  xf.yield %y : tensor<1x64xf32>
}
