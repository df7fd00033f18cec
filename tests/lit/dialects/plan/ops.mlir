// RUN: sinter-opt %s | sinter-opt | FileCheck %s
// RUN: sinter-opt --mlir-print-op-generic %s | sinter-opt | FileCheck %s

xf.weight @table from [#xf.source<"a", "bf16">] : tensor<64x4xf32, #xf.quant<f32>>

xf.region @embed(%t: tensor<1xi32>, %w: tensor<64x4xf32, #xf.quant<f32>>) -> tensor<1x4xf32> {
  %0 = xf.embedding %t, %w : (tensor<1xi32>, tensor<64x4xf32, #xf.quant<f32>>) -> tensor<1x4xf32>
  xf.yield %0 : tensor<1x4xf32>
}

// CHECK: plan.program attributes {arena_bytes = 192 : i64, chunk = 8 : i64, context = 32 : i64, state_bytes = 1024 : i64, vocab_size = 64 : i64, weight_bytes = 1024 : i64} {
plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 192, state_bytes = 1024} {
  // CHECK-NEXT: plan.weight @w of @table "rows16" at 0 bytes 1024
  plan.weight @w of @table "rows16" at 0 bytes 1024
  // CHECK-NEXT: plan.part @w.high of @w at 512 bytes 512
  plan.part @w.high of @w at 512 bytes 512
  // CHECK-NEXT: plan.state @kv : !xf.kv_cache<1 x 32 x 4, f32> at 0 bytes 1024
  plan.state @kv : !xf.kv_cache<1 x 32 x 4, f32> at 0 bytes 1024
  // CHECK-NEXT: plan.buffer @tokens : tensor<8xi32> io "tokens" alive 0 to 0 at 0 bytes 32
  plan.buffer @tokens : tensor<8xi32> io "tokens" alive 0 to 0 at 0 bytes 32
  // CHECK-NEXT: plan.buffer @x : tensor<8x4xf32> in @decode alive 0 to 0 at 64 bytes 128
  plan.buffer @x : tensor<8x4xf32> in @decode alive 0 to 0 at 64 bytes 128
  // The same bytes, in another entry.
  // CHECK-NEXT: plan.buffer @y : tensor<8x4xf32> in @prefill alive 1 to 1 at 64 bytes 128
  plan.buffer @y : tensor<8x4xf32> in @prefill alive 1 to 1 at 64 bytes 128
  // And again, at another time.
  // CHECK-NEXT: plan.buffer @z : tensor<8x4xf32> in @prefill alive 0 to 0 at 128 bytes 64
  plan.buffer @z : tensor<8x4xf32> in @prefill alive 0 to 0 at 128 bytes 64
  // CHECK-NEXT: plan.entry @decode {
  plan.entry @decode {
    // CHECK-NEXT: plan.dispatch @embed [@tokens, @w, @x] items 1 per 0 layer "embed"
    plan.dispatch @embed [@tokens, @w, @x] items 1 per 0 layer "embed"
  }
  // CHECK: plan.entry @prefill {
  plan.entry @prefill {
    // CHECK-NEXT: plan.dispatch @embed [@tokens, @w, @z] items 2 per 4{{$}}
    plan.dispatch @embed [@tokens, @w, @z] items 2 per 4
    plan.dispatch @embed [@tokens, @w, @y] items 2 per 4
  }
}
