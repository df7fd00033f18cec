// RUN: sinter-opt %s --verify-diagnostics --split-input-file

// expected-error @+1 {{edge must be 8 or 16, got 4 (matrix_c1)}}
func.func private @edge(!kern.matrix<4xf16, a>)

// -----

// expected-error @+1 {{elements must be f16 or i8, and f32 or i32 for sum, got 'f32' (matrix_c2)}}
func.func private @element(!kern.matrix<16xf32, a>)

// -----

// expected-error @+1 {{elements must be f16 or i8, and f32 or i32 for sum, got 'f16' (matrix_c2)}}
func.func private @sum(!kern.matrix<16xf16, sum>)

// -----

// expected-error @+1 {{elements must be f16 or i8, and f32 or i32 for sum, got 'i8' (matrix_c2)}}
func.func private @sum_of_bytes(!kern.matrix<16xi8, sum>)

// -----

// expected-error @+1 {{depth must be the edge, or 8, 16 or 32 for i8, got 32 (matrix_c3)}}
func.func private @depth_of_halves(!kern.matrix<16x32xf16, a>)

// -----

// expected-error @+1 {{depth must be the edge, or 8, 16 or 32 for i8, got 64 (matrix_c3)}}
func.func private @depth_of_bytes(!kern.matrix<64x16xi8, b>)

// -----

// expected-error @+1 {{depth must be the edge, or 8, 16 or 32 for i8, got 32 (matrix_c3)}}
func.func private @oblong_sum(!kern.matrix<16x32xi32, sum>)

// -----

// expected-error @+1 {{expected <edge x element, a | b | sum>, or rows x columns for edge}}
func.func private @use(!kern.matrix<16xf16, c>)

// -----

// expected-error @+1 {{expected <edge x element, a | b | sum>, or rows x columns for edge}}
func.func private @dimensions(!kern.matrix<16x16x16xf16, a>)

// -----

// expected-error @+1 {{matrix must be 0, 8 or 16, got 32}}
func.func private @caps() attributes {a = #kern.caps<simd_bits = 32, registers = 16, features = subgroups, cheap_barriers = true, group = 64, matrix = 32>}

// -----

// expected-error @+1 {{matrix needs a grid with subgroups and cheap barriers}}
func.func private @caps_of_workers() attributes {a = #kern.caps<simd_bits = 32, registers = 16, features = none, cheap_barriers = true, group = 64, matrix = 16>}

// -----

kern.kernel @fill_caps() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 8>} {
  kern.for_items %i {
    %zero = arith.constant 0.0 : f32
    // expected-error @+1 {{needs a grid whose caps have matrices of edge 16 (matrix_fill_c1)}}
    %0 = kern.matrix_fill %zero : !kern.matrix<16xf32, sum>
  }
  kern.return
}

// -----

// expected-error @+1 {{matrix_bytes needs matrix, the edge}}
func.func private @caps_of_bytes() attributes {a = #kern.caps<simd_bits = 32, registers = 16, features = subgroups, cheap_barriers = true, group = 64, matrix_bytes = 32>}

// -----

// expected-error @+1 {{matrix_bytes must be 0, 8, 16 or 32, got 64}}
func.func private @depth_of_caps() attributes {a = #kern.caps<simd_bits = 32, registers = 16, features = subgroups, cheap_barriers = true, group = 64, matrix = 16, matrix_bytes = 64>}

// -----

kern.kernel @fill_use() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16>} {
  kern.for_items %i {
    %zero = arith.constant 0.0 : f16
    // expected-error @+1 {{operand #0 must be 32-bit float or 32-bit signless integer}}
    %0 = kern.matrix_fill %zero : !kern.matrix<16xf16, a>
  }
  kern.return
}

// -----

kern.kernel @load_caps() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 8>} {
  %t = kern.scratch {shared} : memref<320xi32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{needs a grid whose caps have matrices of edge 16 (matrix_load_c1)}}
    %a = kern.matrix_load %t[%c0] rows stride 20 : memref<320xi32> -> !kern.matrix<16xf16, a>
  }
  kern.return
}

