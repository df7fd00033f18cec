// RUN: sinter-opt --wgsl-assign-signs --wgsl-print -o /dev/null %s | FileCheck %s

#caps = #kern.caps<simd_bits = 32, registers = 64, features = packed_dot, group = 64>

// Parentheses where WGSL wants them, and no others.
// CHECK-LABEL: fn arithmetic(
// CHECK: k0_y[0u] = (f + f1) * f - f / f1;
// CHECK: k0_y[1u] = f - (f1 - 0.5f);
// CHECK: k0_y[2u] = f - f1 - 0.5f;
// CHECK: k0_y[3u] = -(f + f1);
// CHECK: k0_y[4u] = max(abs(f), 1e-05f) % f1;
// CHECK: k0_y[5u] = fma(f, f1, -0.25f);
// CHECK: k0_y[6u] = select(f1, f, f < f1);
// CHECK: k0_y[7u] = inverseSqrt(round(exp(f)));
kern.kernel @arithmetic(%y: memref<?xf32> {kern.name = "y"}) attributes {caps = #caps} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c7 = arith.constant 7 : index
  %half = arith.constant 0.5 : f32
  %quarter = arith.constant -0.25 : f32
  %small = arith.constant 1.0e-5 : f32
  kern.for_items %i {
    %a = memref.load %y[%c0] : memref<?xf32>
    %b = memref.load %y[%c1] : memref<?xf32>
    %0 = arith.addf %a, %b : f32
    %1 = arith.mulf %0, %a : f32
    %2 = arith.divf %a, %b : f32
    %3 = arith.subf %1, %2 : f32
    memref.store %3, %y[%c0] : memref<?xf32>
    %4 = arith.subf %b, %half : f32
    %5 = arith.subf %a, %4 : f32
    memref.store %5, %y[%c1] : memref<?xf32>
    %6 = arith.subf %a, %b : f32
    %7 = arith.subf %6, %half : f32
    memref.store %7, %y[%c2] : memref<?xf32>
    %8 = arith.addf %a, %b : f32
    %9 = arith.negf %8 : f32
    memref.store %9, %y[%c3] : memref<?xf32>
    %10 = math.absf %a : f32
    %11 = arith.maximumf %10, %small : f32
    %12 = arith.remf %11, %b : f32
    memref.store %12, %y[%c4] : memref<?xf32>
    %13 = math.fma %a, %b, %quarter : f32
    memref.store %13, %y[%c5] : memref<?xf32>
    %14 = arith.cmpf olt, %a, %b : f32
    %15 = arith.select %14, %a, %b : f32
    memref.store %15, %y[%c6] : memref<?xf32>
    %16 = math.exp %a : f32
    %17 = math.roundeven %16 : f32
    %18 = math.rsqrt %17 : f32
    memref.store %18, %y[%c7] : memref<?xf32>
  }
  kern.return
}

