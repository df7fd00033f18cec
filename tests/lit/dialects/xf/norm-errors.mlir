// RUN: sinter-opt %s --split-input-file --verify-diagnostics

func.func @rank(%x: tensor<8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{x must be tensor<TxDxf32> with a static, positive D, got 'tensor<8xf32>' (rms_norm_c1)}}
  %0 = xf.rms_norm %x, %g {epsilon = 0.0 : f64} : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @dynamic_columns(%x: tensor<1x?xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{x must be tensor<TxDxf32> with a static, positive D, got 'tensor<1x?xf32>' (rms_norm_c1)}}
  %0 = xf.rms_norm %x, %g {epsilon = 0.0 : f64} : (tensor<1x?xf32>, tensor<8xf32>) -> tensor<1x?xf32>
  return
}

// -----

func.func @encoding(%x: tensor<1x8xf32, #xf.quant<q4_0>>, %g: tensor<8xf32>) {
  // expected-error @+1 {{x must have no encoding, got 'tensor<1x8xf32, #xf.quant<q4_0>>' (rms_norm_c1)}}
  %0 = xf.rms_norm %x, %g {epsilon = 0.0 : f64} : (tensor<1x8xf32, #xf.quant<q4_0>>, tensor<8xf32>) -> tensor<1x8xf32, #xf.quant<q4_0>>
  return
}

// -----

func.func @result(%x: tensor<1x8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{result must have the type of x (rms_norm_c1)}}
  %0 = xf.rms_norm %x, %g {epsilon = 0.0 : f64} : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @groups(%x: tensor<1x8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{groups must divide 8, got 3 (rms_norm_c2)}}
  %0 = xf.rms_norm %x, %g {epsilon = 0.0 : f64, groups = 3} : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @no_groups(%x: tensor<1x8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{groups must divide 8, got 0 (rms_norm_c2)}}
  %0 = xf.rms_norm %x, %g {epsilon = 0.0 : f64, groups = 0} : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @weight(%x: tensor<1x8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{weight must have shape [4], got 'tensor<8xf32>' (rms_norm_c2)}}
  %0 = xf.rms_norm %x, %g {epsilon = 0.0 : f64, groups = 2} : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @weight_encoding(%x: tensor<1x8xf32>, %g: tensor<8xf32, #xf.quant<dyn_i8>>) {
  // expected-error @+1 {{weight must be stored as a weight}}
  %0 = xf.rms_norm %x, %g {epsilon = 0.0 : f64} : (tensor<1x8xf32>, tensor<8xf32, #xf.quant<dyn_i8>>) -> tensor<1x8xf32>
  return
}

// -----

func.func @epsilon(%x: tensor<1x8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{epsilon must be finite and not negative (rms_norm_c3)}}
  %0 = xf.rms_norm %x, %g {epsilon = -1.0 : f64} : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @epsilon_nan(%x: tensor<1x8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{epsilon must be finite and not negative (rms_norm_c3)}}
  %0 = xf.rms_norm %x, %g {epsilon = 0x7FF8000000000000 : f64} : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @layer_rank(%x: tensor<8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{x must be tensor<TxDxf32> with a static, positive D, got 'tensor<8xf32>' (layer_norm_c1)}}
  %0 = xf.layer_norm %x, %g {epsilon = 0.0 : f64} : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @layer_result(%x: tensor<1x8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{result must have the type of x (layer_norm_c1)}}
  %0 = xf.layer_norm %x, %g {epsilon = 0.0 : f64} : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @layer_groups(%x: tensor<1x8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{groups must divide 8, got 3 (layer_norm_c2)}}
  %0 = xf.layer_norm %x, %g {epsilon = 0.0 : f64, groups = 3} : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @layer_weight(%x: tensor<1x8xf32>, %g: tensor<2xf32>) {
  // expected-error @+1 {{weight must have shape [4], got 'tensor<2xf32>' (layer_norm_c2)}}
  %0 = xf.layer_norm %x, %g {epsilon = 0.0 : f64, groups = 2} : (tensor<1x8xf32>, tensor<2xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @layer_bias(%x: tensor<1x8xf32>, %g: tensor<8xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{bias must have shape [8], got 'tensor<4xf32>' (layer_norm_c3)}}
  %0 = xf.layer_norm %x, %g bias %b {epsilon = 0.0 : f64} : (tensor<1x8xf32>, tensor<8xf32>, tensor<4xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @layer_epsilon(%x: tensor<1x8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{epsilon must be finite and not negative (layer_norm_c4)}}
  %0 = xf.layer_norm %x, %g {epsilon = -1.0 : f64} : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
  return
}
