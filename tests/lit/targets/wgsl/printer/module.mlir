// RUN: sinter-opt --wgsl-legalize --wgsl-print -o /dev/null %s | FileCheck %s

// CHECK: enable f16;
// CHECK-NEXT: enable subgroups;
// CHECK-NEXT: diagnostic(off, subgroup_uniformity);
// CHECK-NEXT: struct Scalars { token_count: u32, position: u32, row: u32, padding: u32 }
// CHECK-NEXT: @group(1) @binding(0) var<uniform> scalars: Scalars;

#gpu = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16|subgroups, cheap_barriers = true, group = 64>

// The layers a kernel is for; its bindings; what its lanes share.
// CHECK: // layers.0.mlp
// CHECK-NEXT: // layers.1.mlp
// CHECK-NEXT: @group(0) @binding(0) var<storage, read> k0_w0: array<vec4<u32>>;
// CHECK-NEXT: @group(0) @binding(1) var<storage, read_write> k0_out_1: array<f32>;
// CHECK-NEXT: var<workgroup> k0_shared: array<f32, 64>;
// CHECK-NEXT: @compute @workgroup_size(64)
// CHECK-NEXT: fn sums(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32, @builtin(subgroup_invocation_id) subgroup_lane: u32, @builtin(subgroup_size) subgroup_size: u32) {
// CHECK-NEXT: var scratch: array<u32, 8>;
// CHECK: let item = workgroup.x * 4u;
// CHECK: let u = k0_w0[item + lane].x;
// CHECK: let f = subgroupAdd(f32(u));
// CHECK: if (subgroup_lane == 0u) {
// CHECK: k0_shared[lane / subgroup_size] = f;
// CHECK: workgroupBarrier();
// CHECK: let f2 = subgroupMax(f1);
// CHECK: k0_out_1[workgroup.y] = f2;
kern.kernel @sums(%w: memref<?xvector<4xi32>> {kern.readonly}, %y: memref<?xf32> {kern.name = "out 1"})
    attributes {caps = #gpu, items_per_group = 4} {
  %c0 = arith.constant 0 : index
  %shared = kern.scratch {shared} : memref<64xf32>
  %private = kern.scratch : memref<8xi32>
  kern.for_items %i {
    %lane = kern.lane
    %at = arith.addi %i, %lane : index
    %v = memref.load %w[%at] : memref<?xvector<4xi32>>
    %word = vector.extract %v[0] : i32 from vector<4xi32>
    memref.store %word, %private[%c0] : memref<8xi32>
    %x = arith.uitofp %word : i32 to f32
    %sum = kern.subgroup_reduce add %x : f32
    %of = kern.subgroup_lane
    %size = kern.subgroup_size
    %first = arith.cmpi eq, %of, %c0 : index
    scf.if %first {
      %group = arith.divui %lane, %size : index
      memref.store %sum, %shared[%group] : memref<64xf32>
    }
    kern.barrier
    %back = memref.load %shared[%lane] : memref<64xf32>
    %max = kern.subgroup_reduce max %back : f32
    %block = kern.block
    memref.store %max, %y[%block] : memref<?xf32>
  }
  kern.return
} loc(fused["layers.0.mlp", "layers.1.mlp"])

// Nothing that a kernel does not use is declared.
// CHECK: @compute @workgroup_size(64)
// CHECK-NEXT: fn little(@builtin(workgroup_id) workgroup: vec3<u32>) {
// CHECK-NEXT: k1_x0[0u] = 1.0f;
// CHECK-NEXT: }
kern.kernel @little(%y: memref<?xf32>) attributes {caps = #gpu} {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  kern.for_items %i {
    memref.store %one, %y[%c0] : memref<?xf32>
  }
  kern.return
}

// CHECK: fn infinite(
// CHECK: let u = 0xff800000u;
// CHECK-NEXT: let f = bitcast<f32>(u);
// CHECK-NEXT: k2_x0[0u] = f;
kern.kernel @infinite(%y: memref<?xf32>) attributes {caps = #gpu} {
  %c0 = arith.constant 0 : index
  %0 = arith.constant 0xFF800000 : f32
  kern.for_items %i {
    memref.store %0, %y[%c0] : memref<?xf32>
  }
  kern.return
}
