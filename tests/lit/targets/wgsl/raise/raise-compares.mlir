// RUN: sinter-opt --wgsl-raise-compares %s | FileCheck %s

// CHECK-LABEL: func.func @is_nan(
// CHECK-SAME: %[[X:.*]]: f32
// CHECK-DAG: %[[MASK:.*]] = arith.constant 2147483647 : i32
// CHECK-DAG: %[[INF:.*]] = arith.constant 2139095040 : i32
// CHECK: %[[BITS:.*]] = arith.bitcast %[[X]] : f32 to i32
// CHECK: %[[ABS:.*]] = arith.andi %[[BITS]], %[[MASK]]
// CHECK: arith.cmpi ugt, %[[ABS]], %[[INF]]
func.func @is_nan(%x: f32) -> i1 {
  %0 = arith.cmpf uno, %x, %x : f32
  return %0 : i1
}

// CHECK-LABEL: func.func @ordered
// CHECK-COUNT-2: arith.cmpi ugt
// CHECK: arith.ori
// CHECK: arith.xori
// CHECK-NOT: cmpf
func.func @ordered(%x: vector<2xf32>, %y: vector<2xf32>) -> vector<2xi1> {
  %0 = arith.cmpf ord, %x, %y : vector<2xf32>
  return %0 : vector<2xi1>
}

// CHECK-LABEL: func.func @not_less
// CHECK: %[[LESS:.*]] = arith.cmpf olt
// CHECK: arith.xori %[[LESS]]
func.func @not_less(%x: f32, %y: f32) -> i1 {
  %0 = arith.cmpf uge, %x, %y : f32
  return %0 : i1
}

// CHECK-LABEL: func.func @less_or_greater
// CHECK: %[[LESS:.*]] = arith.cmpf olt
// CHECK: %[[MORE:.*]] = arith.cmpf ogt
// CHECK: arith.ori %[[LESS]], %[[MORE]]
func.func @less_or_greater(%x: f32, %y: f32) -> i1 {
  %0 = arith.cmpf one, %x, %y : f32
  return %0 : i1
}

// CHECK-LABEL: func.func @kept
// CHECK: arith.cmpf oeq
// CHECK-NEXT: arith.cmpf une
// CHECK-NEXT: return
func.func @kept(%x: f32, %y: f32) -> (i1, i1) {
  %0 = arith.cmpf oeq, %x, %y : f32
  %1 = arith.cmpf une, %x, %y : f32
  return %0, %1 : i1, i1
}
