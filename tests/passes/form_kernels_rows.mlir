// RUN: ashlar-opt %s --ashlar-form-kernels | FileCheck %s

// A row kernel computes one row at a time, so what reads the rows in another order runs later.
// CHECK-LABEL: func.func @reversed
// CHECK: kernel.fused "row"
// CHECK: ashlar.reduce_max
// CHECK-NOT: ashlar.slice
// CHECK: kernel.fused "elementwise"
// CHECK: ashlar.slice
func.func @reversed(%x: tensor<3x13xf32>) -> tensor<3x1xf32> {
  %0 = ashlar.reduce_max %x {axes = array<i64: 1>, keepdims = true} : (tensor<3x13xf32>) -> tensor<3x1xf32>
  %1 = ashlar.slice %0 {starts = array<i64: 2, 0>, sizes = array<i64: 3, 1>, steps = array<i64: -1, 1>} : (tensor<3x1xf32>) -> tensor<3x1xf32>
  return %1 : tensor<3x1xf32>
}

// Within a row any order will do.
// CHECK-LABEL: func.func @within
// CHECK: kernel.fused "row"
// CHECK: ashlar.slice
// CHECK-NOT: kernel.fused
func.func @within(%x: tensor<3x13xf32>) -> tensor<3x13xf32> {
  %0 = ashlar.reduce_max %x {axes = array<i64: 1>, keepdims = true} : (tensor<3x13xf32>) -> tensor<3x1xf32>
  %1 = ashlar.broadcast %0 {shape = array<i64: 3, 13>} : (tensor<3x1xf32>) -> tensor<3x13xf32>
  %2 = ashlar.sub %x, %1 : (tensor<3x13xf32>, tensor<3x13xf32>) -> tensor<3x13xf32>
  %3 = ashlar.slice %2 {starts = array<i64: 0, 12>, sizes = array<i64: 3, 13>, steps = array<i64: 1, -1>} : (tensor<3x13xf32>) -> tensor<3x13xf32>
  return %3 : tensor<3x13xf32>
}

