// RUN: ashlar-opt %s --ashlar-group-experts --canonicalize | FileCheck %s

// As many rows as matrices: each reads its own.
// CHECK-LABEL: @few
func.func @few(%x: tensor<9x1x8xf32>, %i: tensor<9x1xi32>) -> tensor<9x4xf32> {
  %w = ashlar.weight ["w"] : tensor<9x4x8xbf16>
  // CHECK: ashlar.expert_matmul
  %y = ashlar.expert_matmul %x, %w, %i {transpose_rhs = true, dtype = f32} : (tensor<9x1x8xf32>, tensor<9x4x8xbf16>, tensor<9x1xi32>) -> tensor<9x4xf32>
  return %y : tensor<9x4xf32>
}

// More rows than matrices, two of them summed. Gate and up share the order after cse.
// CHECK-LABEL: @many
func.func @many(%x: tensor<5x2x8xbf16>, %i: tensor<5x2xi32>) -> tensor<5x4xbf16> {
  %w = ashlar.weight ["w"] : tensor<9x4x8xbf16>
  // CHECK-DAG: %[[I:.*]] = ashlar.reshape %arg1 {shape = array<i64: 10>}
  // CHECK-DAG: %[[X:.*]] = ashlar.reshape %arg0 {shape = array<i64: 10, 8>}
  // CHECK-DAG: %[[O:.*]] = ashlar.argsort %[[I]] {axis = 0 : i64, descending = false}
  // CHECK: %[[P:.*]] = kernel.grouped_matmul %[[X]], %{{.*}}, %[[I]], %[[O]] {transpose_rhs = true} : ({{.*}}) -> tensor<10x4xf32>
  // CHECK: %[[R:.*]] = ashlar.reshape %[[P]] {shape = array<i64: 5, 2, 4>}
  // CHECK: %[[S:.*]] = ashlar.reduce_sum %[[R]] {axes = array<i64: 1>, keepdims = false}
  // CHECK: ashlar.cast %[[S]] {dtype = bf16}
  %y = ashlar.expert_matmul %x, %w, %i {transpose_rhs = true, dtype = bf16} : (tensor<5x2x8xbf16>, tensor<9x4x8xbf16>, tensor<5x2xi32>) -> tensor<5x4xbf16>
  return %y : tensor<5x4xbf16>
}

// Matrices [E, K, N] follow the same rule.
// CHECK-LABEL: @columns
func.func @columns(%x: tensor<1x1x8xf32>, %i: tensor<1x1xi32>) -> tensor<1x4xf32> {
  %w = ashlar.weight ["w"] : tensor<9x8x4xbf16>
  // CHECK: ashlar.expert_matmul
  %y = ashlar.expert_matmul %x, %w, %i {transpose_rhs = false, dtype = f32} : (tensor<1x1x8xf32>, tensor<9x8x4xbf16>, tensor<1x1xi32>) -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}
