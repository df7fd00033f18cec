// RUN: sinter-opt %s --split-input-file --verify-diagnostics

func.func @x(%x: tensor<2x2x8xf32>, %w: tensor<4x8xf32>) {
  // expected-error @+1 {{x must be tensor<TxDxf32> with a static, positive D, got 'tensor<2x2x8xf32>' (linear_c1)}}
  %0 = xf.linear %x, %w : (tensor<2x2x8xf32>, tensor<4x8xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @weight_rank(%x: tensor<2x8xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{weight must be a [N, K] matrix (linear_c1)}}
  %0 = xf.linear %x, %w : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @weight_columns(%x: tensor<2x8xf32>, %w: tensor<4x9xf32>) {
  // expected-error @+1 {{weight must have shape [4, 8], got 'tensor<4x9xf32>' (linear_c1)}}
  %0 = xf.linear %x, %w : (tensor<2x8xf32>, tensor<4x9xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @result(%x: tensor<2x8xf32>, %w: tensor<4x8xf32>) {
  // expected-error @+1 {{result must be tensor<2x4xf32>, got 'tensor<2x8xf32>' (linear_c1)}}
  %0 = xf.linear %x, %w : (tensor<2x8xf32>, tensor<4x8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @bias(%x: tensor<2x8xf32>, %w: tensor<4x8xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{bias must have shape [4], got 'tensor<8xf32>' (linear_c2)}}
  %0 = xf.linear %x, %w bias %b : (tensor<2x8xf32>, tensor<4x8xf32>, tensor<8xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @integer_input(%x: tensor<2x8xf32, #xf.quant<dyn_i8>>, %w: tensor<4x8xf32, #xf.quant<f16>>) {
  // expected-error @+1 {{a dyn_i8 x needs an integer weight scheme, got f16 (linear_c3)}}
  %0 = xf.linear %x, %w : (tensor<2x8xf32, #xf.quant<dyn_i8>>, tensor<4x8xf32, #xf.quant<f16>>) -> tensor<2x4xf32>
  return
}

// -----

func.func @twice(%x: tensor<2x8xf32, #xf.quant<dyn_i8>>) {
  // expected-error @+1 {{x must have no encoding, got 'tensor<2x8xf32, #xf.quant<dyn_i8>>' (quantize_c1)}}
  %0 = xf.quantize %x : (tensor<2x8xf32, #xf.quant<dyn_i8>>) -> tensor<2x8xf32, #xf.quant<dyn_i8>>
  return
}

// -----

func.func @not_quantized(%x: tensor<2x8xf32>) {
  // expected-error @+1 {{result must have a dyn_i8 encoding, got 'tensor<2x8xf32>' (quantize_c1)}}
  %0 = xf.quantize %x : (tensor<2x8xf32>) -> tensor<2x8xf32>
  return
}
