// RUN: sinter-opt %s --split-input-file --verify-diagnostics

func.func @x(%x: tensor<8xf32>) {
  // expected-error @+1 {{x must be tensor<TxDxf32> with a static, positive D, got 'tensor<8xf32>' (rope_c1)}}
  %0 = xf.rope %x {heads = 2, rope = #xf.rope<theta = 1.0 : f64, dim = 4, none>} : (tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @result(%x: tensor<1x8xf32>) {
  // expected-error @+1 {{result must have the type of x (rope_c1)}}
  %0 = xf.rope %x {heads = 2, rope = #xf.rope<theta = 1.0 : f64, dim = 4, none>} : (tensor<1x8xf32>) -> tensor<1x16xf32>
  return
}

// -----

func.func @heads(%x: tensor<1x8xf32>) {
  // expected-error @+1 {{heads must divide 8, got 0 (rope_c1)}}
  %0 = xf.rope %x {heads = 0, rope = #xf.rope<theta = 1.0 : f64, dim = 4, none>} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @dim(%x: tensor<1x8xf32>) {
  // expected-error @+1 {{rope dim 8 exceeds head dimension 4 (rope_c2)}}
  %0 = xf.rope %x {heads = 2, rope = #xf.rope<theta = 1.0 : f64, dim = 8, none>} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @table_columns(%x: tensor<1x8xf32>, %t: tensor<16x8xf32>) {
  // expected-error @+1 {{table must have shape [16, 4], got 'tensor<16x8xf32>' (rope_c3)}}
  %0 = xf.rope %x table %t {heads = 2, rope = #xf.rope<theta = 1.0 : f64, dim = 4, none>} : (tensor<1x8xf32>, tensor<16x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @table_scheme(%x: tensor<1x8xf32>, %t: tensor<16x4xf32, #xf.quant<f16>>) {
  // expected-error @+1 {{table must be tensor<context x 4xf32> (rope_c3)}}
  %0 = xf.rope %x table %t {heads = 2, rope = #xf.rope<theta = 1.0 : f64, dim = 4, none>} : (tensor<1x8xf32>, tensor<16x4xf32, #xf.quant<f16>>) -> tensor<1x8xf32>
  return
}

// -----

func.func @append_k(%k: tensor<?x4xf32>, %v: tensor<?x8xf32>, %c: !xf.kv_cache<2 x 16 x 4, f32>) {
  // expected-error @+1 {{k must be tensor<?x8xf32>, got 'tensor<?x4xf32>' (append_c1)}}
  xf.append %k, %v to %c : tensor<?x4xf32>, tensor<?x8xf32>, <2 x 16 x 4, f32>
  return
}

// -----

func.func @append_v(%k: tensor<?x8xf32>, %v: tensor<1x8xf32>, %c: !xf.kv_cache<2 x 16 x 4, f32>) {
  // expected-error @+1 {{v must be tensor<?x8xf32>, got 'tensor<1x8xf32>' (append_c1)}}
  xf.append %k, %v to %c : tensor<?x8xf32>, tensor<1x8xf32>, <2 x 16 x 4, f32>
  return
}

// -----

func.func @attention_q(%q: tensor<?x8xf32>, %c: !xf.kv_cache<2 x 16 x 4, f32>) {
  // expected-error @+1 {{q must be tensor<?x16xf32>, got 'tensor<?x8xf32>' (attention_c1)}}
  %0 = xf.attention %q, %c {heads = 4, scale = 1.0 : f64} : (tensor<?x8xf32>, !xf.kv_cache<2 x 16 x 4, f32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @attention_result(%q: tensor<?x16xf32>, %c: !xf.kv_cache<2 x 16 x 4, f32>) {
  // expected-error @+1 {{result must be tensor<?x16xf32>, got 'tensor<1x16xf32>' (attention_c1)}}
  %0 = xf.attention %q, %c {heads = 4, scale = 1.0 : f64} : (tensor<?x16xf32>, !xf.kv_cache<2 x 16 x 4, f32>) -> tensor<1x16xf32>
  return
}

// -----

func.func @attention_overflow(%q: tensor<?x16xf32>, %c: !xf.kv_cache<2 x 16 x 4, f32>) {
  // expected-error @+1 {{heads is out of range (attention_c1)}}
  %0 = xf.attention %q, %c {heads = 9223372036854775806, scale = 1.0 : f64} : (tensor<?x16xf32>, !xf.kv_cache<2 x 16 x 4, f32>) -> tensor<?x16xf32>
  return
}

// -----

func.func @attention_heads(%q: tensor<?x12xf32>, %c: !xf.kv_cache<2 x 16 x 4, f32>) {
  // expected-error @+1 {{kv_heads 2 must divide heads 3 (attention_c2)}}
  %0 = xf.attention %q, %c {heads = 3, scale = 1.0 : f64} : (tensor<?x12xf32>, !xf.kv_cache<2 x 16 x 4, f32>) -> tensor<?x12xf32>
  return
}

// -----

func.func @attention_scale(%q: tensor<?x16xf32>, %c: !xf.kv_cache<2 x 16 x 4, f32>) {
  // expected-error @+1 {{scale must be finite and positive (attention_c3)}}
  %0 = xf.attention %q, %c {heads = 4, scale = 0.0 : f64} : (tensor<?x16xf32>, !xf.kv_cache<2 x 16 x 4, f32>) -> tensor<?x16xf32>
  return
}

// -----

func.func @attention_window(%q: tensor<?x16xf32>, %c: !xf.kv_cache<2 x 16 x 4, f32>) {
  // expected-error @+1 {{window must not be negative (attention_c3)}}
  %0 = xf.attention %q, %c {heads = 4, scale = 1.0 : f64, window = -1} : (tensor<?x16xf32>, !xf.kv_cache<2 x 16 x 4, f32>) -> tensor<?x16xf32>
  return
}

// -----

func.func @softcap(%q: tensor<1x16xf32>, %cache: !xf.kv_cache<2 x 16 x 4, f16>) {
  // expected-error @+1 {{softcap must be finite and not negative (attention_c3)}}
  %0 = xf.attention %q, %cache {heads = 4, scale = 0.5 : f64, softcap = -1.0 : f64} : (tensor<1x16xf32>, !xf.kv_cache<2 x 16 x 4, f16>) -> tensor<1x16xf32>
  return
}

// -----

func.func @bias_shape(%q: tensor<1x16xf32>, %cache: !xf.kv_cache<2 x 16 x 4, f16>, %b: tensor<2x16xf32>) {
  // expected-error @+1 {{bias must have shape [4, 16], got 'tensor<2x16xf32>' (attention_c4)}}
  %0 = xf.attention %q, %cache bias %b {heads = 4, scale = 0.5 : f64} : (tensor<1x16xf32>, !xf.kv_cache<2 x 16 x 4, f16>, tensor<2x16xf32>) -> tensor<1x16xf32>
  return
}

// -----

func.func @bias_scheme(%q: tensor<1x16xf32>, %cache: !xf.kv_cache<2 x 16 x 4, f16>, %b: tensor<4x16xf32, #xf.quant<f16>>) {
  // expected-error @+1 {{bias must be stored as f32 (attention_c4)}}
  %0 = xf.attention %q, %cache bias %b {heads = 4, scale = 0.5 : f64} : (tensor<1x16xf32>, !xf.kv_cache<2 x 16 x 4, f16>, tensor<4x16xf32, #xf.quant<f16>>) -> tensor<1x16xf32>
  return
}
