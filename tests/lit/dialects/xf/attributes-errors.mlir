// Attributes and types, which have no constraint ids of their own.
// RUN: sinter-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{rope theta must be positive}}
func.func private @theta() attributes {a = #xf.rope<theta = 0.0 : f64, dim = 4, none>}

// -----

// expected-error @+1 {{rope dim must be even and positive, got 3}}
func.func private @dim() attributes {a = #xf.rope<theta = 1.0 : f64, dim = 3, none>}

// -----

// expected-error @+1 {{rope scaling linear takes 1 values, got 0}}
func.func private @values() attributes {a = #xf.rope<theta = 1.0 : f64, dim = 4, linear>}

// -----

// expected-error @+1 {{rope scaling factors takes 3 values, got 2}}
func.func private @factors() attributes {a = #xf.rope<theta = 1.0 : f64, dim = 4, factors, [1.0, 1.0]>}

// -----

// expected-error @+1 {{rope scaling values must be finite and positive}}
func.func private @zero() attributes {a = #xf.rope<theta = 1.0 : f64, dim = 4, linear, [0.0]>}

// -----

// expected-error @+1 {{rope scaling llama3 needs low_freq_factor below high_freq_factor}}
func.func private @llama3() attributes {a = #xf.rope<theta = 1.0 : f64, dim = 4, llama3, [8.0, 4.0, 1.0, 64.0]>}

// -----

// expected-error @+1 {{rope scaling yarn needs beta_slow at most beta_fast}}
func.func private @yarn() attributes {a = #xf.rope<theta = 10.0 : f64, dim = 4, yarn, [8.0, 1.0, 32.0, 64.0, 1.0, 0.0]>}

// -----

// expected-error @+1 {{rope scaling yarn needs theta above 1, got 1.000000e+00 : f64}}
func.func private @yarn_theta() attributes {a = #xf.rope<theta = 1.0 : f64, dim = 4, yarn, [8.0, 32.0, 1.0, 64.0, 1.0, 0.0]>}

// -----

// expected-error @+1 {{rope scaling yarn takes 0 or 1 for truncate}}
func.func private @truncate() attributes {a = #xf.rope<theta = 10.0 : f64, dim = 4, yarn, [8.0, 32.0, 1.0, 64.0, 1.0, 0.5]>}

// -----

// expected-error @+1 {{source needs the name of a tensor and its type}}
func.func private @source() attributes {a = #xf.source<"", "f32">}

// -----

// expected-error @+1 {{unpermute_rope takes a number of heads, got -1}}
func.func private @heads() attributes {a = #xf.source<"q", "bf16", unpermute_rope -1>}

// -----

// expected-error @+1 {{kv_cache sizes must be positive}}
func.func private @sizes(!xf.kv_cache<0 x 16 x 4, f32>)

// -----

// expected-error @+1 {{kv_cache has an impossible size}}
func.func private @huge(!xf.kv_cache<4611686018427387904 x 16 x 4, f32>)

// -----

// expected-error @+1 {{kv_cache capacity must be a multiple of 16, got 17}}
func.func private @capacity(!xf.kv_cache<1 x 17 x 4, f32>)

// -----

// expected-error @+1 {{kv_cache elements must be f32 or f16}}
func.func private @elements(!xf.kv_cache<1 x 16 x 4, i8>)

// -----

// expected-error @+1 {{rows takes [first, count, stride] with first + count at most stride}}
func.func private @rows() attributes {a = #xf.source<"q", "bf16", rows [4, 9, 12]>}

// -----

// expected-error @+1 {{unpermute_rope goes with no other form}}
func.func private @forms() attributes {a = #xf.source<"q", "bf16", unpermute_rope 2, plus_one>}

// -----

// expected-error @+1 {{alibi heads must be 1 to 4096, got 0}}
func.func private @alibi_heads() attributes {a = #xf.alibi<heads = 0, scale = 1.0 : f64>}

// -----

// expected-error @+1 {{alibi scale must be finite and positive}}
func.func private @alibi_scale() attributes {a = #xf.alibi<heads = 4, scale = 0.0 : f64>}
