// RUN: sinter-opt --grid-reduce-division %s | FileCheck %s

// CHECK-LABEL: func.func @index(
// CHECK-SAME: %[[X:.*]]: index
// CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
// CHECK-DAG: %[[C15:.*]] = arith.constant 15 : index
// CHECK: arith.shrui %[[X]], %[[C4]] : index
// CHECK: arith.andi %[[X]], %[[C15]] : index
func.func @index(%x: index) -> (index, index) {
  %c16 = arith.constant 16 : index
  %0 = arith.divui %x, %c16 : index
  %1 = arith.remui %x, %c16 : index
  return %0, %1 : index, index
}

// CHECK-LABEL: func.func @vector(
// CHECK-DAG: arith.constant dense<3> : vector<2xi32>
// CHECK-DAG: arith.constant dense<7> : vector<2xi32>
// CHECK: arith.shrui
// CHECK: arith.andi
func.func @vector(%x: vector<2xi32>) -> (vector<2xi32>, vector<2xi32>) {
  %c8 = arith.constant dense<8> : vector<2xi32>
  %0 = arith.divui %x, %c8 : vector<2xi32>
  %1 = arith.remui %x, %c8 : vector<2xi32>
  return %0, %1 : vector<2xi32>, vector<2xi32>
}

// Other divisors, and signed division, which rounds towards zero, stay.
// CHECK-LABEL: func.func @kept(
// CHECK: arith.divui
// CHECK: arith.remui
// CHECK: arith.divsi
func.func @kept(%x: i32, %y: i32) -> (i32, i32, i32) {
  %c16 = arith.constant 16 : i32
  %c12 = arith.constant 12 : i32
  %0 = arith.divui %x, %c12 : i32
  %1 = arith.remui %x, %y : i32
  %2 = arith.divsi %x, %c16 : i32
  return %0, %1, %2 : i32, i32, i32
}
