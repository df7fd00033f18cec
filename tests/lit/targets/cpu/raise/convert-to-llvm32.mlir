// RUN: sinter-opt --cpu-convert-to-llvm32 %s | FileCheck %s

// An index has 32 bits, in addresses and in the arithmetic on it.
// CHECK-LABEL: llvm.func @index
// CHECK: llvm.add %{{.*}} : i32
// CHECK: llvm.trunc %{{.*}} : i64 to i32
// CHECK: llvm.load %{{.*}} : !llvm.ptr -> vector<4xf32>
// CHECK-NOT: i64
func.func @index(%m: memref<16xf32>, %i: index, %n: i64) -> vector<4xf32> {
  %c4 = arith.constant 4 : index
  %j = arith.addi %i, %c4 : index
  %k = arith.index_cast %n : i64 to index
  %at = arith.addi %j, %k : index
  %0 = vector.load %m[%at] : memref<16xf32>, vector<4xf32>
  return %0 : vector<4xf32>
}