// Shifts, bits and comparisons are never mixed without parentheses; i32 only
// where an op needs it.
// CHECK-LABEL: fn integers(
// CHECK: k1_y[0u] = ((u >> 4u) & 15u) | 0xf0f0f0fu;
// CHECK: k1_y[1u] = bitcast<u32>(bitcast<i32>(u << 24u) >> 24u);
// CHECK: k1_y[2u] = bitcast<u32>(dot4I8Packed(u, u) + -8i);
// CHECK: k1_y[3u] = select(0u, u / 3u, bitcast<i32>(u) < -1i);
// CHECK: k1_y[4u] = bitcast<u32>(f32(bitcast<i32>(u)) * f32(u));
// CHECK: k1_y[5u] = select(1u, 0xffffffffu, !((u != 7u) & (u < 9u)));
// CHECK: k1_y[6u] = u32(u == 5u) + u32(u % 8u < 3u);
// CHECK: k1_y[7u] = u32(2.5f);
kern.kernel @integers(%y: memref<?xi32> {kern.name = "y"}) attributes {caps = #caps} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c7 = arith.constant 7 : index
  %true = arith.constant true
  %i0 = arith.constant 0 : i32
  %i1 = arith.constant 1 : i32
  %i3 = arith.constant 3 : i32
  %i4 = arith.constant 4 : i32
  %i5 = arith.constant 5 : i32
  %i7 = arith.constant 7 : i32
  %i8 = arith.constant 8 : i32
  %i9 = arith.constant 9 : i32
  %i15 = arith.constant 15 : i32
  %i24 = arith.constant 24 : i32
  %nibbles = arith.constant 0x0f0f0f0f : i32
  %minus8 = arith.constant -8 : i32
  %minus1 = arith.constant -1 : i32
  %f = arith.constant 2.5 : f32
  kern.for_items %i {
    %a = memref.load %y[%c0] : memref<?xi32>
    %0 = arith.shrui %a, %i4 : i32
    %1 = arith.andi %0, %i15 : i32
    %2 = arith.ori %1, %nibbles : i32
    memref.store %2, %y[%c0] : memref<?xi32>
    %3 = arith.shli %a, %i24 : i32
    %4 = arith.shrsi %3, %i24 : i32
    memref.store %4, %y[%c1] : memref<?xi32>
    %5 = kern.packed_dot %a, %a
    %6 = arith.addi %5, %minus8 : i32
    memref.store %6, %y[%c2] : memref<?xi32>
    %7 = arith.cmpi slt, %a, %minus1 : i32
    %8 = arith.divui %a, %i3 : i32
    %9 = arith.select %7, %8, %i0 : i32
    memref.store %9, %y[%c3] : memref<?xi32>
    %10 = arith.sitofp %a : i32 to f32
    %11 = arith.uitofp %a : i32 to f32
    %12 = arith.mulf %10, %11 : f32
    %13 = arith.bitcast %12 : f32 to i32
    memref.store %13, %y[%c4] : memref<?xi32>
    %14 = arith.cmpi ne, %a, %i7 : i32
    %15 = arith.cmpi ult, %a, %i9 : i32
    %16 = arith.andi %14, %15 : i1
    %17 = arith.xori %16, %true : i1
    %18 = arith.select %17, %minus1, %i1 : i32
    memref.store %18, %y[%c5] : memref<?xi32>
    %19 = arith.cmpi eq, %a, %i5 : i32
    %20 = arith.extui %19 : i1 to i32
    %21 = arith.remui %a, %i8 : i32
    %22 = arith.cmpi ult, %21, %i3 : i32
    %23 = arith.extui %22 : i1 to i32
    %24 = arith.addi %20, %23 : i32
    memref.store %24, %y[%c6] : memref<?xi32>
    %25 = arith.fptoui %f : f32 to i32
    memref.store %25, %y[%c7] : memref<?xi32>
  }
  kern.return
}

// CHECK-LABEL: fn vectors(
// CHECK: let vu = k2_w[0u];
// CHECK: let vf = vec4<f32>(vu & vec4<u32>(15u)) * vec4<f32>(0.5f);
// CHECK: k2_y[0u] = vf.x + vf.w;
// CHECK: let vf1 = unpack2x16float(vu.y);
// CHECK: k2_y[1u] = vf1.x;
// CHECK: k2_y[2u] = vf1[vu.z];
// CHECK: k2_w[0u] = vec4<u32>(pack2x16float(vf1), vu.y, 7u, vu.x);
// CHECK: k2_w[1u] = select(vu, vec4<u32>(1u, 2u, 3u, 4u), vu < vec4<u32>(9u));
kern.kernel @vectors(%w: memref<?xvector<4xi32>> {kern.name = "w"}, %y: memref<?xf32> {kern.name = "y"}) attributes {caps = #caps} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %i7 = arith.constant 7 : i32
  %mask = arith.constant dense<15> : vector<4xi32>
  %nine = arith.constant dense<9> : vector<4xi32>
  %each = arith.constant dense<[1, 2, 3, 4]> : vector<4xi32>
  %half = arith.constant 0.5 : f32
  kern.for_items %i {
    %a = memref.load %w[%c0] : memref<?xvector<4xi32>>
    %0 = arith.andi %a, %mask : vector<4xi32>
    %1 = arith.uitofp %0 : vector<4xi32> to vector<4xf32>
    %2 = vector.broadcast %half : f32 to vector<4xf32>
    %3 = arith.mulf %1, %2 : vector<4xf32>
    %4 = vector.extract %3[0] : f32 from vector<4xf32>
    %5 = vector.extract %3[3] : f32 from vector<4xf32>
    %6 = arith.addf %4, %5 : f32
    memref.store %6, %y[%c0] : memref<?xf32>
    %7 = vector.extract %a[1] : i32 from vector<4xi32>
    %8 = kern.unpack_f16 %7 : vector<2xf32>
    %9 = vector.extract %8[0] : f32 from vector<2xf32>
    memref.store %9, %y[%c1] : memref<?xf32>
    %10 = vector.extract %a[2] : i32 from vector<4xi32>
    %11 = arith.index_cast %10 : i32 to index
    %12 = vector.extract %8[%11] : f32 from vector<2xf32>
    memref.store %12, %y[%c2] : memref<?xf32>
    %13 = kern.pack_f16 %8 : vector<2xf32>
    %14 = vector.extract %a[0] : i32 from vector<4xi32>
    %15 = vector.from_elements %13, %7, %i7, %14 : vector<4xi32>
    memref.store %15, %w[%c0] : memref<?xvector<4xi32>>
    %16 = arith.cmpi ult, %a, %nine : vector<4xi32>
    %17 = arith.select %16, %each, %a : vector<4xi1>, vector<4xi32>
    memref.store %17, %w[%c1] : memref<?xvector<4xi32>>
  }
  kern.return
}