// -----

kern.kernel @load_private() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16>} {
  %t = kern.scratch : memref<320xi32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{must load a or b out of shared scratch (matrix_load_c2)}}
    %a = kern.matrix_load %t[%c0] rows stride 20 : memref<320xi32> -> !kern.matrix<16xf16, a>
  }
  kern.return
}

// -----

kern.kernel @load_sum() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16>} {
  %t = kern.scratch {shared} : memref<320xi32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{must load a or b out of shared scratch (matrix_load_c2)}}
    %a = kern.matrix_load %t[%c0] rows stride 20 : memref<320xi32> -> !kern.matrix<16xf32, sum>
  }
  kern.return
}

// -----

kern.kernel @load_stride() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16>} {
  %t = kern.scratch {shared} : memref<320xi32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{stride must be a multiple of 4 and at least 8, got 10 (matrix_load_c3)}}
    %a = kern.matrix_load %t[%c0] rows stride 10 : memref<320xi32> -> !kern.matrix<16xf16, a>
  }
  kern.return
}

// -----

kern.kernel @load_short_stride() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16>} {
  %t = kern.scratch {shared} : memref<320xi32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{stride must be a multiple of 4 and at least 8, got 4 (matrix_load_c3)}}
    %a = kern.matrix_load %t[%c0] rows stride 4 : memref<320xi32> -> !kern.matrix<16xf16, b>
  }
  kern.return
}

// -----

kern.kernel @multiply_uses() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16>} {
  %t = kern.scratch {shared} : memref<320xi32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    %a = kern.matrix_load %t[%c0] rows stride 20 : memref<320xi32> -> !kern.matrix<16xf16, a>
    %zero = arith.constant 0.0 : f32
    %s = kern.matrix_fill %zero : !kern.matrix<16xf32, sum>
    // expected-error @+1 {{must have an a, a b and a sum of one edge (matrix_multiply_add_c2)}}
    %0 = kern.matrix_multiply_add %a, %a, %s : !kern.matrix<16xf16, a>, !kern.matrix<16xf16, a>, !kern.matrix<16xf32, sum>
  }
  kern.return
}

// -----

func.func @multiply_caps(%a: !kern.matrix<16xf16, a>, %b: !kern.matrix<16xf16, b>, %s: !kern.matrix<16xf32, sum>) {
  // expected-error @+1 {{needs a grid whose caps have matrices of edge 16 (matrix_multiply_add_c1)}}
  %0 = kern.matrix_multiply_add %a, %b, %s : !kern.matrix<16xf16, a>, !kern.matrix<16xf16, b>, !kern.matrix<16xf32, sum>
  return
}

// -----

func.func @store_memory(%s: !kern.matrix<16xf32, sum>, %t: memref<256xf32>, %c0: index) {
  // expected-error @+1 {{must store a sum of f32 to shared scratch (matrix_store_c2)}}
  kern.matrix_store %s, %t[%c0] rows stride 16 : !kern.matrix<16xf32, sum>, memref<256xf32>
  return
}

// -----

kern.kernel @store_stride() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16>} {
  %t = kern.scratch {shared} : memref<256xf32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %s = kern.matrix_fill %zero : !kern.matrix<16xf32, sum>
    // expected-error @+1 {{stride must be a multiple of 4 and at least 16, got 12 (matrix_store_c3)}}
    kern.matrix_store %s, %t[%c0] rows stride 12 : !kern.matrix<16xf32, sum>, memref<256xf32>
  }
  kern.return
}

// -----

