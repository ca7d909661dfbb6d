// RUN: ashlar-opt %s --ashlar-form-kernels=profile=nvidia-h200 --ashlar-verify-kernels | FileCheck %s
// RUN: ashlar-opt %s --ashlar-form-kernels=profile=lavapipe --ashlar-verify-kernels | FileCheck %s --check-prefix=CPU

// Each workgroup of a GPU computes the norms of all heads, and the gate. A CPU would do so one after another.
// CHECK-LABEL: @gated_norm
// CHECK: kernel.fused
// CHECK-SAME: "matvec"
// CHECK: ashlar.reduce_sum
// CHECK: ashlar.silu
// CHECK: ashlar.matmul
// CHECK-NOT: kernel.fused
// CHECK: return
// CPU-LABEL: @gated_norm
// CPU: kernel.fused "row"
// CPU: kernel.fused "matvec"
func.func @gated_norm(%x: tensor<1x4x8xf32>, %z: tensor<1x4x8xf32>) -> tensor<1x16xf32> {
  %w = ashlar.weight ["w"] : tensor<16x32xbf16>
  %s = ashlar.square %x : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %m = ashlar.reduce_sum %s {axes = array<i64: 2>, keepdims = true} : (tensor<1x4x8xf32>) -> tensor<1x4x1xf32>
  %i = ashlar.rsqrt %m : (tensor<1x4x1xf32>) -> tensor<1x4x1xf32>
  %b = ashlar.broadcast %i {shape = array<i64: 1, 4, 8>} : (tensor<1x4x1xf32>) -> tensor<1x4x8xf32>
  %n = ashlar.mul %x, %b : (tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %a = ashlar.silu %z : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %g = ashlar.mul %n, %a : (tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %f = ashlar.reshape %g {shape = array<i64: 1, 32>} : (tensor<1x4x8xf32>) -> tensor<1x32xf32>
  %y = ashlar.matmul %f, %w {transpose_rhs = true, dtype = f32} : (tensor<1x32xf32>, tensor<16x32xbf16>) -> tensor<1x16xf32>
  return %y : tensor<1x16xf32>
}

// More than a workgroup keeps: the norms are a kernel.
// CHECK-LABEL: @long_rows
// CHECK: kernel.fused "row"
// CHECK: kernel.fused "matvec"
func.func @long_rows(%x: tensor<1x4x4096xf32>) -> tensor<1x16xf32> {
  %w = ashlar.weight ["w"] : tensor<16x16384xbf16>
  %s = ashlar.square %x : (tensor<1x4x4096xf32>) -> tensor<1x4x4096xf32>
  %m = ashlar.reduce_sum %s {axes = array<i64: 2>, keepdims = true} : (tensor<1x4x4096xf32>) -> tensor<1x4x1xf32>
  %b = ashlar.broadcast %m {shape = array<i64: 1, 4, 4096>} : (tensor<1x4x1xf32>) -> tensor<1x4x4096xf32>
  %n = ashlar.mul %x, %b : (tensor<1x4x4096xf32>, tensor<1x4x4096xf32>) -> tensor<1x4x4096xf32>
  %f = ashlar.reshape %n {shape = array<i64: 1, 16384>} : (tensor<1x4x4096xf32>) -> tensor<1x16384xf32>
  %y = ashlar.matmul %f, %w {transpose_rhs = true, dtype = f32} : (tensor<1x16384xf32>, tensor<16x16384xbf16>) -> tensor<1x16xf32>
  return %y : tensor<1x16xf32>
}
