// RUN: ashlar-opt %s --ashlar-form-kernels | FileCheck %s

// Gate and up are halves of one tensor: one kernel reads the rows it needs of it. The norm is stored, but not what
// repeats it for each expert.
// CHECK-LABEL: @gate_and_up
// CHECK: %[[W:.*]] = ashlar.weight
// CHECK: %[[X:.*]] = kernel.fused "row"(%arg0) {{.*}} -> tensor<1x8xf32>
// CHECK: kernel.fused "expert_matvec"(%[[X]], %[[W]], %arg1)
// CHECK-COUNT-2: ashlar.expert_matmul
// CHECK: kernel.yield
func.func @gate_and_up(%x: tensor<1x8xf32>, %ids: tensor<2x1xi32>) -> tensor<2x4xf32> {
  %s = ashlar.square %x : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %m = ashlar.reduce_sum %s {axes = array<i64: 1>, keepdims = true} : (tensor<1x8xf32>) -> tensor<1x1xf32>
  %b = ashlar.broadcast %m {shape = array<i64: 1, 8>} : (tensor<1x1xf32>) -> tensor<1x8xf32>
  %n = ashlar.mul %x, %b : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %r = ashlar.reshape %n {shape = array<i64: 1, 1, 8>} : (tensor<1x8xf32>) -> tensor<1x1x8xf32>
  %e = ashlar.broadcast %r {shape = array<i64: 2, 1, 8>} : (tensor<1x1x8xf32>) -> tensor<2x1x8xf32>
  %w = ashlar.weight ["w"] : tensor<5x8x8xbf16>
  %g = ashlar.slice %w {starts = array<i64: 0, 0, 0>, sizes = array<i64: 5, 4, 8>, steps = array<i64: 1, 1, 1>} : (tensor<5x8x8xbf16>) -> tensor<5x4x8xbf16>
  %u = ashlar.slice %w {starts = array<i64: 0, 4, 0>, sizes = array<i64: 5, 4, 8>, steps = array<i64: 1, 1, 1>} : (tensor<5x8x8xbf16>) -> tensor<5x4x8xbf16>
  %a = ashlar.expert_matmul %e, %g, %ids {transpose_rhs = true, dtype = f32} : (tensor<2x1x8xf32>, tensor<5x4x8xbf16>, tensor<2x1xi32>) -> tensor<2x4xf32>
  %c = ashlar.expert_matmul %e, %u, %ids {transpose_rhs = true, dtype = f32} : (tensor<2x1x8xf32>, tensor<5x4x8xbf16>, tensor<2x1xi32>) -> tensor<2x4xf32>
  %y = ashlar.mul %a, %c : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// The experts' weights are stored, where they are small; the left side is multiplied by them in the kernel.
// CHECK-LABEL: @down
// CHECK: %[[W:.*]] = kernel.fused "elementwise"(%arg1) {{.*}} -> tensor<1x2xf32>
// CHECK: kernel.fused "expert_matvec"(%arg0, %[[W]], {{.*}}) {{.*}} {
// CHECK: ashlar.mul
// CHECK: ashlar.expert_matmul
func.func @down(%h: tensor<1x2x8xf32>, %l: tensor<1x2xf32>, %ids: tensor<1x2xi32>) -> tensor<1x4xf32> {
  %p = ashlar.exp %l : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %r = ashlar.reshape %p {shape = array<i64: 1, 2, 1>} : (tensor<1x2xf32>) -> tensor<1x2x1xf32>
  %b = ashlar.broadcast %r {shape = array<i64: 1, 2, 8>} : (tensor<1x2x1xf32>) -> tensor<1x2x8xf32>
  %x = ashlar.mul %h, %b : (tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> tensor<1x2x8xf32>
  %w = ashlar.weight ["w"] : tensor<5x4x8xbf16>
  %y = ashlar.expert_matmul %x, %w, %ids {transpose_rhs = true, dtype = f32} : (tensor<1x2x8xf32>, tensor<5x4x8xbf16>, tensor<1x2xi32>) -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}
