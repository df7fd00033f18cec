// RUN: sinter-opt --grid-expand-vectors %s | FileCheck %s

// CHECK-LABEL: func.func @insert(
// CHECK-SAME: %[[S:.*]]: f32, %[[V:.*]]: vector<4xf32>
// CHECK-DAG: %[[X:.*]] = vector.extract %[[V]][0]
// CHECK-DAG: %[[Z:.*]] = vector.extract %[[V]][2]
// CHECK-DAG: %[[W:.*]] = vector.extract %[[V]][3]
// CHECK: vector.from_elements %[[X]], %[[S]], %[[Z]], %[[W]] : vector<4xf32>
func.func @insert(%s: f32, %v: vector<4xf32>) -> vector<4xf32> {
  %0 = vector.insert %s, %v[1] : f32 into vector<4xf32>
  return %0 : vector<4xf32>
}

// CHECK-LABEL: func.func @splat
// CHECK: vector.broadcast
func.func @splat(%s: f32) -> vector<2xf32> {
  %0 = vector.splat %s : vector<2xf32>
  return %0 : vector<2xf32>
}

// CHECK-LABEL: func.func @shuffle(
// CHECK-SAME: %[[A:.*]]: vector<4xf32>, %[[B:.*]]: vector<4xf32>
// CHECK-DAG: %[[X:.*]] = vector.extract %[[A]][3]
// CHECK-DAG: %[[Y:.*]] = vector.extract %[[B]][0]
// CHECK: vector.from_elements %[[X]], %[[Y]] : vector<2xf32>
func.func @shuffle(%a: vector<4xf32>, %b: vector<4xf32>) -> vector<2xf32> {
  %0 = vector.shuffle %a, %b [3, 4] : vector<4xf32>, vector<4xf32>
  return %0 : vector<2xf32>
}

// CHECK-LABEL: func.func @fma
// CHECK: math.fma
func.func @fma(%a: vector<4xf32>) -> vector<4xf32> {
  %0 = vector.fma %a, %a, %a : vector<4xf32>
  return %0 : vector<4xf32>
}

// CHECK-LABEL: func.func @sum(
// CHECK-SAME: %[[V:.*]]: vector<3xf32>, %[[ACC:.*]]: f32
// CHECK-DAG: %[[X:.*]] = vector.extract %[[V]][0]
// CHECK-DAG: %[[Y:.*]] = vector.extract %[[V]][1]
// CHECK-DAG: %[[Z:.*]] = vector.extract %[[V]][2]
// CHECK: %[[S0:.*]] = arith.addf %[[ACC]], %[[X]]
// CHECK: %[[S1:.*]] = arith.addf %[[S0]], %[[Y]]
// CHECK: arith.addf %[[S1]], %[[Z]]
func.func @sum(%v: vector<3xf32>, %acc: f32) -> f32 {
  %0 = vector.reduction <add>, %v, %acc : vector<3xf32> into f32
  return %0 : f32
}

// CHECK-LABEL: func.func @largest
// CHECK: arith.maximumf
func.func @largest(%v: vector<2xf32>) -> f32 {
  %0 = vector.reduction <maximumf>, %v : vector<2xf32> into f32
  return %0 : f32
}
