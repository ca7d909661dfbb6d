// RUN: ashlar-opt %s --ashlar-form-kernels | FileCheck %s

// Row i of the result needs the reduction of row 3 - i, so the reduction is stored first.

// CHECK-LABEL: func.func @reversed
// CHECK: %[[SUMS:.+]] = kernel.fused "row"
// CHECK: ashlar.reduce_max
// CHECK: kernel.fused "elementwise"(%[[SUMS]])
// CHECK: ashlar.slice
func.func @reversed(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %max = ashlar.reduce_max %x {axes = array<i64: 1>, keepdims = false} : (tensor<4x8xf32>) -> tensor<4xf32>
  %reversed = ashlar.slice %max {starts = array<i64: 3>, sizes = array<i64: 4>, steps = array<i64: -1>} : (tensor<4xf32>) -> tensor<4xf32>
  return %reversed : tensor<4xf32>
}