// The shortest decimal that is read as the same number.
// CHECK-LABEL: fn literals(
// CHECK: k3_y[0u] = 0.1f;
// CHECK: k3_y[1u] = -3.402823466e+38f;
// CHECK: k3_y[2u] = 16777216.0f;
// CHECK: k3_y[3u] = 1.1754944e-38f;
// CHECK: k3_y[4u] = -0.0f;
kern.kernel @literals(%y: memref<?xf32> {kern.name = "y"}) attributes {caps = #caps} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %tenth = arith.constant 0.1 : f32
  %least = arith.constant -3.40282347E+38 : f32
  %whole = arith.constant 16777216.0 : f32
  %small = arith.constant 1.17549435E-38 : f32
  %zero = arith.constant -0.0 : f32
  kern.for_items %i {
    memref.store %tenth, %y[%c0] : memref<?xf32>
    memref.store %least, %y[%c1] : memref<?xf32>
    memref.store %whole, %y[%c2] : memref<?xf32>
    memref.store %small, %y[%c3] : memref<?xf32>
    memref.store %zero, %y[%c4] : memref<?xf32>
  }
  kern.return
}

// Arithmetic on the pair of f16 in a word.
// CHECK-LABEL: fn halves(
// CHECK: let vf = bitcast<vec2<f16>>((k4_w[0u] & 0xf000fu) | 0x64006400u) - vec2<f16>(1032.0h);
// CHECK: let vf1 = vec2<f32>(vf * vf);
kern.kernel @halves(%w: memref<?xi32> {kern.readonly, kern.name = "w"}, %y: memref<?xf32> {kern.name = "y"}) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16, group = 64>} {
  %c0 = arith.constant 0 : index
  %mask = arith.constant 0x000f000f : i32
  %power = arith.constant 0x64006400 : i32
  %offset = arith.constant dense<1032.0> : vector<2xf16>
  kern.for_items %i {
    %word = memref.load %w[%c0] : memref<?xi32>
    %0 = arith.andi %word, %mask : i32
    %1 = arith.ori %0, %power : i32
    %2 = kern.bitcast_f16 %1 : vector<2xf16>
    %3 = arith.subf %2, %offset : vector<2xf16>
    %4 = arith.mulf %3, %3 : vector<2xf16>
    %5 = arith.extf %4 : vector<2xf16> to vector<2xf32>
    %6 = vector.extract %5[0] : f32 from vector<2xf32>
    %7 = vector.extract %5[1] : f32 from vector<2xf32>
    %8 = arith.addf %6, %7 : f32
    memref.store %8, %y[%c0] : memref<?xf32>
  }
  kern.return
}
