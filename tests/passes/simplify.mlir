// RUN: ashlar-opt %s --ashlar-simplify | FileCheck %s

// CHECK-LABEL: func.func @weight_transpose
func.func @weight_transpose(%x: tensor<2x4xf32>) -> tensor<2x3xf32> {
  // CHECK: %[[W:.*]] = ashlar.weight ["w"]
  // CHECK: ashlar.matmul %{{.*}}, %[[W]] {dtype = f32, transpose_rhs = true}
  // CHECK-NOT: ashlar.transpose
  %w = ashlar.weight ["w"] : tensor<3x4xbf16>
  %t = ashlar.transpose %w {permutation = array<i64: 1, 0>} : (tensor<3x4xbf16>) -> tensor<4x3xbf16>
  %y = ashlar.matmul %x, %t {transpose_rhs = false, dtype = f32} : (tensor<2x4xf32>, tensor<4x3xbf16>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// A transpose of other axes than the last two stays.
// CHECK-LABEL: func.func @batch_transpose
func.func @batch_transpose(%x: tensor<2x3x4xf32>, %w: tensor<4x2x5xf32>) -> tensor<2x3x5xf32> {
  // CHECK: ashlar.transpose
  // CHECK: ashlar.matmul {{.*}}transpose_rhs = false
  %t = ashlar.transpose %w {permutation = array<i64: 1, 0, 2>} : (tensor<4x2x5xf32>) -> tensor<2x4x5xf32>
  %y = ashlar.matmul %x, %t {transpose_rhs = false, dtype = f32} : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// CHECK-LABEL: func.func @reshapes
func.func @reshapes(%x: tensor<2x6xf32>) -> tensor<3x4xf32> {
  // CHECK-NEXT: %[[R:.*]] = ashlar.reshape %arg0 {shape = array<i64: 3, 4>}
  // CHECK-NEXT: return %[[R]]
  %a = ashlar.reshape %x {shape = array<i64: 12>} : (tensor<2x6xf32>) -> tensor<12xf32>
  %b = ashlar.reshape %a {shape = array<i64: 3, 4>} : (tensor<12xf32>) -> tensor<3x4xf32>
  return %b : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @transposes
func.func @transposes(%x: tensor<2x3x4xf32>) -> tensor<4x2x3xf32> {
  // CHECK-NEXT: %[[T:.*]] = ashlar.transpose %arg0 {permutation = array<i64: 2, 0, 1>}
  // CHECK-NEXT: return %[[T]]
  %a = ashlar.transpose %x {permutation = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %b = ashlar.transpose %a {permutation = array<i64: 1, 2, 0>} : (tensor<3x4x2xf32>) -> tensor<4x2x3xf32>
  return %b : tensor<4x2x3xf32>
}

// CHECK-LABEL: func.func @unit_axes_move_freely
func.func @unit_axes_move_freely(%x: tensor<1x3x4xf32>) -> tensor<3x1x4xf32> {
  // CHECK-NEXT: ashlar.reshape %arg0 {shape = array<i64: 3, 1, 4>}
  %a = ashlar.transpose %x {permutation = array<i64: 1, 0, 2>} : (tensor<1x3x4xf32>) -> tensor<3x1x4xf32>
  return %a : tensor<3x1x4xf32>
}

// CHECK-LABEL: func.func @slices
func.func @slices(%x: tensor<10xf32>) -> tensor<2xf32> {
  // CHECK-NEXT: ashlar.slice %arg0 {sizes = array<i64: 2>, starts = array<i64: 7>, steps = array<i64: -4>}
  %a = ashlar.slice %x {starts = array<i64: 1>, sizes = array<i64: 4>, steps = array<i64: 2>} : (tensor<10xf32>) -> tensor<4xf32>
  %b = ashlar.slice %a {starts = array<i64: 3>, sizes = array<i64: 2>, steps = array<i64: -2>} : (tensor<4xf32>) -> tensor<2xf32>
  return %b : tensor<2xf32>
}

// CHECK-LABEL: func.func @slice_of_concat
func.func @slice_of_concat(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<2xf32>, tensor<3xf32>) {
  // CHECK-NEXT: %[[C:.*]] = ashlar.concat
  // CHECK-NEXT: ashlar.slice %arg1 {sizes = array<i64: 2>, starts = array<i64: 1>
  // CHECK-NEXT: ashlar.slice %[[C]] {sizes = array<i64: 3>, starts = array<i64: 3>
  %c = ashlar.concat %x, %y {axis = 0 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %a = ashlar.slice %c {starts = array<i64: 5>, sizes = array<i64: 2>, steps = array<i64: 1>} : (tensor<8xf32>) -> tensor<2xf32>
  %b = ashlar.slice %c {starts = array<i64: 3>, sizes = array<i64: 3>, steps = array<i64: 1>} : (tensor<8xf32>) -> tensor<3xf32>
  return %a, %b : tensor<2xf32>, tensor<3xf32>
}

// CHECK-LABEL: func.func @reduce_first_axis
func.func @reduce_first_axis(%x: tensor<2x3xf32>) -> (tensor<1x3xf32>, tensor<3xi32>) {
  // CHECK-DAG: %[[T:.*]] = ashlar.transpose %arg0 {permutation = array<i64: 1, 0>}
  // CHECK-DAG: %[[S:.*]] = ashlar.reduce_sum %{{.*}} {axes = array<i64: 1>, keepdims = false}
  // CHECK-DAG: ashlar.reshape %[[S]] {shape = array<i64: 1, 3>}
  // CHECK-DAG: ashlar.argmax %{{.*}} {axis = 1 : i64, keepdims = false}
  %s = ashlar.reduce_sum %x {axes = array<i64: 0>, keepdims = true} : (tensor<2x3xf32>) -> tensor<1x3xf32>
  %a = ashlar.argmax %x {axis = 0 : i64, keepdims = false} : (tensor<2x3xf32>) -> tensor<3xi32>
  return %s, %a : tensor<1x3xf32>, tensor<3xi32>
}

// The maximum of one element is that element; its sum is 0 + x, which differs for -0.
// CHECK-LABEL: func.func @reduce_one
func.func @reduce_one(%x: tensor<3x1xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  // CHECK-NEXT: %[[M:.*]] = ashlar.reshape
  // CHECK-NEXT: %[[E:.*]] = ashlar.reshape
  // CHECK-NEXT: %[[ZERO:.*]] = ashlar.full {{.*}}value = 0.0
  // CHECK-NEXT: %[[S:.*]] = ashlar.add %[[ZERO]], %[[E]]
  // CHECK-NEXT: return %[[M]], %[[S]]
  %m = ashlar.reduce_max %x {axes = array<i64: 1>, keepdims = false} : (tensor<3x1xf32>) -> tensor<3xf32>
  %s = ashlar.reduce_sum %x {axes = array<i64: 1>, keepdims = false} : (tensor<3x1xf32>) -> tensor<3xf32>
  return %m, %s : tensor<3xf32>, tensor<3xf32>
}

// CHECK-LABEL: func.func @casts
func.func @casts(%x: tensor<3xbf16>, %y: tensor<3xf32>) -> (tensor<3xbf16>, tensor<3xf32>) {
  // CHECK-NEXT: %[[H:.*]] = ashlar.cast %arg1 {dtype = bf16}
  // CHECK-NEXT: %[[F:.*]] = ashlar.cast %[[H]] {dtype = f32}
  // CHECK-NEXT: return %arg0, %[[F]]
  %a = ashlar.cast %x {dtype = f32} : (tensor<3xbf16>) -> tensor<3xf32>
  %b = ashlar.cast %a {dtype = bf16} : (tensor<3xf32>) -> tensor<3xbf16>
  // Rounds, so it stays.
  %c = ashlar.cast %y {dtype = bf16} : (tensor<3xf32>) -> tensor<3xbf16>
  %d = ashlar.cast %c {dtype = f32} : (tensor<3xbf16>) -> tensor<3xf32>
  return %b, %d : tensor<3xbf16>, tensor<3xf32>
}

// CHECK-LABEL: func.func @identities
func.func @identities(%x: tensor<3xf32>, %i: tensor<3xi32>) -> (tensor<3xf32>, tensor<3xi32>, tensor<3xf32>) {
  // CHECK: %[[ZERO:.*]] = ashlar.full {dtype = f32, shape = array<i64: 3>, value = 0.0
  // CHECK: %[[SUM:.*]] = ashlar.add %arg0, %[[ZERO]]
  // CHECK: return %arg0, %arg1, %[[SUM]]
  %one = ashlar.constant dense<1.0> : tensor<3xf32> : tensor<3xf32>
  %zero = ashlar.constant dense<0.0> : tensor<3xf32> : tensor<3xf32>
  %nought = ashlar.constant dense<0> : tensor<3xi32> : tensor<3xi32>
  %a = ashlar.mul %x, %one : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %b = ashlar.add %i, %nought : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  // x + 0.0 changes -0.0.
  %c = ashlar.add %x, %zero : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return %a, %b, %c : tensor<3xf32>, tensor<3xi32>, tensor<3xf32>
}

// Arithmetic happens before values are repeated.
// CHECK-LABEL: func.func @sink_broadcast
func.func @sink_broadcast(%x: tensor<1x3xf32>) -> tensor<4x3xf32> {
  // CHECK: %[[E:.*]] = ashlar.exp %arg0 : (tensor<1x3xf32>)
  // CHECK: ashlar.broadcast %[[E]] {shape = array<i64: 4, 3>}
  %b = ashlar.broadcast %x {shape = array<i64: 4, 3>} : (tensor<1x3xf32>) -> tensor<4x3xf32>
  %e = ashlar.exp %b : (tensor<4x3xf32>) -> tensor<4x3xf32>
  return %e : tensor<4x3xf32>
}
