// RUN: sinter-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{arguments must be rank-1 memrefs of numbers and there are no results (kernel_c1)}}
kern.kernel @rank(%x: memref<?x4xf32>) attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  kern.for_items %i {
  }
  kern.return
}

// -----

// expected-error @+1 {{arguments must be rank-1 memrefs of numbers and there are no results (kernel_c1)}}
kern.kernel @strided(%x: memref<?xf32, strided<[2]>>) attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  kern.for_items %i {
  }
  kern.return
}

// -----

// expected-error @+1 {{arguments must be rank-1 memrefs of numbers and there are no results (kernel_c1)}}
kern.kernel @pointers(%x: memref<?xmemref<?xf32>>) attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  kern.for_items %i {
  }
  kern.return
}

// -----

// expected-error @+1 {{arguments must be rank-1 memrefs of numbers and there are no results (kernel_c1)}}
kern.kernel @results() -> i32 attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  kern.for_items %i {
  }
  kern.return
}

// -----

// expected-error @+1 {{must have a body (kernel_c2)}}
kern.kernel @declaration() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>}

// -----

// expected-error @+1 {{must be one block with at most one kern.once and exactly one kern.for_items (kernel_c2)}}
kern.kernel @no_items() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  kern.return
}

// -----

kern.kernel @order() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  kern.for_items %i {
  }
  // expected-error @+1 {{must come before kern.for_items (kernel_c2)}}
  kern.once {
  }
  kern.return
}

// -----

// expected-error @+1 {{must be one block with at most one kern.once and exactly one kern.for_items (kernel_c2)}}
kern.kernel @twice() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  kern.once {
  }
  kern.once {
  }
  kern.for_items %i {
  }
  kern.return
}

// -----

// expected-error @+1 {{must be one block with at most one kern.once and exactly one kern.for_items (kernel_c2)}}
"kern.kernel"() ({
^bb0:
}) {sym_name = "empty", function_type = () -> (), caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} : () -> ()

// -----

// expected-error @+1 {{must end in kern.return (kernel_c3)}}
kern.kernel @end() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  kern.for_items %i {
  }
}

// -----

kern.kernel @argument() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  // expected-error @+1 {{must have one argument of type index (for_items_c1)}}
  "kern.for_items"() ({
  ^bb0:
  }) : () -> ()
  kern.return
}

// -----

kern.kernel @argument_type() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  // expected-error @+1 {{must have one argument of type index (for_items_c1)}}
  "kern.for_items"() ({
  ^bb0(%i: i32):
  }) : () -> ()
  kern.return
}

// -----

kern.kernel @once_argument() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  // expected-error @+1 {{region should have no arguments}}
  "kern.once"() ({
  ^bb0(%i: index):
  }) : () -> ()
  kern.for_items %i {
  }
  kern.return
}

// -----

// expected-error @+1 {{expects parent op 'kern.kernel'}}
kern.for_items %i {
}

// -----

kern.kernel @dynamic_scratch() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  // expected-error @+1 {{must give a static memref of numbers (scratch_c1)}}
  %0 = kern.scratch : memref<?xf32>
  kern.for_items %i {
  }
  kern.return
}

// -----

kern.kernel @huge_scratch() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  // expected-error @+1 {{must have from 1 byte to 1 GiB (scratch_c1)}}
  %0 = kern.scratch : memref<4611686018427387904xf32>
  kern.for_items %i {
  }
  kern.return
}

// -----

kern.kernel @empty_scratch() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  // expected-error @+1 {{must have from 1 byte to 1 GiB (scratch_c1)}}
  %0 = kern.scratch : memref<0xf32>
  kern.for_items %i {
  }
  kern.return
}

// -----

kern.kernel @scratch_inside() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  kern.for_items %i {
    // expected-error @+1 {{must stand directly in the kernel (scratch_c2)}}
    %0 = kern.scratch : memref<16xf32>
  }
  kern.return
}

// -----

func.func @sizes(%acc: vector<8xi32>, %x: vector<16xi8>) {
  // expected-error @+1 {{lhs and rhs must have four times the elements of acc (dot4_c1)}}
  %0 = kern.dot4 %acc, %x, %x : vector<8xi32>, vector<16xi8>
  return
}

// -----

// expected-error @+1 {{simd_bits must be a power of two from 32 to 2048, got 100}}
func.func private @simd() attributes {a = #kern.caps<simd_bits = 100, registers = 16, features = none>}

// -----

// expected-error @+1 {{registers must be positive, got 0}}
func.func private @registers() attributes {a = #kern.caps<simd_bits = 128, registers = 0, features = none>}
