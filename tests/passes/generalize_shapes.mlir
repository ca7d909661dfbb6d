// RUN: ashlar-opt %s --pass-pipeline='builtin.module(func.func(ashlar-generalize-shapes{profile=lavapipe}),ashlar-outline-kernels)' | FileCheck %s

// One kernel serves every shape whose operands lie alike: here rows, wherever they begin.
// CHECK: kernel.def @elementwise_0 "elementwise" inplace [-1] schedule <"strided", {rank = 1 : i64, width = 4 : i64, workgroup = 256 : i64}>
// CHECK-NEXT: ^bb0(%[[A:.+]]: tensor<?xf32>, %[[B:.+]]: tensor<?xf32>):
// CHECK-NEXT: %[[X:.+]] = kernel.view 0 "adjacent" of %[[A]] : (tensor<?xf32>) -> tensor<f32>
// CHECK-NEXT: %[[Y:.+]] = kernel.view 1 "adjacent" of %[[B]] : (tensor<?xf32>) -> tensor<f32>
// CHECK-NEXT: %[[S:.+]] = ashlar.add %[[X]], %[[Y]] : (tensor<f32>, tensor<f32>) -> tensor<f32>
// CHECK-NEXT: kernel.yield %[[S]] : tensor<f32>

// A bias along rows that are no multiple of a packet.
// CHECK: kernel.def @elementwise_1 {{.*}} <"strided", {rank = 2 : i64, width = 1 : i64, workgroup = 256 : i64}>
// Columns read as rows, against the storage.
// CHECK: kernel.def @elementwise_2 {{.*}} <"strided", {rank = 2 : i64, width = 1 : i64, workgroup = 256 : i64}>
// CHECK: kernel.view 0 "strided" of
// Numbers and scalars need no buffer.
// CHECK: kernel.def @elementwise_3 {{.*}} <"strided", {rank = 1 : i64, width = 4 : i64, workgroup = 256 : i64}>
// CHECK: ashlar.full {dtype = i32, shape = array<i64>, value = 3.000000e+00 : f64} : () -> tensor<i32>
// CHECK: kernel.view 0 "adjacent" : () -> tensor<i32>
// Other index maps keep their extents.
// CHECK: kernel.def @elementwise_4 {{.*}} schedule <"elementwise",

// CHECK-LABEL: func.func @vectors
// CHECK: kernel.call @elementwise_0({{.*}}) scalars [6, 0, 1, 0, 1]
func.func @vectors(%x: tensor<24xf32>, %y: tensor<24xf32>) -> tensor<24xf32> {
  %z = kernel.fused "elementwise"(%x, %y) inplace [-1] schedule <"elementwise", {width = 4 : i64, workgroup = 8 : i64}> : (tensor<24xf32>, tensor<24xf32>) -> tensor<24xf32> {
  ^bb0(%a: tensor<24xf32>, %b: tensor<24xf32>):
    %0 = ashlar.add %a, %b : (tensor<24xf32>, tensor<24xf32>) -> tensor<24xf32>
    kernel.yield %0 : tensor<24xf32>
  }
  return %z : tensor<24xf32>
}

// CHECK-LABEL: func.func @tail_of_a_volume
// CHECK: kernel.call @elementwise_0({{.*}}) scalars [10, 40, 1, 0, 1]
func.func @tail_of_a_volume(%x: tensor<2x5x8xf32>, %y: tensor<5x8xf32>) -> tensor<1x5x8xf32> {
  %z = kernel.fused "elementwise"(%x, %y) inplace [-1] schedule <"elementwise", {width = 4 : i64, workgroup = 8 : i64}> : (tensor<2x5x8xf32>, tensor<5x8xf32>) -> tensor<1x5x8xf32> {
  ^bb0(%a: tensor<2x5x8xf32>, %b: tensor<5x8xf32>):
    %0 = ashlar.slice %a {starts = array<i64: 1, 0, 0>, sizes = array<i64: 1, 5, 8>, steps = array<i64: 1, 1, 1>} : (tensor<2x5x8xf32>) -> tensor<1x5x8xf32>
    %1 = ashlar.reshape %b {shape = array<i64: 1, 5, 8>} : (tensor<5x8xf32>) -> tensor<1x5x8xf32>
    %2 = ashlar.add %0, %1 : (tensor<1x5x8xf32>, tensor<1x5x8xf32>) -> tensor<1x5x8xf32>
    kernel.yield %2 : tensor<1x5x8xf32>
  }
  return %z : tensor<1x5x8xf32>
}

