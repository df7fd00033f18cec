// RUN: sinter-opt --cpu-lower-dot4=isa=avx512-vnni %s | FileCheck %s --check-prefix=VNNI
// RUN: sinter-opt --cpu-lower-dot4=isa=avx2 %s | FileCheck %s --check-prefix=AVX2
// RUN: sinter-opt --cpu-lower-dot4=isa=arm-dotprod %s | FileCheck %s --check-prefix=DOTPROD
// RUN: sinter-opt --cpu-lower-dot4=isa=arm-i8mm %s | FileCheck %s --check-prefix=I8MM
// RUN: sinter-opt --cpu-lower-dot4=isa=wasm-relaxed %s | FileCheck %s --check-prefix=RELAXED
// RUN: sinter-opt --cpu-lower-dot4=isa=wasm-simd128 %s | FileCheck %s --check-prefix=SIMD128
// RUN: sinter-opt --cpu-lower-dot4=isa=generic %s | FileCheck %s --check-prefix=GENERIC

// VNNI-LABEL: func.func @unsigned
// VNNI: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.128"
// VNNI-NOT: vpdpbusd
// DOTPROD-LABEL: func.func @unsigned
// DOTPROD-COUNT-3: llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"
// I8MM-LABEL: func.func @unsigned
// I8MM: llvm.call_intrinsic "llvm.aarch64.neon.usdot.v4i32.v16i8"
// AVX2-LABEL: func.func @unsigned
// AVX2-NOT: pmadd.ub.sw
// GENERIC-LABEL: func.func @unsigned
// GENERIC: arith.muli %{{.*}} : vector<16xi32>
func.func @unsigned(%acc: vector<4xi32>, %l: vector<16xi8>, %r: vector<16xi8>) -> vector<4xi32> {
  %0 = kern.dot4 %acc, %l, %r {lhs_unsigned} : vector<4xi32>, vector<16xi8>
  return %0 : vector<4xi32>
}

// Two products: of the shifted lhs, and of what the shift added.
// VNNI-LABEL: func.func @signed
// VNNI: arith.xori
// VNNI-COUNT-2: vpdpbusd.128
// VNNI: arith.subi
// AVX2-LABEL: func.func @signed
// AVX2: math.absi
// AVX2: "llvm.x86.ssse3.psign.b.128"
// AVX2: "llvm.x86.ssse3.pmadd.ub.sw.128"
// AVX2: "llvm.x86.sse2.pmadd.wd"
// DOTPROD-LABEL: func.func @signed
// DOTPROD: sdot
// DOTPROD-NOT: sdot
// DOTPROD: return
func.func @signed(%acc: vector<4xi32>, %l: vector<16xi8>, %r: vector<16xi8>) -> vector<4xi32> {
  %0 = kern.dot4 %acc, %l, %r {rhs_symmetric} : vector<4xi32>, vector<16xi8>
  return %0 : vector<4xi32>
}

// Sums of nibble products stay in 16 bits until the end of the chain.
// AVX2-LABEL: func.func @chain
// AVX2: "llvm.x86.avx2.pmadd.ub.sw"
// AVX2: "llvm.x86.avx2.pmadd.ub.sw"
// AVX2: arith.addi %{{.*}} : vector<16xi16>
// AVX2: "llvm.x86.avx2.pmadd.wd"
// AVX2: arith.addi %{{.*}} : vector<8xi32>
// AVX2-NOT: pmadd
// AVX2: return
func.func @chain(%acc: vector<8xi32>, %l: vector<32xi8>, %r: vector<32xi8>) -> vector<8xi32> {
  %0 = kern.dot4 %acc, %l, %r {lhs_small} : vector<8xi32>, vector<32xi8>
  %1 = kern.dot4 %0, %l, %r {lhs_small} : vector<8xi32>, vector<32xi8>
  return %1 : vector<8xi32>
}

// A sum that is used elsewhere ends the chain.
// AVX2-LABEL: func.func @shared
// AVX2-COUNT-2: "llvm.x86.avx2.pmadd.wd"
// AVX2: return
func.func @shared(%acc: vector<8xi32>, %l: vector<32xi8>, %r: vector<32xi8>) -> (vector<8xi32>, vector<8xi32>) {
  %0 = kern.dot4 %acc, %l, %r {lhs_small} : vector<8xi32>, vector<32xi8>
  %1 = kern.dot4 %0, %l, %r {lhs_small} : vector<8xi32>, vector<32xi8>
  return %0, %1 : vector<8xi32>, vector<8xi32>
}

// Nibbles are the second operand, which has seven bits.
// RELAXED-LABEL: func.func @nibbles(
// RELAXED-SAME: %[[ACC:.*]]: vector<4xi32>, %[[L:.*]]: vector<16xi8>, %[[R:.*]]: vector<16xi8>
// RELAXED: llvm.call_intrinsic "llvm.wasm.relaxed.dot.i8x16.i7x16.add.signed"(%[[R]], %[[L]], %[[ACC]])
// RELAXED-NOT: relaxed.dot
// RELAXED: return
// Even bytes, then odd bytes; those of the left side are unsigned.
// SIMD128-LABEL: func.func @nibbles(
// SIMD128: arith.andi
// SIMD128: arith.shli
// SIMD128: arith.shrsi
// SIMD128: "llvm.wasm.dot"
// SIMD128: arith.shrui
// SIMD128: arith.shrsi
// SIMD128: "llvm.wasm.dot"
// SIMD128-NOT: wasm.dot
// SIMD128: return
func.func @nibbles(%acc: vector<4xi32>, %l: vector<16xi8>, %r: vector<16xi8>) -> vector<4xi32> {
  %0 = kern.dot4 %acc, %l, %r {lhs_small} : vector<4xi32>, vector<16xi8>
  return %0 : vector<4xi32>
}

// Low seven bits and sign, each with a sum of its own until the end.
// RELAXED-LABEL: func.func @signed_chain
// RELAXED-COUNT-4: relaxed.dot
// RELAXED-NOT: relaxed.dot
// RELAXED: %[[SEVEN:.*]] = arith.constant dense<7>
// RELAXED: %[[HIGH:.*]] = arith.shli %{{.*}}, %[[SEVEN]]
// RELAXED: arith.subi %{{.*}}, %[[HIGH]]
// RELAXED: return
func.func @signed_chain(%acc: vector<4xi32>, %l: vector<16xi8>, %r: vector<16xi8>) -> vector<4xi32> {
  %0 = kern.dot4 %acc, %l, %r {rhs_symmetric} : vector<4xi32>, vector<16xi8>
  %1 = kern.dot4 %0, %l, %r {rhs_symmetric} : vector<4xi32>, vector<16xi8>
  return %1 : vector<4xi32>
}
