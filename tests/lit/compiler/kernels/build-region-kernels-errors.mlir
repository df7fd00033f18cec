// RUN: not sinter-opt %s --xf-build-region-kernels="features=fma|telepathy" 2>&1 | FileCheck %s --check-prefix=FEATURE
// RUN: not sinter-opt %s --xf-build-region-kernels="simd-bits=96" 2>&1 | FileCheck %s --check-prefix=BITS

// FEATURE: unknown feature in 'fma|telepathy'
// BITS: simd_bits must be a power of two from 32 to 2048, got 96
