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

// -----

// expected-error @+1 {{arguments must be rank-1 memrefs of numbers and there are no results (kernel_c1)}}
kern.kernel @vector_without_lanes(%x: memref<?xvector<4xf32>>) attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  kern.for_items %i {
  }
  kern.return
}

// -----

// expected-error @+1 {{arguments must be rank-1 memrefs of numbers and there are no results (kernel_c1)}}
kern.kernel @vector_of_three(%x: memref<?xvector<3xf32>>) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>} {
  kern.for_items %i {
  }
  kern.return
}

// -----

// expected-error @+1 {{arguments must be rank-1 memrefs of numbers and there are no results (kernel_c1)}}
kern.kernel @bytes_on_a_grid(%x: memref<?xi8>) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>} {
  kern.for_items %i {
  }
  kern.return
}

// -----

// expected-error @+1 {{items_per_group must be at least 1, and 1 where there are no workgroups (kernel_c4)}}
kern.kernel @no_items_per_group() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>, items_per_group = 0} {
  kern.for_items %i {
  }
  kern.return
}

// -----

// expected-error @+1 {{items_per_group must be at least 1, and 1 where there are no workgroups (kernel_c4)}}
kern.kernel @items_of_no_group() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>, items_per_group = 2} {
  kern.for_items %i {
  }
  kern.return
}

// -----

// expected-error @+1 {{argument 0 has the attribute "kern.writeonly", expected the unit kern.readonly or the string kern.name (kernel_c5)}}
kern.kernel @unknown_attribute(%x: memref<?xf32> {kern.writeonly}) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>} {
  kern.for_items %i {
  }
  kern.return
}

// -----

// expected-error @+1 {{argument 0 has the attribute "kern.readonly", expected the unit kern.readonly or the string kern.name (kernel_c5)}}
kern.kernel @readonly_value(%x: memref<?xf32> {kern.readonly = true}) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>} {
  kern.for_items %i {
  }
  kern.return
}

// -----

kern.kernel @written(%x: memref<?xf32> {kern.readonly}) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>} {
  %0 = arith.constant 0.0 : f32
  kern.for_items %i {
    // expected-error @+1 {{writes a readonly argument (kernel_c5)}}
    memref.store %0, %x[%i] : memref<?xf32>
  }
  kern.return
}

// -----

kern.kernel @bytes_in_scratch() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>} {
  // expected-error @+1 {{must give a static memref of numbers (scratch_c1)}}
  %0 = kern.scratch : memref<16xi8>
  kern.for_items %i {
  }
  kern.return
}

// -----

kern.kernel @shared_alone() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>} {
  // expected-error @+1 {{must not be shared without workgroups that may meet (scratch_c3)}}
  %0 = kern.scratch {shared} : memref<16xf32>
  kern.for_items %i {
  }
  kern.return
}

// -----

kern.kernel @shared_workers() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  // expected-error @+1 {{must not be shared without workgroups that may meet (scratch_c3)}}
  %0 = kern.scratch {shared} : memref<16xf32>
  kern.for_items %i {
  }
  kern.return
}

// -----

kern.kernel @lane() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  kern.for_items %i {
    // expected-error @+1 {{needs a grid (lane_c1)}}
    %0 = kern.lane
  }
  kern.return
}

// -----

kern.kernel @block() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  kern.for_items %i {
    // expected-error @+1 {{needs a grid (block_c1)}}
    %0 = kern.block
  }
  kern.return
}

// -----

kern.kernel @barrier() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>} {
  kern.for_items %i {
    // expected-error @+1 {{needs a grid with cheap barriers (barrier_c1)}}
    kern.barrier
  }
  kern.return
}

// -----

kern.kernel @barrier_of_workers() attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = fma|dot_u8s8>} {
  kern.for_items %i {
    // expected-error @+1 {{needs a grid with cheap barriers (barrier_c1)}}
    kern.barrier
  }
  kern.return
}

// -----

kern.kernel @reduce() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, cheap_barriers = true, group = 64>} {
  kern.for_items %i {
    %0 = arith.constant 0.0 : f32
    // expected-error @+1 {{needs a grid with subgroups and cheap barriers (subgroup_reduce_c1)}}
    %1 = kern.subgroup_reduce add %0 : f32
  }
  kern.return
}

// -----

kern.kernel @subgroup_lane() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, cheap_barriers = true, group = 64>} {
  kern.for_items %i {
    // expected-error @+1 {{needs a grid with subgroups and cheap barriers (subgroup_lane_c1)}}
    %0 = kern.subgroup_lane
  }
  kern.return
}

// -----

kern.kernel @subgroup_size() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = subgroups, group = 64>} {
  kern.for_items %i {
    // expected-error @+1 {{needs a grid with subgroups and cheap barriers (subgroup_size_c1)}}
    %0 = kern.subgroup_size
  }
  kern.return
}

// -----

kern.kernel @bitcast_f16() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = packed_dot, cheap_barriers = true, group = 64>} {
  kern.for_items %i {
    %0 = arith.constant 0 : i32
    // expected-error @+1 {{needs a grid with shader_f16 (bitcast_f16_c1)}}
    %1 = kern.bitcast_f16 %0 : vector<2xf16>
  }
  kern.return
}

// -----

kern.kernel @packed_dot() attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, cheap_barriers = true, group = 64>} {
  kern.for_items %i {
    %0 = arith.constant 0 : i32
    // expected-error @+1 {{needs a grid with packed_dot (packed_dot_c1)}}
    %1 = kern.packed_dot %0, %0
  }
  kern.return
}

// -----

// expected-error @+1 {{group must be from 0 to 1024, got 2048}}
func.func private @group() attributes {a = #kern.caps<simd_bits = 32, registers = 16, features = none, group = 2048>}

// -----

// expected-error @+1 {{simd_bits must be 32 on a grid, got 128}}
func.func private @wide_lanes() attributes {a = #kern.caps<simd_bits = 128, registers = 16, features = none, group = 64>}
