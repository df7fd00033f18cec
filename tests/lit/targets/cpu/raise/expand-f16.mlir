// RUN: sinter-opt --cpu-expand-f16 %s | FileCheck %s

// CHECK-LABEL: func.func @widen
// CHECK-NOT: arith.extf
// CHECK: arith.bitcast %{{.*}} : vector<4xf16> to vector<4xi16>
// CHECK-NOT: arith.extf
// CHECK: return
func.func @widen(%x: vector<4xf16>) -> vector<4xf32> {
  %0 = arith.extf %x : vector<4xf16> to vector<4xf32>
  return %0 : vector<4xf32>
}

// CHECK-LABEL: func.func @narrow
// CHECK-NOT: arith.truncf
// CHECK: arith.bitcast %{{.*}} : i16 to f16
func.func @narrow(%x: f32) -> f16 {
  %0 = arith.truncf %x : f32 to f16
  return %0 : f16
}

// bf16 is LLVM's business.
// CHECK-LABEL: func.func @other
// CHECK: arith.extf %{{.*}} : bf16 to f32
func.func @other(%x: bf16) -> f32 {
  %0 = arith.extf %x : bf16 to f32
  return %0 : f32
}

// What is finite needs no comparison.
// CHECK-LABEL: func.func @finite
// CHECK: arith.extsi
// CHECK-NOT: arith.cmpi
// CHECK: arith.mulf
// CHECK-NEXT: return
func.func @finite(%x: vector<4xf16>) -> vector<4xf32> {
  %0 = arith.extf %x {kern.finite} : vector<4xf16> to vector<4xf32>
  return %0 : vector<4xf32>
}
