// RUN: sinter-opt --wgsl-assign-signs %s | FileCheck %s

// CHECK-LABEL: func.func @natural
// CHECK: arith.shrsi %{{.*}}, %{{.*}} {kern.signed}
// CHECK: arith.shrui %{{.*}}, %{{.*}} : i32
// CHECK: arith.fptosi %{{.*}} {kern.signed}
// CHECK: arith.maxsi %{{.*}}, %{{.*}} {kern.signed}
// CHECK: arith.fptoui %{{.*}} : f32 to i32
func.func @natural(%x: i32, %f: f32) -> (i32, i32, i32, i32, i32) {
  %0 = arith.shrsi %x, %x : i32
  %1 = arith.shrui %x, %x : i32
  %2 = arith.fptosi %f : f32 to i32
  %3 = arith.maxsi %x, %x : i32
  %4 = arith.fptoui %f : f32 to i32
  return %0, %1, %2, %3, %4 : i32, i32, i32, i32, i32
}

// Signed operands and constants give a signed number; one unsigned operand
// makes it unsigned.
// CHECK-LABEL: func.func @followers
// CHECK: %[[S:.*]] = arith.fptosi
// CHECK: %[[A:.*]] = arith.addi %[[S]], %{{.*}} {kern.signed}
// CHECK: vector.broadcast %[[A]] {kern.signed}
// CHECK: arith.muli %[[A]], %{{.*}} : i32
// CHECK: arith.shli %[[A]], %{{.*}} {kern.signed}
func.func @followers(%x: i32, %f: f32) -> (vector<2xi32>, i32, i32) {
  %c1 = arith.constant 1 : i32
  %0 = arith.fptosi %f : f32 to i32
  %1 = arith.addi %0, %c1 : i32
  %2 = vector.broadcast %1 : i32 to vector<2xi32>
  %3 = arith.muli %1, %x : i32
  %4 = arith.shli %1, %x : i32
  return %2, %3, %4 : vector<2xi32>, i32, i32
}

// What a loop carries is unsigned.
// CHECK-LABEL: func.func @loop
// CHECK: scf.for
// CHECK: arith.addi %{{.*}}, %{{.*}} : i32
func.func @loop(%n: index, %f: f32) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i32
  %0 = scf.for %k = %c0 to %n step %c1 iter_args(%a = %zero) -> i32 {
    %1 = arith.fptosi %f : f32 to i32
    %2 = arith.addi %a, %1 : i32
    scf.yield %2 : i32
  }
  return %0 : i32
}
