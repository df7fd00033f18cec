// RUN: sinter-opt --grid-expand-math %s | FileCheck %s

// CHECK-LABEL: func.func @erf
// CHECK-NOT: math.erf
// CHECK: return
func.func @erf(%x: f32) -> f32 {
  %0 = math.erf %x : f32
  return %0 : f32
}

// An exponential of a number that is not positive: nothing overflows.
// CHECK-LABEL: func.func @tanh
// CHECK-NOT: math.tanh
// CHECK: math.exp
// CHECK: arith.divf
func.func @tanh(%x: vector<4xf32>) -> vector<4xf32> {
  %0 = math.tanh %x : vector<4xf32>
  return %0 : vector<4xf32>
}

// CHECK-LABEL: func.func @divisions
// CHECK-NOT: ceildiv
// CHECK-NOT: floordiv
// CHECK: return
func.func @divisions(%a: index, %b: i32) -> (index, i32, i32) {
  %c16 = arith.constant 16 : index
  %c3 = arith.constant 3 : i32
  %0 = arith.ceildivui %a, %c16 : index
  %1 = arith.ceildivsi %b, %c3 : i32
  %2 = arith.floordivsi %b, %c3 : i32
  return %0, %1, %2 : index, i32, i32
}

// What shaders have stays.
// CHECK-LABEL: func.func @kept
// CHECK: math.exp
// CHECK: math.fma
// CHECK: math.roundeven
func.func @kept(%x: f32) -> f32 {
  %0 = math.exp %x : f32
  %1 = math.fma %0, %x, %x : f32
  %2 = math.roundeven %1 : f32
  return %2 : f32
}