// CHECK-LABEL: func.func @bias
// CHECK: kernel.call @elementwise_1({{.*}}) scalars [15, 5, 0, 5, 1, 0, 0, 1]
func.func @bias(%x: tensor<3x5xf32>, %y: tensor<5xf32>) -> tensor<3x5xf32> {
  %z = kernel.fused "elementwise"(%x, %y) inplace [-1] schedule <"elementwise", {width = 1 : i64, workgroup = 8 : i64}> : (tensor<3x5xf32>, tensor<5xf32>) -> tensor<3x5xf32> {
  ^bb0(%a: tensor<3x5xf32>, %b: tensor<5xf32>):
    %0 = ashlar.broadcast %b {shape = array<i64: 3, 5>} : (tensor<5xf32>) -> tensor<3x5xf32>
    %1 = ashlar.add %a, %0 : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    kernel.yield %1 : tensor<3x5xf32>
  }
  return %z : tensor<3x5xf32>
}

// CHECK-LABEL: func.func @turned
// CHECK: kernel.call @elementwise_2({{.*}}) scalars [32, 4, 24, 1, -8]
func.func @turned(%x: tensor<4x8xf32>) -> tensor<8x4xf32> {
  %z = kernel.fused "elementwise"(%x) inplace [-1] schedule <"elementwise", {width = 4 : i64, workgroup = 8 : i64}> : (tensor<4x8xf32>) -> tensor<8x4xf32> {
  ^bb0(%a: tensor<4x8xf32>):
    %0 = ashlar.transpose %a {permutation = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<8x4xf32>
    %1 = ashlar.slice %0 {starts = array<i64: 0, 3>, sizes = array<i64: 8, 4>, steps = array<i64: 1, -1>} : (tensor<8x4xf32>) -> tensor<8x4xf32>
    %2 = ashlar.neg %1 : (tensor<8x4xf32>) -> tensor<8x4xf32>
    kernel.yield %2 : tensor<8x4xf32>
  }
  return %z : tensor<8x4xf32>
}

// CHECK-LABEL: func.func @numbers
// CHECK: kernel.call @elementwise_3() scalars [2, 0, 1]
func.func @numbers() -> tensor<8xi32> {
  %z = kernel.fused "elementwise"() inplace [-1] schedule <"elementwise", {width = 4 : i64, workgroup = 8 : i64}> : () -> tensor<8xi32> {
    %0 = ashlar.full {shape = array<i64: 8>, dtype = i32, value = 3.0 : f64} : () -> tensor<8xi32>
    %1 = ashlar.iota {shape = array<i64: 8>, dtype = i32, axis = 0} : () -> tensor<8xi32>
    %2 = ashlar.mul %0, %1 : (tensor<8xi32>, tensor<8xi32>) -> tensor<8xi32>
    kernel.yield %2 : tensor<8xi32>
  }
  return %z : tensor<8xi32>
}

// CHECK-LABEL: func.func @padded
// CHECK-NOT: scalars
func.func @padded(%x: tensor<4xf32>) -> tensor<8xf32> {
  %z = kernel.fused "elementwise"(%x) inplace [-1] schedule <"elementwise", {width = 4 : i64, workgroup = 8 : i64}> : (tensor<4xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<4xf32>):
    %0 = ashlar.pad %a {low = array<i64: 4>, high = array<i64: 0>, value = 0.0 : f64} : (tensor<4xf32>) -> tensor<8xf32>
    kernel.yield %0 : tensor<8xf32>
  }
  return %z : tensor<8xf32>
}
