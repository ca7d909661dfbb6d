// RUN: ashlar-opt %s --ashlar-form-kernels --ashlar-verify-kernels -split-input-file | FileCheck %s

ashlar.state @cache : tensor<?x4xf32> {capacity = 8 : i64, residency = "state"}

// New rows of a cache are stored in place.
// CHECK-LABEL: func.func @append
// CHECK: %[[OLD:.*]] = ashlar.state_read @cache
// CHECK: %[[NEW:.*]] = kernel.fused "elementwise"(%[[OLD]], %arg1, %arg0) inplace [0]
// CHECK: ashlar.state_write @cache, %[[NEW]]
func.func @append(%rows: tensor<2x4xf32>, %at: tensor<2x1xi32>) {
  %old = ashlar.state_read @cache : tensor<?x4xf32>
  %new = ashlar.scatter %old, %at, %rows {axis = 0 : i64} : (tensor<?x4xf32>, tensor<2x1xi32>, tensor<2x4xf32>) -> tensor<?x4xf32>
  ashlar.state_write @cache, %new : tensor<?x4xf32>
  return
}

// -----

ashlar.state @s : tensor<8xf32> {residency = "state"}

// The reader of the old contents comes second in the graph and runs first.
// CHECK-LABEL: func.func @reader_first
// CHECK: %[[OLD:.*]] = ashlar.state_read @s
// CHECK: kernel.fused "row"(%[[OLD]])
// CHECK: kernel.fused "elementwise"({{.*}}%[[OLD]]{{.*}}) inplace [
func.func @reader_first(%v: tensor<1xf32>, %at: tensor<1xi32>) -> tensor<f32> {
  %old = ashlar.state_read @s : tensor<8xf32>
  %new = ashlar.scatter %old, %at, %v {axis = 0 : i64} : (tensor<8xf32>, tensor<1xi32>, tensor<1xf32>) -> tensor<8xf32>
  ashlar.state_write @s, %new : tensor<8xf32>
  %sum = ashlar.reduce_sum %old {axes = array<i64: 0>, keepdims = false} : (tensor<8xf32>) -> tensor<f32>
  return %sum : tensor<f32>
}

// -----

ashlar.state @s : tensor<8xf32> {residency = "state"}

// The kernel that compares old and new contents runs after the update: the update works on a copy.
// CHECK-LABEL: func.func @old_and_new
// CHECK: %[[OLD:.*]] = ashlar.state_read @s
// CHECK: %[[COPY:.*]] = kernel.fused "elementwise"(%[[OLD]]) inplace [-1]
// CHECK: %[[NEW:.*]] = kernel.fused "elementwise"({{.*}}%[[COPY]]{{.*}}) inplace [
// CHECK: kernel.fused "elementwise"({{.*}}%[[NEW]]
func.func @old_and_new(%v: tensor<1xf32>, %at: tensor<1xi32>) -> tensor<8xf32> {
  %old = ashlar.state_read @s : tensor<8xf32>
  %new = ashlar.scatter %old, %at, %v {axis = 0 : i64} : (tensor<8xf32>, tensor<1xi32>, tensor<1xf32>) -> tensor<8xf32>
  ashlar.state_write @s, %new : tensor<8xf32>
  %both = ashlar.add %old, %new : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %both : tensor<8xf32>
}

// -----

ashlar.state @s : tensor<8xf32> {residency = "state"}

// The second update works on a copy, since its target is a result: the first one is not the state's to take then.
// CHECK-LABEL: func.func @result_between
// CHECK: %[[OLD:.*]] = ashlar.state_read @s
// CHECK: kernel.fused "elementwise"(%[[OLD]]) inplace [-1]
func.func @result_between(%v: tensor<1xf32>, %at: tensor<1xi32>) -> tensor<8xf32> {
  %old = ashlar.state_read @s : tensor<8xf32>
  %first = ashlar.scatter %old, %at, %v {axis = 0 : i64} : (tensor<8xf32>, tensor<1xi32>, tensor<1xf32>) -> tensor<8xf32>
  %second = ashlar.scatter %first, %at, %v {axis = 0 : i64} : (tensor<8xf32>, tensor<1xi32>, tensor<1xf32>) -> tensor<8xf32>
  ashlar.state_write @s, %second : tensor<8xf32>
  return %first : tensor<8xf32>
}

// -----

ashlar.state @s : tensor<8xf32> {residency = "state"}