kern.kernel @store_caps() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 8>} {
  %t = kern.scratch {shared} : memref<256xf32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %s = builtin.unrealized_conversion_cast %zero : f32 to !kern.matrix<16xf32, sum>
    // expected-error @+1 {{needs a grid whose caps have matrices of edge 16 (matrix_store_c1)}}
    kern.matrix_store %s, %t[%c0] rows stride 16 : !kern.matrix<16xf32, sum>, memref<256xf32>
  }
  kern.return
}

// -----

kern.kernel @fill_integers() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16>} {
  kern.for_items %i {
    %zero = arith.constant 0 : i32
    // expected-error @+1 {{needs a grid whose caps have matrix_bytes (matrix_fill_c1)}}
    %0 = kern.matrix_fill %zero : !kern.matrix<16xi32, sum>
  }
  kern.return
}

// -----

kern.kernel @load_depth() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16, matrix_bytes = 32>} {
  %t = kern.scratch {shared} : memref<320xi32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{needs a grid whose caps have matrix_bytes = 16 (matrix_load_c1)}}
    %a = kern.matrix_load %t[%c0] rows stride 12 : memref<320xi32> -> !kern.matrix<16xi8, a>
  }
  kern.return
}

// -----

kern.kernel @load_byte_stride() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16, matrix_bytes = 32>} {
  %t = kern.scratch {shared} : memref<320xi32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{stride must be a multiple of 4 and at least 8, got 4 (matrix_load_c3)}}
    %a = kern.matrix_load %t[%c0] rows stride 4 : memref<320xi32> -> !kern.matrix<16x32xi8, a>
  }
  kern.return
}

// -----

kern.kernel @load_byte_columns() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16, matrix_bytes = 32>} {
  %t = kern.scratch {shared} : memref<320xi32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{stride must be a multiple of 4 and at least 4, got 2 (matrix_load_c3)}}
    %a = kern.matrix_load %t[%c0] columns stride 2 : memref<320xi32> -> !kern.matrix<16x32xi8, a>
  }
  kern.return
}

// -----

func.func @multiply_elements(%a: !kern.matrix<16xi8, a>, %b: !kern.matrix<16xf16, b>, %s: !kern.matrix<16xi32, sum>) {
  // expected-error @+1 {{must have an a and a b of one element and depth, and i32 sums of i8 (matrix_multiply_add_c2)}}
  %0 = kern.matrix_multiply_add %a, %b, %s : !kern.matrix<16xi8, a>, !kern.matrix<16xf16, b>, !kern.matrix<16xi32, sum>
  return
}

// -----

func.func @multiply_depths(%a: !kern.matrix<16x32xi8, a>, %b: !kern.matrix<16xi8, b>, %s: !kern.matrix<16xi32, sum>) {
  // expected-error @+1 {{must have an a and a b of one element and depth, and i32 sums of i8 (matrix_multiply_add_c2)}}
  %0 = kern.matrix_multiply_add %a, %b, %s : !kern.matrix<16x32xi8, a>, !kern.matrix<16xi8, b>, !kern.matrix<16xi32, sum>
  return
}

// -----

func.func @multiply_sum(%a: !kern.matrix<16xi8, a>, %b: !kern.matrix<16xi8, b>, %s: !kern.matrix<16xf32, sum>) {
  // expected-error @+1 {{must have an a and a b of one element and depth, and i32 sums of i8 (matrix_multiply_add_c2)}}
  %0 = kern.matrix_multiply_add %a, %b, %s : !kern.matrix<16xi8, a>, !kern.matrix<16xi8, b>, !kern.matrix<16xf32, sum>
  return
}

// -----

func.func @multiply_edges(%a: !kern.matrix<8x16xi8, a>, %b: !kern.matrix<16xi8, b>, %s: !kern.matrix<16xi32, sum>) {
  // expected-error @+1 {{must have an a, a b and a sum of one edge (matrix_multiply_add_c2)}}
  %0 = kern.matrix_multiply_add %a, %b, %s : !kern.matrix<8x16xi8, a>, !kern.matrix<16xi8, b>, !kern.matrix<16xi32, sum>
  return
}