// A transpose of the row axes mixes rows too; one that moves axes of extent 1 does not.
// CHECK-LABEL: func.func @transposed_rows
// CHECK: kernel.fused "row"
// CHECK: kernel.fused "elementwise"
// CHECK-NOT: kernel.fused
func.func @transposed_rows(%x: tensor<2x3x8xf32>) -> tensor<3x2xf32> {
  %s = ashlar.reduce_max %x {axes = array<i64: 2>, keepdims = false} : (tensor<2x3x8xf32>) -> tensor<2x3xf32>
  %t = ashlar.transpose %s {permutation = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return %t : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @moved_unit_axis
// CHECK-COUNT-1: kernel.fused "row"
// CHECK-NOT: kernel.fused
func.func @moved_unit_axis(%x: tensor<1x3x8xf32>) -> tensor<3x1xf32> {
  %s = ashlar.reduce_max %x {axes = array<i64: 2>, keepdims = false} : (tensor<1x3x8xf32>) -> tensor<1x3xf32>
  %t = ashlar.transpose %s {permutation = array<i64: 1, 0>} : (tensor<1x3xf32>) -> tensor<3x1xf32>
  return %t : tensor<3x1xf32>
}

// Of rows that meet in a scatter_add, one adds up all: they are in memory before it starts.
// CHECK-LABEL: func.func @rows_that_meet
// CHECK: kernel.fused "row"
// CHECK: ashlar.mul
// CHECK-NOT: ashlar.scatter_add
// CHECK: kernel.fused
// CHECK: ashlar.scatter_add
func.func @rows_that_meet(%x: tensor<3x13xf32>, %i: tensor<3x1xi32>) -> tensor<2x13xf32> {
  %0 = ashlar.reduce_max %x {axes = array<i64: 1>, keepdims = true} : (tensor<3x13xf32>) -> tensor<3x1xf32>
  %1 = ashlar.broadcast %0 {shape = array<i64: 3, 13>} : (tensor<3x1xf32>) -> tensor<3x13xf32>
  %2 = ashlar.mul %x, %1 : (tensor<3x13xf32>, tensor<3x13xf32>) -> tensor<3x13xf32>
  %z = ashlar.full {shape = array<i64: 2, 13>, dtype = f32, value = 0.0} : () -> tensor<2x13xf32>
  %r = ashlar.scatter_add %z, %i, %2 {axis = 0 : i64} : (tensor<2x13xf32>, tensor<3x1xi32>, tensor<3x13xf32>) -> tensor<2x13xf32>
  return %r : tensor<2x13xf32>
}

// What every row would compute again is stored before, if it is costly.
// CHECK-LABEL: func.func @repeated_in_rows
// CHECK: kernel.fused "elementwise"
// CHECK: ashlar.exp
// CHECK: kernel.fused "row"
// CHECK-NOT: ashlar.exp
// CHECK: kernel.yield
func.func @repeated_in_rows(%x: tensor<128x8xf32>, %w: tensor<8xf32>) -> tensor<128x1xf32> {
  %e = ashlar.exp %w : (tensor<8xf32>) -> tensor<8xf32>
  %b = ashlar.broadcast %e {shape = array<i64: 128, 8>} : (tensor<8xf32>) -> tensor<128x8xf32>
  %m = ashlar.mul %x, %b : (tensor<128x8xf32>, tensor<128x8xf32>) -> tensor<128x8xf32>
  %s = ashlar.reduce_sum %m {axes = array<i64: 1>, keepdims = true} : (tensor<128x8xf32>) -> tensor<128x1xf32>
  return %s : tensor<128x1xf32>
}

// CHECK-LABEL: func.func @repeated_rarely
// CHECK: kernel.fused "row"
// CHECK: ashlar.exp
// CHECK-NOT: kernel.fused
func.func @repeated_rarely(%x: tensor<16x128xf32>, %w: tensor<128xf32>) -> tensor<16x1xf32> {
  %e = ashlar.exp %w : (tensor<128xf32>) -> tensor<128xf32>
  %b = ashlar.broadcast %e {shape = array<i64: 16, 128>} : (tensor<128xf32>) -> tensor<16x128xf32>
  %m = ashlar.mul %x, %b : (tensor<16x128xf32>, tensor<16x128xf32>) -> tensor<16x128xf32>
  %s = ashlar.reduce_sum %m {axes = array<i64: 1>, keepdims = true} : (tensor<16x128xf32>) -> tensor<16x1xf32>
  return %s : tensor<16x1xf32>
}

// The elements of a row share its sum, but each would compute the exponential in it.
// CHECK-LABEL: func.func @within_a_number_of_the_row
// CHECK: kernel.fused "elementwise"
// CHECK: ashlar.exp
// CHECK: kernel.fused "row"
// CHECK-NOT: ashlar.exp
// CHECK: ashlar.reduce_sum
// CHECK: kernel.yield
func.func @within_a_number_of_the_row(%x: tensor<8x128xf32>, %w: tensor<8x1xf32>) -> tensor<8x128xf32> {
  %s = ashlar.reduce_sum %x {axes = array<i64: 1>, keepdims = true} : (tensor<8x128xf32>) -> tensor<8x1xf32>
  %e = ashlar.exp %w : (tensor<8x1xf32>) -> tensor<8x1xf32>
  %d = ashlar.sub %e, %s : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
  %b = ashlar.broadcast %d {shape = array<i64: 8, 128>} : (tensor<8x1xf32>) -> tensor<8x128xf32>
  %y = ashlar.mul %x, %b : (tensor<8x128xf32>, tensor<8x128xf32>) -> tensor<8x128xf32>
  return %y : tensor<8x128xf32>
}

// Once %b is in memory, which waits for the minimum, the kernel of the minimum goes on computing %b itself: when %y joins
// it, it must not come to wait for a kernel that waits for it.
// CHECK-LABEL: func.func @settled_before_its_parts_were_stored
// CHECK: kernel.fused "row"
// CHECK: ashlar.reduce_min
// CHECK: ashlar.neg
// CHECK: ashlar.broadcast
// CHECK: kernel.fused "row"
// CHECK: ashlar.broadcast
// CHECK: ashlar.reduce_sum
// CHECK-NOT: kernel.fused
func.func @settled_before_its_parts_were_stored(%x: tensor<3x17xf32>, %w: tensor<3x17xf32>) -> (tensor<3x17xf32>, tensor<1x1xf32>, tensor<3x1xf32>) {
  %m = ashlar.reduce_min %x {axes = array<i64: 0, 1>, keepdims = true} : (tensor<3x17xf32>) -> tensor<1x1xf32>
  %b = ashlar.broadcast %m {shape = array<i64: 3, 17>} : (tensor<1x1xf32>) -> tensor<3x17xf32>
  %a = ashlar.add %w, %b : (tensor<3x17xf32>, tensor<3x17xf32>) -> tensor<3x17xf32>
  %s = ashlar.reduce_sum %a {axes = array<i64: 1>, keepdims = true} : (tensor<3x17xf32>) -> tensor<3x1xf32>
  %y = ashlar.neg %m : (tensor<1x1xf32>) -> tensor<1x1xf32>
  return %b, %y, %s : tensor<3x17xf32>, tensor<1x1xf32>, tensor<3x1xf32>
}
