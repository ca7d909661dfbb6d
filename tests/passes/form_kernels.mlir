// RUN: ashlar-opt %s --ashlar-form-kernels | FileCheck %s
// RUN: ashlar-opt %s --ashlar-form-kernels=fusion=false | FileCheck %s --check-prefix=SINGLE

// Elementwise ops become one kernel. An index map is a kernel only where its result leaves the entry.
// CHECK-LABEL: func.func @elementwise
// CHECK-COUNT-1: kernel.fused "elementwise"
// CHECK-NOT: kernel.fused
// SINGLE-LABEL: func.func @elementwise
// SINGLE: ashlar.exp
// SINGLE: kernel.fused
// SINGLE: ashlar.neg
// SINGLE: kernel.fused
// SINGLE: ashlar.reshape
func.func @elementwise(%x: tensor<2x3xf32>) -> tensor<6xf32> {
  %a = ashlar.exp %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %b = ashlar.neg %a : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %c = ashlar.reshape %b {shape = array<i64: 6>} : (tensor<2x3xf32>) -> tensor<6xf32>
  return %c : tensor<6xf32>
}

// The norm is computed by every workgroup of the matvec; the residual add is its epilogue.
// CHECK-LABEL: func.func @norm_matvec
// CHECK: kernel.fused "matvec"
// CHECK: ashlar.reduce_sum
// CHECK: ashlar.matmul
// CHECK: %[[SUM:.*]] = ashlar.add
// CHECK: kernel.yield %[[SUM]] :
// CHECK-NOT: kernel.fused
// SINGLE-LABEL: func.func @norm_matvec
// SINGLE: kernel.fused "elementwise"
// SINGLE: kernel.fused "row"
// SINGLE: kernel.fused "elementwise"
// SINGLE: kernel.fused "elementwise"
// SINGLE: kernel.fused "matvec"
// SINGLE: kernel.fused "elementwise"
func.func @norm_matvec(%x: tensor<1x8xf32>, %r: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %w = ashlar.weight ["w"] : tensor<4x8xbf16>
  %s = ashlar.square %x : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %m = ashlar.reduce_sum %s {axes = array<i64: 1>, keepdims = true} : (tensor<1x8xf32>) -> tensor<1x1xf32>
  %i = ashlar.rsqrt %m : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %b = ashlar.broadcast %i {shape = array<i64: 1, 8>} : (tensor<1x1xf32>) -> tensor<1x8xf32>
  %n = ashlar.mul %x, %b : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %y = ashlar.matmul %n, %w {transpose_rhs = true, dtype = f32} : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %z = ashlar.add %y, %r : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return %z : tensor<1x4xf32>
}

// A sum that a later kernel needs too is stored on the way, by the kernel that computes it first.
// CHECK-LABEL: func.func @shared_prologue
// CHECK: %[[K:.*]]:2 = kernel.fused "matvec"
// CHECK: %[[SUM:.*]] = ashlar.add %{{.*}}, %{{.*}} : (tensor<1x8xf32>
// CHECK: %[[Y:.*]] = ashlar.matmul %[[SUM]]
// CHECK: kernel.yield %[[SUM]], %[[Y]]
// CHECK: kernel.fused "matvec"(%[[K]]#1, {{.*}}, %[[K]]#0)
func.func @shared_prologue(%x: tensor<1x8xf32>, %r: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %w = ashlar.weight ["w"] : tensor<8x8xbf16>
  %v = ashlar.weight ["v"] : tensor<8x8xbf16>
  %s = ashlar.add %x, %r : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %y = ashlar.matmul %s, %w {transpose_rhs = true, dtype = f32} : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %z = ashlar.matmul %y, %v {transpose_rhs = true, dtype = f32} : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %a = ashlar.add %z, %s : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  return %a : tensor<1x8xf32>
}

// Products of one left side compute it each for itself: none waits for the sum that the first one stores.
// CHECK-LABEL: func.func @same_left
// CHECK: %[[A:.*]]:2 = kernel.fused "matvec"(%arg0, %arg1, %{{.*}})
// CHECK: %[[B:.*]] = kernel.fused "matvec"(%arg0, %arg1, %{{.*}})
// CHECK: ashlar.add
// CHECK: ashlar.matmul
// CHECK: return %[[A]]#0, %[[A]]#1, %[[B]]
func.func @same_left(%x: tensor<1x8xf32>, %r: tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x4xf32>, tensor<1x2xf32>) {
  %w = ashlar.weight ["w"] : tensor<4x8xbf16>
  %v = ashlar.weight ["v"] : tensor<2x8xbf16>
  %s = ashlar.add %x, %r : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %y = ashlar.matmul %s, %w {transpose_rhs = true, dtype = f32} : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %z = ashlar.matmul %s, %v {transpose_rhs = true, dtype = f32} : (tensor<1x8xf32>, tensor<2x8xbf16>) -> tensor<1x2xf32>
  return %s, %y, %z : tensor<1x8xf32>, tensor<1x4xf32>, tensor<1x2xf32>
}

