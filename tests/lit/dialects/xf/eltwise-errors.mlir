// RUN: sinter-opt %s --split-input-file --verify-diagnostics

func.func @activation(%x: tensor<8xf32>) {
  // expected-error @+1 {{result must be tensor<TxDxf32> with a static, positive D, got 'tensor<8xf32>' (activation_c1)}}
  %0 = xf.activation silu %x : tensor<8xf32>
  return
}

// -----

func.func @activation_result(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{operands must have the result's type 'tensor<1x8xf32>' (activation_c1)}}
  %0 = "xf.activation"(%x) {kind = 0 : i32} : (tensor<?x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @add(%x: tensor<2x8xf32, #xf.quant<dyn_i8>>) {
  // expected-error @+1 {{result must have no encoding, got 'tensor<2x8xf32, #xf.quant<dyn_i8>>' (add_c1)}}
  %0 = xf.add %x, %x : tensor<2x8xf32, #xf.quant<dyn_i8>>
  return
}

// -----

func.func @mul(%x: tensor<2x?xf32>) {
  // expected-error @+1 {{result must be tensor<TxDxf32> with a static, positive D, got 'tensor<2x?xf32>' (mul_c1)}}
  %0 = xf.mul %x, %x : tensor<2x?xf32>
  return
}

// -----

func.func @slice_rank(%x: tensor<8xf32>) {
  // expected-error @+1 {{x must be tensor<TxDxf32>}}
  %0 = xf.slice %x {offset = 0} : (tensor<8xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @slice_rows(%x: tensor<2x8xf32>) {
  // expected-error @+1 {{result must have the rows of x (slice_c1)}}
  %0 = xf.slice %x {offset = 0} : (tensor<2x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @slice_end(%x: tensor<2x8xf32>) {
  // expected-error @+1 {{4 columns from 5 on lie outside 8 (slice_c1)}}
  %0 = xf.slice %x {offset = 5} : (tensor<2x8xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @slice_far(%x: tensor<2x8xf32>) {
  // expected-error @+1 {{4 columns from 9223372036854775807 on lie outside 8 (slice_c1)}}
  %0 = xf.slice %x {offset = 9223372036854775807} : (tensor<2x8xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @slice_negative(%x: tensor<2x8xf32>) {
  // expected-error @+1 {{4 columns from -1 on lie outside 8 (slice_c1)}}
  %0 = xf.slice %x {offset = -1} : (tensor<2x8xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @scale_rank(%x: tensor<8xf32>) {
  // expected-error @+1 {{(scale_c1)}}
  %0 = xf.scale %x {factor = 1.0 : f64} : tensor<8xf32>
  return
}

// -----

func.func @scale_factor(%x: tensor<1x8xf32>) {
  // expected-error @+1 {{factor must be finite (scale_c2)}}
  %0 = xf.scale %x {factor = 0x7FF0000000000000 : f64} : tensor<1x8xf32>
  return
}

// -----

func.func @softcap_rank(%x: tensor<8xf32>) {
  // expected-error @+1 {{(softcap_c1)}}
  %0 = xf.softcap %x {cap = 1.0 : f64} : tensor<8xf32>
  return
}

// -----

func.func @softcap_cap(%x: tensor<1x8xf32>) {
  // expected-error @+1 {{cap must be finite and positive (softcap_c2)}}
  %0 = xf.softcap %x {cap = 0.0 : f64} : tensor<1x8xf32>
  return
}
