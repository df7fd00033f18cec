// RUN: sinter-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{type must be a static f32 tensor of rank 1 or 2 with a #xf.quant encoding, got 'tensor<?x4xf32, #xf.quant<f32>>' (weight_c1)}}
xf.weight @dynamic from [#xf.source<"a", "bf16">] : tensor<?x4xf32, #xf.quant<f32>>

// -----

// expected-error @+1 {{got 'tensor<4x4xf32>' (weight_c1)}}
xf.weight @plain from [#xf.source<"a", "bf16">] : tensor<4x4xf32>

// -----

// expected-error @+1 {{a tensor of rank 2 is not stored as dyn_i8 (weight_c1)}}
xf.weight @activation from [#xf.source<"a", "bf16">] : tensor<4x4xf32, #xf.quant<dyn_i8>>

// -----

// expected-error @+1 {{a tensor of rank 1 is not stored as q4_0 (weight_c1)}}
xf.weight @vector from [#xf.source<"a", "bf16">] : tensor<4xf32, #xf.quant<q4_0>>

// -----

// expected-error @+1 {{has an impossible size: 'tensor<0x4xf32, #xf.quant<f32>>' (weight_c1)}}
xf.weight @nothing from [#xf.source<"a", "bf16">] : tensor<0x4xf32, #xf.quant<f32>>

// -----

// expected-error @+1 {{has an impossible size}}
xf.weight @huge from [#xf.source<"a", "bf16">] : tensor<4611686018427387904x4611686018427387904xf32, #xf.quant<f32>>

// -----

// expected-error @+1 {{needs either sources, rope or alibi (weight_c2)}}
xf.weight @nowhere : tensor<4x4xf32, #xf.quant<f32>>

// -----

// expected-error @+1 {{needs either sources, rope or alibi (weight_c2)}}
xf.weight @empty from [] : tensor<4x4xf32, #xf.quant<f32>>

// -----

// expected-error @+1 {{needs either sources, rope or alibi (weight_c2)}}
xf.weight @both from [] rope <theta = 1.0 : f64, dim = 4, none> : tensor<4x4xf32, #xf.quant<f32>>

// -----

// expected-error @+1 {{a rotary table must be tensor<context x 8xf32, #xf.quant<f32>> (weight_c3)}}
xf.weight @rope rope <theta = 1.0 : f64, dim = 8, none> : tensor<4x4xf32, #xf.quant<f32>>

// -----

func.func @missing() {
  // expected-error @+1 {{@a is not an xf.weight (get_weight_c1)}}
  %0 = xf.get_weight @a : tensor<4x4xf32, #xf.quant<f32>>
  return
}

// -----

xf.weight @a from [#xf.source<"a", "bf16">] : tensor<4x4xf32, #xf.quant<f32>>
func.func @other_type() {
  // expected-error @+1 {{result must have the weight's type 'tensor<4x4xf32, #xf.quant<f32>>' (get_weight_c1)}}
  %0 = xf.get_weight @a : tensor<4x4xf32, #xf.quant<f16>>
  return
}

// -----

func.func @missing() {
  // expected-error @+1 {{@missing is not an xf.state (get_state_c1)}}
  %0 = xf.get_state @missing : <1 x 16 x 4, f32>
  return
}

// -----

xf.state @kv : !xf.kv_cache<1 x 16 x 4, f32>
func.func @other_type() {
  // expected-error @+1 {{result must have the state's type '!xf.kv_cache<1 x 16 x 4, f32>' (get_state_c1)}}
  %0 = xf.get_state @kv : <1 x 16 x 4, f16>
  return
}

// -----

func.func @fused_arguments(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{block arguments must have the operands' types (fused_c1)}}
  xf.fused "f"(%x) : (tensor<1x4xf32>) -> () {
  ^bb0(%a: tensor<2x4xf32>):
  }
  return
}

// -----

func.func @fused_results(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{yielded types must be the results' (fused_c1)}}
  %0 = xf.fused "f"(%x) : (tensor<1x4xf32>) -> (tensor<2x4xf32>) {
  ^bb0(%a: tensor<1x4xf32>):
    xf.yield %a : tensor<1x4xf32>
  }
  return
}

// -----

func.func @fused_foreign() {
  xf.fused "f"() : () -> () {
    // expected-error @+1 {{is not allowed in xf.fused (fused_c2)}}
    %0 = arith.constant 1 : i32
  }
  return
}

// -----

func.func @fused_symbol() {
  xf.fused "f"() : () -> () {
    // expected-error @+1 {{is not allowed in xf.fused (fused_c2)}}
    xf.state @kv : !xf.kv_cache<1 x 16 x 4, f32>
  }
  return
}

// -----

func.func @fused_nested() {
  xf.fused "f"() : () -> () {
    // expected-error @+1 {{is not allowed in xf.fused (fused_c2)}}
    xf.fused "g"() : () -> () {
    }
  }
  return
}

// -----

// expected-error @+1 {{must end in xf.yield of the result types (region_c1)}}
xf.region @yield(%x: tensor<1x4xf32>) -> tensor<2x4xf32> {
  xf.yield %x : tensor<1x4xf32>
}

// -----

// expected-error @+1 {{must have a body of one block (region_c1)}}
xf.region @no_body(%x: tensor<1x4xf32>) -> tensor<2x4xf32>

// -----

// expected-error @+1 {{must have a body of one block (region_c1)}}
"xf.region"() ({
^bb0:
}) {sym_name = "empty", function_type = () -> ()} : () -> ()

// -----

xf.region @foreign() {
  // expected-error @+1 {{is not allowed in xf.region (region_c2)}}
  func.return
}

// -----

xf.region @symbol() {
  // expected-error @+1 {{is not allowed in xf.region (region_c2)}}
  xf.weight @a from [#xf.source<"a", "bf16">] : tensor<4x4xf32, #xf.quant<f32>>
  xf.yield
}

// -----

// expected-error @+1 {{takes ranked tensors and caches and gives ranked tensors (region_c3)}}
xf.region @types(%x: i32) {
  xf.yield
}

// -----

// expected-error @+1 {{takes ranked tensors and caches and gives ranked tensors (region_c3)}}
xf.region @cache_result(%c: !xf.kv_cache<1 x 16 x 4, f32>) -> !xf.kv_cache<1 x 16 x 4, f32> {
  xf.yield %c : !xf.kv_cache<1 x 16 x 4, f32>
}

// -----

// expected-error @+1 {{needs either sources, rope or alibi (weight_c2)}}
xf.weight @both from [#xf.source<"a", "f32">] alibi <heads = 4, scale = 0.125 : f64> : tensor<4x16xf32, #xf.quant<f32>>

// -----

// expected-error @+1 {{a table of position biases must be tensor<4 x context x f32, #xf.quant<f32>> (weight_c4)}}
xf.weight @biases alibi <heads = 4, scale = 0.125 : f64> : tensor<8x16xf32, #xf.quant<f32>>
