// RUN: sinter-opt %s --split-input-file --verify-diagnostics

plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  plan.entry @decode {
  }
  // expected-error @+1 {{stands in the wrong place of the program (program_c1)}}
  plan.weight @w of @table "rows16" at 0 bytes 64
}

// -----

plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  // expected-error @+1 {{stands in the wrong place of the program (program_c1)}}
  func.func private @f()
}

// -----

plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  // expected-note @+1 {{this one}}
  plan.weight @a of @table "rows16" at 0 bytes 257
  // expected-error @+1 {{overlaps a live range (program_c2)}}
  plan.weight @b of @table "rows16" at 256 bytes 64
}

// -----

plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  // expected-error @+1 {{ends at 1025, beyond 1024 (program_c2)}}
  plan.weight @a of @table "rows16" at 0 bytes 1025
}

// -----

plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  // expected-error @+1 {{ends at 1280, beyond 1024 (program_c2)}}
  plan.state @kv : !xf.kv_cache<1 x 16 x 4, f32> at 1024 bytes 256
}

// -----

plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  // expected-note @+1 {{this one}}
  plan.buffer @a : tensor<8xf32> io "hidden" alive 0 to 0 at 0 bytes 65
  // expected-error @+1 {{overlaps a live range (program_c3)}}
  plan.buffer @b : tensor<8xf32> io "logits" alive 1 to 1 at 64 bytes 64
}

// -----

plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  // expected-error @+1 {{ends at 1088, beyond 1024 (program_c3)}}
  plan.buffer @a : tensor<8xf32> io "hidden" alive 0 to 0 at 1024 bytes 64
}

// -----

// expected-error @+1 {{context, chunk and vocab_size must be positive and chunk at most context (program_c4)}}
plan.program attributes {context = 4, chunk = 8, vocab_size = 64, weight_bytes = 0, arena_bytes = 0, state_bytes = 0} {
}

// -----

// expected-error @+1 {{context, chunk and vocab_size must be positive and chunk at most context (program_c4)}}
plan.program attributes {context = 4, chunk = 4, vocab_size = 0, weight_bytes = 0, arena_bytes = 0, state_bytes = 0} {
}

// -----

// expected-error @+1 {{needs an offset that is a multiple of 256 and positive bytes, got 32 and 64 (part_c1)}}
plan.part @a of @w at 32 bytes 64

// -----

plan.program attributes {context = 4, chunk = 4, vocab_size = 1, weight_bytes = 512, arena_bytes = 0, state_bytes = 0} {
  plan.weight @w of @table "rows16" at 0 bytes 512
  // expected-error @+1 {{is no part of a plan.weight @w (part_c2)}}
  plan.part @a of @w at 256 bytes 512
}

// -----

// expected-error @+1 {{needs an offset that is a multiple of 256 and positive bytes, got 64 and 64 (weight_c1)}}
plan.weight @a of @table "rows16" at 64 bytes 64

// -----

// expected-error @+1 {{needs an offset that is a multiple of 256 and positive bytes, got 256 and 9223372036854775807 (weight_c1)}}
plan.weight @a of @table "rows16" at 256 bytes 9223372036854775807

// -----

plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  // The attributes of an op inside are checked before the program reads them.
  // expected-error @+1 {{requires attribute 'bytes'}}
  "plan.weight"() {sym_name = "a", definition = @table, layout = "rows16", offset = 0} : () -> ()
}

// -----

// expected-error @+1 {{needs an offset that is a multiple of 256 and positive bytes, got -256 and 64 (state_c1)}}
plan.state @kv : !xf.kv_cache<1 x 16 x 4, f32> at -256 bytes 64

// -----

// expected-error @+1 {{needs an offset that is a multiple of 64 and positive bytes, got 0 and 0 (buffer_c1)}}
plan.buffer @a : tensor<8xf32> io "hidden" alive 0 to 0 at 0 bytes 0

// -----

// expected-error @+1 {{must be alive from a dispatch to one not before it (buffer_c1)}}
plan.buffer @a : tensor<8xf32> io "hidden" alive 1 to 0 at 0 bytes 64

// -----

// expected-error @+1 {{must be alive from a dispatch to one not before it (buffer_c1)}}
plan.buffer @a : tensor<8xf32> io "hidden" alive -1 to 0 at 0 bytes 64

// -----

// expected-error @+1 {{needs io or an entry (buffer_c2)}}
plan.buffer @a : tensor<8xf32> alive 0 to 0 at 0 bytes 64

// -----

plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  // expected-error @+1 {{@decode is no plan.entry (buffer_c2)}}
  plan.buffer @a : tensor<8xf32> in @decode alive 0 to 0 at 0 bytes 64
}

// -----

plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  // expected-error @+1 {{is alive until dispatch 0, but @decode has 0 (buffer_c2)}}
  plan.buffer @a : tensor<8xf32> in @decode alive 0 to 0 at 0 bytes 64
  plan.entry @decode {
  }
}

// -----

plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  plan.entry @decode {
    // expected-error @+1 {{is no plan.dispatch (entry_c1)}}
    %0 = arith.constant 0 : i32
  }
}

// -----

// expected-error @+1 {{expects parent op 'plan.program'}}
plan.entry @decode {
}

// -----

plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  plan.entry @decode {
    // expected-error @+1 {{kernel @missing does not exist (dispatch_c1)}}
    plan.dispatch @missing [] items 1 per 0
  }
}

// -----

func.func private @f()
plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  plan.entry @decode {
    // expected-error @+1 {{items must be positive and items_per_tokens not negative (dispatch_c1)}}
    plan.dispatch @f [] items 0 per 0
  }
}

// -----

func.func private @f(i32)
plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  plan.entry @decode {
    // expected-error @+1 {{binding @decode is no weight, part, state or buffer (dispatch_c1)}}
    plan.dispatch @f [@decode] items 1 per 0
  }
}

// -----

func.func private @f(i32) -> i32
plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  plan.buffer @a : tensor<8xf32> io "hidden" alive 0 to 0 at 0 bytes 64
  plan.entry @decode {
    // expected-error @+1 {{kernel @f takes 2 bindings, got 1 (dispatch_c2)}}
    plan.dispatch @f [@a] items 1 per 0
  }
}

// -----

func.func private @f(i32)
plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  plan.buffer @a : tensor<8xf32> in @decode alive 1 to 1 at 0 bytes 64
  plan.entry @decode {
    // expected-error @+1 {{binds @a, which is not alive in dispatch 0 of decode (dispatch_c3)}}
    plan.dispatch @f [@a] items 1 per 0
    plan.dispatch @f [@a] items 1 per 0
  }
}

// -----

func.func private @f(i32)
plan.program attributes {context = 32, chunk = 8, vocab_size = 64, weight_bytes = 1024, arena_bytes = 1024, state_bytes = 1024} {
  plan.buffer @a : tensor<8xf32> in @decode alive 0 to 0 at 0 bytes 64
  plan.entry @decode {
    plan.dispatch @f [@a] items 1 per 0
  }
  plan.entry @prefill {
    // expected-error @+1 {{binds @a, which is not alive in dispatch 0 of prefill (dispatch_c3)}}
    plan.dispatch @f [@a] items 1 per 0
  }
}
