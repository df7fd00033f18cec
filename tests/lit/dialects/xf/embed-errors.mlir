// RUN: sinter-opt %s --split-input-file --verify-diagnostics

func.func @tokens(%t: tensor<1x2xi32>, %w: tensor<8x4xf32>) {
  // expected-error @+1 {{takes tokens tensor<Txi32> and a static [V, D] table (embedding_c1)}}
  %0 = xf.embedding %t, %w : (tensor<1x2xi32>, tensor<8x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @table(%t: tensor<?xi32>, %w: tensor<8x?xf32>) {
  // expected-error @+1 {{table must have shape}}
  %0 = xf.embedding %t, %w : (tensor<?xi32>, tensor<8x?xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @table_encoding(%t: tensor<?xi32>, %w: tensor<8x4xf32, #xf.quant<dyn_i8>>) {
  // expected-error @+1 {{table must be stored as a weight, got 'tensor<8x4xf32, #xf.quant<dyn_i8>>' (embedding_c1)}}
  %0 = xf.embedding %t, %w : (tensor<?xi32>, tensor<8x4xf32, #xf.quant<dyn_i8>>) -> tensor<?x4xf32>
  return
}

// -----

func.func @result(%t: tensor<?xi32>, %w: tensor<8x4xf32>) {
  // expected-error @+1 {{result must be tensor<?x4xf32>, got 'tensor<1x4xf32>' (embedding_c1)}}
  %0 = xf.embedding %t, %w : (tensor<?xi32>, tensor<8x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @no_tokens(%t: tensor<0xi32>, %w: tensor<8x4xf32>) {
  // expected-error @+1 {{result must be tensor<TxDxf32> with a static, positive D}}
  %0 = xf.embedding %t, %w : (tensor<0xi32>, tensor<8x4xf32>) -> tensor<0x4xf32>
  return
}

// -----

func.func @select_row(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{result must be tensor<1x4xf32>, got 'tensor<?x4xf32>' (select_row_c1)}}
  %0 = xf.select_row %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @argmax_input(%x: tensor<4xf32>) {
  // expected-error @+1 {{logits must be tensor<TxDxf32>}}
  %0 = xf.argmax %x : (tensor<4xf32>) -> tensor<1xi32>
  return
}

// -----

func.func @argmax(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{result must be tensor<Txi32> with the rows of logits (argmax_c1)}}
  %0 = xf.argmax %x : (tensor<?x4xf32>) -> tensor<1xi32>
  return
}

// -----

func.func @positions_result(%x: tensor<1x8xf32>, %table: tensor<64x8xf32>) {
  // expected-error @+1 {{result must have the type of x (add_positions_c1)}}
  %0 = xf.add_positions %x, %table : (tensor<1x8xf32>, tensor<64x8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @positions_rank(%x: tensor<1x8xf32>, %table: tensor<8xf32>) {
  // expected-error @+1 {{table must be a static [P, D] weight (add_positions_c2)}}
  %0 = xf.add_positions %x, %table : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @positions_columns(%x: tensor<1x8xf32>, %table: tensor<64x4xf32>) {
  // expected-error @+1 {{table must have shape [64, 8], got 'tensor<64x4xf32>' (add_positions_c2)}}
  %0 = xf.add_positions %x, %table : (tensor<1x8xf32>, tensor<64x4xf32>) -> tensor<1x8xf32>
  return
}