// -----

func.func @multiply_caps_of_bytes(%a: !kern.matrix<16xi8, a>, %b: !kern.matrix<16xi8, b>, %s: !kern.matrix<16xi32, sum>) {
  // expected-error @+1 {{needs a grid whose caps have matrices of edge 16 (matrix_multiply_add_c1)}}
  %0 = kern.matrix_multiply_add %a, %b, %s : !kern.matrix<16xi8, a>, !kern.matrix<16xi8, b>, !kern.matrix<16xi32, sum>
  return
}

// -----

kern.kernel @spread_caps() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16, matrix_bytes = 32>} {
  %t = kern.scratch {shared} : memref<32xf32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{needs a grid whose caps have matrices of edge 8 (matrix_spread_c1)}}
    %a = kern.matrix_spread %t[%c0] rows : memref<32xf32> -> !kern.matrix<8xf32, sum>
  }
  kern.return
}

// -----

kern.kernel @spread_private() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16, matrix_bytes = 32>} {
  %t = kern.scratch : memref<32xf32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{must make a sum of f32 out of shared scratch (matrix_spread_c2)}}
    %a = kern.matrix_spread %t[%c0] rows : memref<32xf32> -> !kern.matrix<16xf32, sum>
  }
  kern.return
}

// -----

kern.kernel @spread_integers() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16, matrix_bytes = 32>} {
  %t = kern.scratch {shared} : memref<32xf32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{must make a sum of f32 out of shared scratch (matrix_spread_c2)}}
    %a = kern.matrix_spread %t[%c0] rows : memref<32xf32> -> !kern.matrix<16xi32, sum>
  }
  kern.return
}

// -----

func.func @scaled_add_caps(%s: !kern.matrix<16xi32, sum>, %t: !kern.matrix<16xf32, sum>) {
  // expected-error @+1 {{needs a grid whose caps have matrices of edge 16 (matrix_scaled_add_c1)}}
  %0 = kern.matrix_scaled_add %s, %t, %t, %t : !kern.matrix<16xi32, sum>, !kern.matrix<16xf32, sum>
  return
}

// -----

func.func @scaled_add_sum(%t: !kern.matrix<16xf32, sum>) {
  // expected-error @+1 {{must have a sum of i32, and others of f32, of one edge (matrix_scaled_add_c2)}}
  %0 = kern.matrix_scaled_add %t, %t, %t, %t : !kern.matrix<16xf32, sum>, !kern.matrix<16xf32, sum>
  return
}

// -----

func.func @scaled_add_edges(%s: !kern.matrix<8xi32, sum>, %t: !kern.matrix<16xf32, sum>) {
  // expected-error @+1 {{must have a sum of i32, and others of f32, of one edge (matrix_scaled_add_c2)}}
  %0 = kern.matrix_scaled_add %s, %t, %t, %t : !kern.matrix<8xi32, sum>, !kern.matrix<16xf32, sum>
  return
}

// -----

func.func @scaled_add_use(%s: !kern.matrix<16xi32, sum>, %t: !kern.matrix<16xf16, a>) {
  // expected-error @+1 {{must have a sum of i32, and others of f32, of one edge (matrix_scaled_add_c2)}}
  %0 = kern.matrix_scaled_add %s, %t, %t, %t : !kern.matrix<16xi32, sum>, !kern.matrix<16xf16, a>
  return
}

// -----

kern.kernel @store_integers() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 128, matrix = 16, matrix_bytes = 32>} {
  %t = kern.scratch {shared} : memref<256xf32>
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0 : i32
    %s = kern.matrix_fill %zero : !kern.matrix<16xi32, sum>
    // expected-error @+1 {{must store a sum of f32 to shared scratch (matrix_store_c2)}}
    kern.matrix_store %s, %t[%c0] rows stride 16 : !kern.matrix<16xi32, sum>, memref<256xf32>
  }
  kern.return
}
