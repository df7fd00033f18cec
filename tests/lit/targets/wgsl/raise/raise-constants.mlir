// RUN: sinter-opt --wgsl-raise-constants %s | FileCheck %s

// CHECK-LABEL: func.func @infinity
// CHECK: %[[BITS:.*]] = arith.constant {kern.let} -8388608 : i32
// CHECK: arith.bitcast %[[BITS]] : i32 to f32
func.func @infinity() -> f32 {
  %0 = arith.constant 0xFF800000 : f32
  return %0 : f32
}

// CHECK-LABEL: func.func @nan
// CHECK: arith.constant {kern.let} 2143289344 : i32
func.func @nan() -> f32 {
  %0 = arith.constant 0x7FC00000 : f32
  return %0 : f32
}

// CHECK-LABEL: func.func @splat
// CHECK: %[[X:.*]] = arith.bitcast
// CHECK: vector.broadcast %[[X]] : f32 to vector<4xf32>
func.func @splat() -> vector<4xf32> {
  %0 = arith.constant dense<0x7F800000> : vector<4xf32>
  return %0 : vector<4xf32>
}

// CHECK-LABEL: func.func @mixed
// CHECK: %[[ONE:.*]] = arith.constant 1.0
// CHECK: %[[X:.*]] = arith.bitcast
// CHECK: vector.from_elements %[[ONE]], %[[X]] : vector<2xf32>
func.func @mixed() -> vector<2xf32> {
  %0 = arith.constant dense<[1.0, 0x7F800000]> : vector<2xf32>
  return %0 : vector<2xf32>
}

// CHECK-LABEL: func.func @finite
// CHECK-NEXT: arith.constant 3.40282347E+38 : f32
// CHECK-NEXT: return
func.func @finite() -> f32 {
  %0 = arith.constant 3.40282347E+38 : f32
  return %0 : f32
}
