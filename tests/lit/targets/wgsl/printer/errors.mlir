// RUN: sinter-opt --split-input-file --verify-diagnostics --wgsl-print -o /dev/null %s

#cpu = #kern.caps<simd_bits = 512, registers = 32, features = fma>
// expected-error @+1 {{is for CPU workers, not for a grid}}
kern.kernel @workers() attributes {caps = #cpu} {
  kern.for_items %i {
  }
  kern.return
}

// -----

#caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>
kern.kernel @op(%y: memref<?xf32>) attributes {caps = #caps} {
  kern.for_items %i {
    %0 = memref.load %y[%i] : memref<?xf32>
    // expected-error @+1 {{has no WGSL spelling}}
    %1 = math.erf %0 : f32
    memref.store %1, %y[%i] : memref<?xf32>
  }
  kern.return
}

// -----

#caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>
kern.kernel @type(%y: memref<?xi32>) attributes {caps = #caps} {
  kern.for_items %i {
    %0 = memref.load %y[%i] : memref<?xi32>
    // expected-error @+1 {{has no WGSL spelling}}
    %1 = arith.extui %0 : i32 to i64
    %2 = arith.trunci %1 : i64 to i32
    memref.store %2, %y[%i] : memref<?xi32>
  }
  kern.return
}

// -----

#caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>
kern.kernel @wide(%y: memref<?xf32>) attributes {caps = #caps} {
  kern.for_items %i {
    %0 = memref.load %y[%i] : memref<?xf32>
    // expected-error @+1 {{has no WGSL spelling}}
    %1 = vector.broadcast %0 : f32 to vector<8xf32>
  }
  kern.return
}

// -----

#caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>
kern.kernel @counter(%y: memref<?xi32>) attributes {caps = #caps} {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c9 = arith.constant 9 : i32
  kern.for_items %i {
    // expected-error @+1 {{counts in another type than index}}
    scf.for %k = %c0 to %c9 step %c1 : i32 {
      memref.store %k, %y[%i] : memref<?xi32>
    }
  }
  kern.return
}

// -----

#caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>
kern.kernel @copy(%y: memref<?xf32>, %x: memref<?xf32>) attributes {caps = #caps} {
  kern.for_items %i {
    // expected-error @+1 {{has no WGSL spelling}}
    memref.copy %x, %y : memref<?xf32> to memref<?xf32>
  }
  kern.return
}
