// RUN: sinter-opt %s --spirv-convert-kernels --canonicalize | FileCheck %s

// Bindings in the order of the arguments, in set 0; scalars in set 1; what is
// never stored to is NonWritable.
// CHECK-LABEL: spirv.module @copy Logical GLSL450 requires #spirv.vce<v1.5, [Shader], []>
// CHECK-SAME: sinter.bindings = 2 : i64, sinter.group = 64 : i64, sinter.items_per_group = 4 : i64, sinter.shared_bytes = 0 : i64, sinter.written = 2 : i64
// CHECK-DAG: spirv.GlobalVariable @binding0 bind(0, 0) {non_writable} : !spirv.ptr<!spirv.struct<(!spirv.rtarray<vector<4xf32>, stride=16> [0])>, StorageBuffer>
// CHECK-DAG: spirv.GlobalVariable @binding1 bind(0, 1) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<vector<4xf32>, stride=16> [0])>, StorageBuffer>
// CHECK-DAG: spirv.GlobalVariable @scalars bind(1, 0) : !spirv.ptr<!spirv.struct<(i32 [0], i32 [4], i32 [8])>, Uniform>
// CHECK-DAG: spirv.GlobalVariable @WorkgroupId built_in("WorkgroupId") : !spirv.ptr<vector<3xi32>, Input>
// CHECK: spirv.func @copy() "None"
// CHECK: spirv.EntryPoint "GLCompute" @copy, @binding0, @binding1
// CHECK: spirv.ExecutionMode @copy "LocalSize", 64, 1, 1
kern.kernel @copy(%x: memref<?xvector<4xf32>>, %y: memref<?xvector<4xf32>>) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>, items_per_group = 4 : i64} {
  kern.for_items %i {
    %position = kern.scalar position
    %block = kern.block
    %lane = kern.lane
    %a = arith.addi %i, %lane : index
    %b = arith.addi %a, %block : index
    %at = arith.addi %b, %position : index
    %v = memref.load %x[%at] : memref<?xvector<4xf32>>
    memref.store %v, %y[%at] : memref<?xvector<4xf32>>
  }
  kern.return
}

// Workgroup memory, subgroups, packed products: capabilities only where used;
// the lane is made from subgroups, so that they are neighbouring lanes.
// CHECK-LABEL: spirv.module @subgroups Logical GLSL450 requires #spirv.vce<v1.5, [Shader, GroupNonUniform, DotProduct, DotProductInput4x8BitPacked, GroupNonUniformArithmetic], [SPV_KHR_integer_dot_product]>
// CHECK-SAME: sinter.shared_bytes = 256 : i64
// CHECK-DAG: spirv.GlobalVariable @shared0 : !spirv.ptr<!spirv.array<64 x f32>, Workgroup>
// CHECK-NOT: LocalInvocationIndex
// CHECK: spirv.func @unpackHalf2x16(%{{.*}}: i32) -> vector<2xf32>
// CHECK: spirv.func @subgroups()
// CHECK: %[[ID:.*]] = spirv.mlir.addressof @SubgroupId
// CHECK: spirv.IMul
// CHECK: spirv.IAdd
// CHECK: spirv.FunctionCall @unpackHalf2x16
// CHECK: spirv.SDot %{{.*}}, %{{.*}}, <PackedVectorFormat4x8Bit> : i32 -> i32
// CHECK: spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory>
// CHECK: spirv.GroupNonUniformFMax "Subgroup" "Reduce"
kern.kernel @subgroups(%x: memref<?xi32> {kern.readonly}, %y: memref<?xf32>) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = subgroups|packed_dot, cheap_barriers = true, group = 64>} {
  %shared = kern.scratch {shared} : memref<64xf32>
  kern.for_items %i {
    %lane = kern.lane
    %word = memref.load %x[%lane] : memref<?xi32>
    %pair = kern.unpack_f16 %word : vector<2xf32>
    %low = vector.extract %pair[0] : f32 from vector<2xf32>
    %dot = kern.packed_dot %word, %word
    %number = arith.sitofp %dot : i32 to f32
    %sum = arith.addf %low, %number : f32
    memref.store %sum, %shared[%lane] : memref<64xf32>
    kern.barrier
    %back = memref.load %shared[%i] : memref<64xf32>
    %most = kern.subgroup_reduce max %back : f32
    memref.store %most, %y[%i] : memref<?xf32>
  }
  kern.return
}

// A loop that never runs gives its initial value. Without barriers the kernel is one for software: no loop is unrolled.
// CHECK-LABEL: spirv.module @loop
// CHECK: %[[ZERO:.*]] = spirv.Constant 0.000000e+00 : f32
// CHECK: %[[VARIABLE:.*]] = spirv.Variable : !spirv.ptr<f32, Function>
// CHECK: spirv.Store "Function" %[[VARIABLE]], %[[ZERO]] : f32
// CHECK: spirv.mlir.loop control(DontUnroll)
// CHECK: spirv.Store "Function" %[[VARIABLE]]
// CHECK: spirv.mlir.merge
// CHECK: spirv.Load "Function" %[[VARIABLE]] : f32
// CHECK-NOT: spirv.Load "Function"
kern.kernel @loop(%x: memref<?xf32>, %y: memref<?xf32>) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, group = 64>} {
  kern.for_items %i {
    %zero = arith.constant 0.0 : f32
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = kern.scalar token_count
    %sum = scf.for %k = %c0 to %n step %c1 iter_args(%acc = %zero) -> (f32) {
      %v = memref.load %x[%k] : memref<?xf32>
      %next = arith.addf %acc, %v : f32
      scf.yield %next : f32
    }
    memref.store %sum, %y[%i] : memref<?xf32>
  }
  kern.return
}

// Drivers of GPUs choose for themselves.
// CHECK-LABEL: spirv.module @gpu_loop
// CHECK: spirv.mlir.loop {
kern.kernel @gpu_loop(%x: memref<?xf32>, %y: memref<?xf32>) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = none, cheap_barriers = true, group = 64>} {
  kern.for_items %i {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    scf.for %k = %c0 to %c8 step %c1 {
      %v = memref.load %x[%k] : memref<?xf32>
      memref.store %v, %y[%k] : memref<?xf32>
    }
  }
  kern.return
}

// A word as a pair of f16: arithmetic on it needs the capability, memory has words only.
// CHECK-LABEL: spirv.module @halves Logical GLSL450 requires #spirv.vce<v1.5, [Shader, Float16], []>
// CHECK: %[[PAIR:.*]] = spirv.Bitcast %{{.*}} : i32 to vector<2xf16>
// CHECK: %[[SQUARE:.*]] = spirv.FMul %[[PAIR]], %[[PAIR]] : vector<2xf16>
// CHECK: spirv.FConvert %[[SQUARE]] : vector<2xf16> to vector<2xf32>
kern.kernel @halves(%x: memref<?xi32>, %y: memref<?xf32>) attributes {caps = #kern.caps<simd_bits = 32, registers = 64, features = shader_f16, cheap_barriers = true, group = 64>} {
  kern.for_items %i {
    %word = memref.load %x[%i] : memref<?xi32>
    %pair = kern.bitcast_f16 %word : vector<2xf16>
    %square = arith.mulf %pair, %pair : vector<2xf16>
    %wide = arith.extf %square : vector<2xf16> to vector<2xf32>
    %low = vector.extract %wide[0] : f32 from vector<2xf32>
    memref.store %low, %y[%i] : memref<?xf32>
  }
  kern.return
}