// The same where a kernel compares the results of both updates.
// CHECK-LABEL: func.func @compared_between
// CHECK: %[[OLD:.*]] = ashlar.state_read @s
// CHECK: kernel.fused "elementwise"(%[[OLD]]) inplace [-1]
func.func @compared_between(%v: tensor<1xf32>, %at: tensor<1xi32>) -> tensor<8xf32> {
  %old = ashlar.state_read @s : tensor<8xf32>
  %first = ashlar.scatter %old, %at, %v {axis = 0 : i64} : (tensor<8xf32>, tensor<1xi32>, tensor<1xf32>) -> tensor<8xf32>
  %second = ashlar.scatter %first, %at, %v {axis = 0 : i64} : (tensor<8xf32>, tensor<1xi32>, tensor<1xf32>) -> tensor<8xf32>
  ashlar.state_write @s, %second : tensor<8xf32>
  %both = ashlar.add %first, %second : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %both : tensor<8xf32>
}

// -----

ashlar.state @a : tensor<4xi32> {residency = "step"}
ashlar.state @b : tensor<4xi32> {residency = "step"}

// What leaves the entry is never a borrowed buffer: the exchange goes through fresh values.
// CHECK-LABEL: func.func @exchange
// CHECK-DAG: %[[A:.*]] = ashlar.state_read @a
// CHECK-DAG: %[[B:.*]] = ashlar.state_read @b
// CHECK: %[[NEW_B:.*]] = kernel.fused "elementwise"(%[[A]])
// CHECK: %[[NEW_A:.*]] = kernel.fused "elementwise"(%[[B]])
// CHECK: ashlar.state_write @a, %[[NEW_A]]
// CHECK: ashlar.state_write @b, %[[NEW_B]]
func.func @exchange() {
  %a = ashlar.state_read @a : tensor<4xi32>
  %b = ashlar.state_read @b : tensor<4xi32>
  ashlar.state_write @a, %b : tensor<4xi32>
  ashlar.state_write @b, %a : tensor<4xi32>
  return
}

// -----

ashlar.state @last : tensor<4x64xf32> {residency = "state"}

// A state's new value that needs a little of a large temporary does not wait for the end.
// CHECK-LABEL: func.func @condensed
// CHECK: kernel.fused "matmul"
// CHECK: kernel.fused "elementwise"
// CHECK: ashlar.slice
// CHECK: kernel.fused "matmul"
// CHECK: return
func.func @condensed(%x: tensor<64x8xf32>, %w: tensor<64x8xf32>, %v: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %u = ashlar.matmul %x, %w {transpose_rhs = true, dtype = f32} : (tensor<64x8xf32>, tensor<64x8xf32>) -> tensor<64x64xf32>
  %tail = ashlar.slice %u {starts = array<i64: 60, 0>, sizes = array<i64: 4, 64>, steps = array<i64: 1, 1>} : (tensor<64x64xf32>) -> tensor<4x64xf32>
  ashlar.state_write @last, %tail : tensor<4x64xf32>
  %y = ashlar.matmul %u, %v {transpose_rhs = true, dtype = f32} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %z = ashlar.matmul %y, %v {transpose_rhs = true, dtype = f32} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  return %z : tensor<64x64xf32>
}

// -----

ashlar.state @count : tensor<1xi32> {residency = "step"}
ashlar.state @ring : tensor<8x1xi32> {residency = "ring"}

// The last kernel counts on: it reads the count of its row before it stores the next one.
// CHECK-LABEL: func.func @counts_on
// CHECK: kernel.fused "row"
// CHECK-NOT: kernel.fused
// CHECK: return
func.func @counts_on(%x: tensor<1x16xf32>) {
  %one = ashlar.full {dtype = i32, shape = array<i64: 1>, value = 1.0 : f64} : () -> tensor<1xi32>
  %count = ashlar.state_read @count : tensor<1xi32>
  %ring = ashlar.state_read @ring : tensor<8x1xi32>
  %best = ashlar.argmax %x {axis = 1, keepdims = true} : (tensor<1x16xf32>) -> tensor<1x1xi32>
  %at = ashlar.reshape %count {shape = array<i64: 1, 1>} : (tensor<1xi32>) -> tensor<1x1xi32>
  %new = ashlar.scatter %ring, %at, %best {axis = 0 : i64} : (tensor<8x1xi32>, tensor<1x1xi32>, tensor<1x1xi32>) -> tensor<8x1xi32>
  %next = ashlar.add %count, %one : (tensor<1xi32>, tensor<1xi32>) -> tensor<1xi32>
  ashlar.state_write @ring, %new : tensor<8x1xi32>
  ashlar.state_write @count, %next : tensor<1xi32>
  return
}
