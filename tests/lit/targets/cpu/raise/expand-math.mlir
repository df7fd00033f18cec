// RUN: sinter-opt --cpu-expand-math %s | FileCheck %s
// RUN: sinter-opt --cpu-expand-math=expand-fma %s | FileCheck %s --check-prefix=NOFMA

// CHECK-LABEL: func.func @exp
// CHECK-NOT: math.exp
// CHECK: math.fma
// NOFMA-LABEL: func.func @exp
// NOFMA-NOT: math.fma
// NOFMA: return
func.func @exp(%x: vector<4xf32>) -> vector<4xf32> {
  %0 = math.exp %x : vector<4xf32>
  return %0 : vector<4xf32>
}

// CHECK-LABEL: func.func @fma
// CHECK: math.fma
// NOFMA-LABEL: func.func @fma
// NOFMA-SAME: %[[A:.+]]: f32, %[[B:.+]]: f32, %[[C:.+]]: f32
// NOFMA: %[[P:.+]] = arith.mulf %[[A]], %[[B]] : f32
// NOFMA: arith.addf %[[P]], %[[C]] : f32
func.func @fma(%a: f32, %b: f32, %c: f32) -> f32 {
  %0 = math.fma %a, %b, %c : f32
  return %0 : f32
}
