// REQUIRES: spirv-tools
// The calls become instructions and the functions go, with an import of their
// own or the one that is there.
// RUN: rm -rf %t && mkdir -p %t
// RUN: sinter-opt %s --spirv-legalize --spirv-write=folder=%t > /dev/null
// RUN: spirv-val --target-env vulkan1.2 %t/round_trip.spv
// RUN: spirv-val --target-env vulkan1.2 %t/with_exp.spv
// RUN: spirv-dis %t/round_trip.spv | FileCheck %s
// RUN: spirv-dis %t/with_exp.spv | FileCheck %s

// CHECK: %[[SET:[0-9a-z_]+]] = OpExtInstImport "GLSL.std.450"
// CHECK-NOT: OpExtInstImport
// CHECK-NOT: Half2x16"
// CHECK: OpExtInst %v2float %[[SET]] UnpackHalf2x16
// CHECK: OpExtInst %uint %[[SET]] PackHalf2x16
// CHECK-NOT: OpFunctionCall
kern.kernel @round_trip(%x: memref<?xi32>, %y: memref<?xi32>) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>} {
  kern.for_items %i {
    %word = memref.load %x[%i] : memref<?xi32>
    %pair = kern.unpack_f16 %word : vector<2xf32>
    %again = kern.pack_f16 %pair : vector<2xf32>
    memref.store %again, %y[%i] : memref<?xi32>
  }
  kern.return
}

kern.kernel @with_exp(%x: memref<?xi32>, %y: memref<?xi32>) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>} {
  kern.for_items %i {
    %word = memref.load %x[%i] : memref<?xi32>
    %pair = kern.unpack_f16 %word : vector<2xf32>
    %powers = math.exp %pair : vector<2xf32>
    %again = kern.pack_f16 %powers : vector<2xf32>
    memref.store %again, %y[%i] : memref<?xi32>
  }
  kern.return
}
