// RUN: ashlar-opt %s --ashlar-form-kernels=profile=nvidia-h200 --ashlar-verify-kernels | FileCheck %s
// RUN: ashlar-opt %s --ashlar-form-kernels=profile=lavapipe --ashlar-verify-kernels | FileCheck %s --check-prefix=CPU

// The product chooses its matrices, and stores the numbers and the weights of the chosen for the next one. A CPU
// would choose again for each workgroup, one after another.
// CHECK-LABEL: @chosen_here
// CHECK-NOT: kernel.fused "sort"
// CHECK-NOT: kernel.fused "row"
// CHECK: %[[G:.*]]:3 = kernel.fused "expert_matvec"(
// CHECK-DAG: ashlar.topk_indices
// CHECK-DAG: ashlar.reduce_sum
// CHECK: kernel.fused "expert_matvec"(%[[G]]
// CHECK-NOT: ashlar.topk_indices
// CPU-LABEL: @chosen_here
// CPU: kernel.fused "sort"
// CPU: kernel.fused "expert_matvec"
func.func @chosen_here(%x: tensor<2x2x1x8xf32>, %l: tensor<2x6xf32>) -> tensor<2x8xf32> {
  %ids = ashlar.topk_indices %l {k = 2 : i64, axis = 1 : i64} : (tensor<2x6xf32>) -> tensor<2x2xi32>
  %c = ashlar.take_along_axis %l, %ids {axis = 1 : i64} : (tensor<2x6xf32>, tensor<2x2xi32>) -> tensor<2x2xf32>
  %e = ashlar.exp %c : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %s = ashlar.reduce_sum %e {axes = array<i64: 1>, keepdims = true} : (tensor<2x2xf32>) -> tensor<2x1xf32>
  %b = ashlar.broadcast %s {shape = array<i64: 2, 2>} : (tensor<2x1xf32>) -> tensor<2x2xf32>
  %p = ashlar.div %e, %b : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %w = ashlar.weight ["w"] : tensor<6x8x8xbf16>
  %n = ashlar.reshape %ids {shape = array<i64: 2, 2, 1>} : (tensor<2x2xi32>) -> tensor<2x2x1xi32>
  %g = ashlar.expert_matmul %x, %w, %n {transpose_rhs = true, dtype = f32} : (tensor<2x2x1x8xf32>, tensor<6x8x8xbf16>, tensor<2x2x1xi32>) -> tensor<2x2x8xf32>
  %r = ashlar.reshape %p {shape = array<i64: 2, 2, 1>} : (tensor<2x2xf32>) -> tensor<2x2x1xf32>
  %q = ashlar.broadcast %r {shape = array<i64: 2, 2, 8>} : (tensor<2x2x1xf32>) -> tensor<2x2x8xf32>
  %h = ashlar.mul %g, %q : (tensor<2x2x8xf32>, tensor<2x2x8xf32>) -> tensor<2x2x8xf32>
  %v = ashlar.weight ["v"] : tensor<6x8x8xbf16>
  %d = ashlar.expert_matmul %h, %v, %ids {transpose_rhs = true, dtype = f32} : (tensor<2x2x8xf32>, tensor<6x8x8xbf16>, tensor<2x2xi32>) -> tensor<2x8xf32>
  return %d : tensor<2x8xf32>
}

// What mixes the rows cannot be computed by the workgroup of one, and would wait for the product.
// CHECK-LABEL: @rows_are_mixed
// CHECK: kernel.fused "sort"
// CHECK: kernel.fused "expert_matvec"
func.func @rows_are_mixed(%x: tensor<2x2x1x8xf32>, %l: tensor<2x6xf32>) -> (tensor<2x2x8xf32>, tensor<f32>) {
  %ids = ashlar.topk_indices %l {k = 2 : i64, axis = 1 : i64} : (tensor<2x6xf32>) -> tensor<2x2xi32>
  %c = ashlar.take_along_axis %l, %ids {axis = 1 : i64} : (tensor<2x6xf32>, tensor<2x2xi32>) -> tensor<2x2xf32>
  %s = ashlar.reduce_sum %c {axes = array<i64: 0, 1>, keepdims = false} : (tensor<2x2xf32>) -> tensor<f32>
  %w = ashlar.weight ["w"] : tensor<6x8x8xbf16>
  %n = ashlar.reshape %ids {shape = array<i64: 2, 2, 1>} : (tensor<2x2xi32>) -> tensor<2x2x1xi32>
  %g = ashlar.expert_matmul %x, %w, %n {transpose_rhs = true, dtype = f32} : (tensor<2x2x1x8xf32>, tensor<6x8x8xbf16>, tensor<2x2x1xi32>) -> tensor<2x2x8xf32>
  return %g, %s : tensor<2x2x8xf32>, tensor<f32>
}

// Only a few of a short line are picked in registers.
// CHECK-LABEL: @many_scores
// CHECK: kernel.fused "sort"
// CHECK: kernel.fused "expert_matvec"
func.func @many_scores(%x: tensor<2x1x8xf32>, %l: tensor<1000xf32>) -> tensor<2x8xf32> {
  %ids = ashlar.topk_indices %l {k = 2 : i64, axis = 0 : i64} : (tensor<1000xf32>) -> tensor<2xi32>
  %w = ashlar.weight ["w"] : tensor<1000x8x8xbf16>
  %n = ashlar.reshape %ids {shape = array<i64: 2, 1>} : (tensor<2xi32>) -> tensor<2x1xi32>
  %g = ashlar.expert_matmul %x, %w, %n {transpose_rhs = true, dtype = f32} : (tensor<2x1x8xf32>, tensor<1000x8x8xbf16>, tensor<2x1xi32>) -> tensor<2x8xf32>
  return %g : tensor<2x8xf32>
}
