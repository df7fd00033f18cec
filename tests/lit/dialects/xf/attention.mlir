// RUN: sinter-opt %s | sinter-opt | FileCheck %s
// RUN: sinter-opt --mlir-print-op-generic %s | sinter-opt | FileCheck %s

// CHECK-LABEL: func.func @rope
func.func @rope(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: xf.rope %{{.*}} {heads = 2 : i64, rope = #xf.rope<theta = 1.000000e+04 : f64, dim = 4, none>} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %0 = xf.rope %x {heads = 2, rope = #xf.rope<theta = 10000.0 : f64, dim = 4, none>} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @rope_table
func.func @rope_table(%x: tensor<?x8xf32>, %table: tensor<64x2xf32, #xf.quant<f32>>) -> tensor<?x8xf32> {
  // CHECK: xf.rope %{{.*}} table %{{.*}} {{.*}} linear, [2.000000e+00]>} : (tensor<?x8xf32>, tensor<64x2xf32, #xf.quant<f32>>) -> tensor<?x8xf32>
  %0 = xf.rope %x table %table {heads = 2, rope = #xf.rope<theta = 10000.0 : f64, dim = 2, linear, [2.0]>} : (tensor<?x8xf32>, tensor<64x2xf32, #xf.quant<f32>>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @scalings
func.func @scalings() attributes {
  // CHECK-DAG: llama3 = #xf.rope<theta = 5.000000e+05 : f64, dim = 64, llama3, [8.000000e+00, 1.000000e+00, 4.000000e+00, 8.192000e+03]>
  llama3 = #xf.rope<theta = 5.0e+5 : f64, dim = 64, llama3, [8.0, 1.0, 4.0, 8192.0]>,
  // CHECK-DAG: yarn = #xf.rope<theta = 1.000000e+04 : f64, dim = 64, yarn, [4.000000e+00, 3.200000e+01, 1.000000e+00, 4.096000e+03, 1.100000e+00, 1.000000e+00]>
  yarn = #xf.rope<theta = 1.0e+4 : f64, dim = 64, yarn, [4.0, 32.0, 1.0, 4096.0, 1.1, 1.0]>,
  // CHECK-DAG: factors = #xf.rope<theta = 1.000000e+04 : f64, dim = 4, factors, [1.000000e+00, 2.000000e+00, 1.000000e+00]>
  factors = #xf.rope<theta = 1.0e+4 : f64, dim = 4, factors, [1.0, 2.0, 1.0]>} {
  return
}

// CHECK-LABEL: func.func @append
func.func @append(%k: tensor<?x8xf32>, %v: tensor<?x8xf32>, %cache: !xf.kv_cache<2 x 16 x 4, f16>) {
  // CHECK: xf.append %{{.*}}, %{{.*}} to %{{.*}} : tensor<?x8xf32>, tensor<?x8xf32>, <2 x 16 x 4, f16>
  xf.append %k, %v to %cache : tensor<?x8xf32>, tensor<?x8xf32>, <2 x 16 x 4, f16>
  return
}

// CHECK-LABEL: func.func @attention
func.func @attention(%q: tensor<?x16xf32>, %cache: !xf.kv_cache<2 x 16 x 4, f32>) -> tensor<?x16xf32> {
  // CHECK: xf.attention %{{.*}}, %{{.*}} {heads = 4 : i64, scale = 5.000000e-01 : f64} : (tensor<?x16xf32>, !xf.kv_cache<2 x 16 x 4, f32>) -> tensor<?x16xf32>
  %0 = xf.attention %q, %cache {heads = 4, scale = 0.5 : f64} : (tensor<?x16xf32>, !xf.kv_cache<2 x 16 x 4, f32>) -> tensor<?x16xf32>
  // CHECK: xf.attention {{.*}} window = 8 : i64
  %1 = xf.attention %0, %cache {heads = 4, scale = 0.5 : f64, window = 8} : (tensor<?x16xf32>, !xf.kv_cache<2 x 16 x 4, f32>) -> tensor<?x16xf32>
  return %1 : tensor<?x16xf32>
}

// CHECK-LABEL: func.func @biased_and_capped
func.func @biased_and_capped(%q: tensor<1x16xf32>, %cache: !xf.kv_cache<2 x 16 x 4, f16>, %b: tensor<4x16xf32>) -> tensor<1x16xf32> {
  // CHECK: xf.attention %{{.*}}, %{{.*}} bias %{{.*}} {heads = 4 : i64, scale = 5.000000e-01 : f64, softcap = 5.000000e+01 : f64}
  %0 = xf.attention %q, %cache bias %b {heads = 4, scale = 0.5 : f64, softcap = 50.0 : f64} : (tensor<1x16xf32>, !xf.kv_cache<2 x 16 x 4, f16>, tensor<4x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}