// Gate and up: two roots, one output.
// CHECK-LABEL: func.func @gate_up
// CHECK: kernel.fused "matvec"
// CHECK-COUNT-2: ashlar.matmul
// CHECK: %[[M:.*]] = ashlar.mul
// CHECK: kernel.yield %[[M]] :
// CHECK-NOT: kernel.fused
func.func @gate_up(%x: tensor<1x8xbf16>) -> tensor<1x4xbf16> {
  %wg = ashlar.weight ["gate"] : tensor<4x8xbf16>
  %wu = ashlar.weight ["up"] : tensor<4x8xbf16>
  %g = ashlar.matmul %x, %wg {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<4x8xbf16>) -> tensor<1x4xbf16>
  %u = ashlar.matmul %x, %wu {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<4x8xbf16>) -> tensor<1x4xbf16>
  %s = ashlar.silu %g : (tensor<1x4xbf16>) -> tensor<1x4xbf16>
  %y = ashlar.mul %s, %u : (tensor<1x4xbf16>, tensor<1x4xbf16>) -> tensor<1x4xbf16>
  return %y : tensor<1x4xbf16>
}

// Many rows: the norm is a row kernel of its own, then a tiled matmul.
// CHECK-LABEL: func.func @matmul
// CHECK: kernel.fused "row"
// CHECK: kernel.fused "matmul"
// CHECK: ashlar.silu
// CHECK-NOT: kernel.fused
func.func @matmul(%x: tensor<16x8xf32>) -> tensor<16x4xf32> {
  %w = ashlar.weight ["w"] : tensor<4x8xbf16>
  %m = ashlar.reduce_max %x {axes = array<i64: 1>, keepdims = true} : (tensor<16x8xf32>) -> tensor<16x1xf32>
  %b = ashlar.broadcast %m {shape = array<i64: 16, 8>} : (tensor<16x1xf32>) -> tensor<16x8xf32>
  %n = ashlar.sub %x, %b : (tensor<16x8xf32>, tensor<16x8xf32>) -> tensor<16x8xf32>
  %y = ashlar.matmul %n, %w {transpose_rhs = true, dtype = f32} : (tensor<16x8xf32>, tensor<4x8xbf16>) -> tensor<16x4xf32>
  %z = ashlar.silu %y : (tensor<16x4xf32>) -> tensor<16x4xf32>
  return %z : tensor<16x4xf32>
}

// A softmax is one row kernel; a sum over its rows follows other rows and needs a second one.
// CHECK-LABEL: func.func @softmax
// CHECK: %[[P:.*]] = kernel.fused "row"
// CHECK: kernel.fused "row"(%[[P]])
// CHECK-NOT: kernel.fused
func.func @softmax(%x: tensor<4x8xf32>) -> tensor<8xf32> {
  %m = ashlar.reduce_max %x {axes = array<i64: 1>, keepdims = true} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %b = ashlar.broadcast %m {shape = array<i64: 4, 8>} : (tensor<4x1xf32>) -> tensor<4x8xf32>
  %d = ashlar.sub %x, %b : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %e = ashlar.exp %d : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %s = ashlar.reduce_sum %e {axes = array<i64: 1>, keepdims = true} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %c = ashlar.broadcast %s {shape = array<i64: 4, 8>} : (tensor<4x1xf32>) -> tensor<4x8xf32>
  %p = ashlar.div %e, %c : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %t = ashlar.transpose %p {permutation = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<8x4xf32>
  %y = ashlar.reduce_sum %t {axes = array<i64: 1>, keepdims = false} : (tensor<8x4xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// Kernels without a root that may run at the same time are one.
// CHECK-LABEL: func.func @independent
// CHECK: kernel.fused "elementwise"(%arg0, %arg1)
// CHECK-NOT: kernel.fused
func.func @independent(%x: tensor<4xf32>, %y: tensor<8xi32>) -> (tensor<4xf32>, tensor<8xi32>) {
  %a = ashlar.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %b = ashlar.neg %y : (tensor<8xi32>) -> tensor<8xi32>
  return %a, %b : tensor<4xf32>, tensor<8xi32>
}

// Index maps nested many times would repeat the arithmetic below them exponentially often.
// CHECK-LABEL: func.func @nested_index_maps
// CHECK-COUNT-2: kernel.fused "elementwise"
func.func @nested_index_maps(%x: tensor<1xf32>) -> tensor<512xf32> {
  %e = ashlar.exp %x : (tensor<1xf32>) -> tensor<1xf32>
  %0 = ashlar.concat %e, %e {axis = 0 : i64} : (tensor<1xf32>, tensor<1xf32>) -> tensor<2xf32>
  %1 = ashlar.concat %0, %0 {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %2 = ashlar.concat %1, %1 {axis = 0 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %3 = ashlar.concat %2, %2 {axis = 0 : i64} : (tensor<8xf32>, tensor<8xf32>) -> tensor<16xf32>
  %4 = ashlar.concat %3, %3 {axis = 0 : i64} : (tensor<16xf32>, tensor<16xf32>) -> tensor<32xf32>
  %5 = ashlar.concat %4, %4 {axis = 0 : i64} : (tensor<32xf32>, tensor<32xf32>) -> tensor<64xf32>
  %6 = ashlar.concat %5, %5 {axis = 0 : i64} : (tensor<64xf32>, tensor<64xf32>) -> tensor<128xf32>
  %7 = ashlar.concat %6, %6 {axis = 0 : i64} : (tensor<128xf32>, tensor<128xf32>) -> tensor<256xf32>
  %8 = ashlar.concat %7, %7 {axis = 0 : i64} : (tensor<256xf32>, tensor<256xf32>) -> tensor<512xf32>
  return %8 : tensor<512xf32>
}
