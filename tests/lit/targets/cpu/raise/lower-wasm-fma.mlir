// RUN: sinter-opt --cpu-lower-wasm-fma %s | FileCheck %s

// CHECK-LABEL: func.func @register
// CHECK: llvm.call_intrinsic "llvm.wasm.relaxed.madd.v4f32"(%arg0, %arg1, %arg2)
func.func @register(%a: vector<4xf32>, %b: vector<4xf32>, %c: vector<4xf32>) -> vector<4xf32> {
  %0 = math.fma %a, %b, %c : vector<4xf32>
  return %0 : vector<4xf32>
}

// CHECK-LABEL: func.func @two_registers
// CHECK-COUNT-2: relaxed.madd
// CHECK: vector.insert_strided_slice
// CHECK-NOT: math.fma
func.func @two_registers(%a: vector<8xf32>, %b: vector<8xf32>, %c: vector<8xf32>) -> vector<8xf32> {
  %0 = math.fma %a, %b, %c : vector<8xf32>
  return %0 : vector<8xf32>
}

// What is no whole register is not fused.
// CHECK-LABEL: func.func @scalar
// CHECK: %[[P:.*]] = arith.mulf
// CHECK: arith.addf %[[P]]
func.func @scalar(%a: f32, %b: f32, %c: f32) -> f32 {
  %0 = math.fma %a, %b, %c : f32
  return %0 : f32
}
