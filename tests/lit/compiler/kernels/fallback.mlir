// RUN: sinter-opt %s --verify-diagnostics --xf-build-region-kernels | FileCheck %s

// Any mix of ops, one token after another, rows in scratch.
// CHECK: kern.kernel @fallback_add_activation_slice_{{[0-9a-f]+}}
// CHECK: kern.scratch : memref<40xf32>
// CHECK: kern.scratch : memref<40xf32>
// CHECK: kern.scratch : memref<8xf32>
// CHECK: kern.for_items
// CHECK: kern.scalar token_count
// CHECK: math.erf
// expected-remark@+1 {{family fallback, 1 item; linear_gemv:}}
xf.region @mix(%x: tensor<?x40xf32>, %y: tensor<?x40xf32>) -> (tensor<?x40xf32>, tensor<?x8xf32>) {
  %0 = xf.add %x, %y : tensor<?x40xf32>
  %1 = xf.activation gelu %0 : tensor<?x40xf32>
  %2 = xf.slice %1 {offset = 16} : (tensor<?x40xf32>) -> tensor<?x8xf32>
  xf.yield %0, %2 : tensor<?x40xf32>, tensor<?x8xf32>
}

// Equal but for its symbol: one kernel for both.
// CHECK-NOT: kern.kernel @fallback_add_activation_slice_
// expected-remark@+1 {{family fallback}}
xf.region @same_mix(%a: tensor<?x40xf32>, %b: tensor<?x40xf32>) -> (tensor<?x40xf32>, tensor<?x8xf32>) {
  %0 = xf.add %a, %b : tensor<?x40xf32>
  %1 = xf.activation gelu %0 : tensor<?x40xf32>
  %2 = xf.slice %1 {offset = 16} : (tensor<?x40xf32>) -> tensor<?x8xf32>
  xf.yield %0, %2 : tensor<?x40xf32>, tensor<?x8xf32>
}

// The row is taken while the tokens pass, the rest is computed once.
// CHECK: kern.kernel @fallback_activation_select_row_activation_
// CHECK: scf.if
// CHECK: arith.divf
// expected-remark@+1 {{family fallback}}
xf.region @select(%x: tensor<?x16xf32>) -> tensor<1x16xf32> {
  %0 = xf.activation relu %x : tensor<?x16xf32>
  %1 = xf.select_row %0 : (tensor<?x16xf32>) -> tensor<1x16xf32>
  %2 = xf.activation silu %1 : tensor<1x16xf32>
  xf.yield %2 : tensor<1x16xf32>
}
