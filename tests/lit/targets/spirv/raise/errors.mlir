// RUN: sinter-opt %s --spirv-convert-kernels --verify-diagnostics --split-input-file

// expected-error @+1 {{is made for CPU workers, not for a grid}}
kern.kernel @cpu(%x: memref<?xf32>) attributes {caps = #kern.caps<simd_bits = 256, registers = 16, features = none>} {
  kern.for_items %i {
  }
  kern.return
}
