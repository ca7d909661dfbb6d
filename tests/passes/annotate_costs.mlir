// RUN: ashlar-opt %s --ashlar-annotate-costs | FileCheck %s
// RUN: ashlar-opt %s --ashlar-annotate-costs=kv-length=16 | FileCheck %s --check-prefix=SHORT

ashlar.state @keys : tensor<?x1x2x4xbf16> {capacity = 64 : i64, residency = "state"}

// 2 * 4 * 8 flops; 64 B of weights and 32 B of x; 16 B of result.
// CHECK-LABEL: func.func @matvec
// CHECK: cost {bytes_read = 96 : i64, bytes_written = 16 : i64, flops = 64 : i64, reads = array<i64: 32, 64, 0>, writes = array<i64: 0, 0, 16>}
func.func @matvec(%x: tensor<1x8xf32>, %w: tensor<4x8xbf16>) -> tensor<1x4xf32> {
  %y = kernel.fused "matvec"(%x, %w) inplace [-1] : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32> {
  ^bb0(%a: tensor<1x8xf32>, %b: tensor<4x8xbf16>):
    %0 = ashlar.matmul %a, %b {transpose_rhs = true, dtype = f32} : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
    kernel.yield %0 : tensor<1x4xf32>
  }
  return %y : tensor<1x4xf32>
}

// One row of the table is read, not all of it.
// CHECK-LABEL: func.func @gather
// CHECK: cost {bytes_read = 12 : i64, bytes_written = 16 : i64
func.func @gather(%t: tensor<100x4xbf16>, %i: tensor<1xi32>) -> tensor<1x4xf32> {
  %y = kernel.fused "elementwise"(%t, %i) inplace [-1] : (tensor<100x4xbf16>, tensor<1xi32>) -> tensor<1x4xf32> {
  ^bb0(%a: tensor<100x4xbf16>, %b: tensor<1xi32>):
    %0 = ashlar.take %a, %b {axis = 0 : i64} : (tensor<100x4xbf16>, tensor<1xi32>) -> tensor<1x4xbf16>
    %1 = ashlar.cast %0 {dtype = f32} : (tensor<1x4xbf16>) -> tensor<1x4xf32>
    kernel.yield %1 : tensor<1x4xf32>
  }
  return %y : tensor<1x4xf32>
}

// An update in place writes the new rows and reads nothing of the old ones.
// CHECK-LABEL: func.func @append
// CHECK: cost {bytes_read = 20 : i64, bytes_written = 16 : i64, flops = 0 : i64, reads = array<i64: 0, 4, 16>, writes = array<i64: 16, 0, 0>}
func.func @append(%i: tensor<1x1x1x1xi32>, %v: tensor<1x1x2x4xbf16>) {
  %k = ashlar.state_read @keys : tensor<?x1x2x4xbf16>
  %y = kernel.fused "elementwise"(%k, %i, %v) inplace [0] : (tensor<?x1x2x4xbf16>, tensor<1x1x1x1xi32>, tensor<1x1x2x4xbf16>) -> tensor<?x1x2x4xbf16> {
  ^bb0(%a: tensor<?x1x2x4xbf16>, %b: tensor<1x1x1x1xi32>, %c: tensor<1x1x2x4xbf16>):
    %0 = ashlar.scatter %a, %b, %c {axis = 0 : i64} : (tensor<?x1x2x4xbf16>, tensor<1x1x1x1xi32>, tensor<1x1x2x4xbf16>) -> tensor<?x1x2x4xbf16>
    kernel.yield %0 : tensor<?x1x2x4xbf16>
  }
  ashlar.state_write @keys, %y : tensor<?x1x2x4xbf16>
  return
}

// Attention reads the rows in use, at most those of its window.
// CHECK-LABEL: func.func @attention
// CHECK: reads = array<i64: 16, 512, 512, 4, 4, 0>
// SHORT-LABEL: func.func @attention
// SHORT: reads = array<i64: 16, 256, 256, 4, 4, 0>
func.func @attention(%q: tensor<1x1x2x4xbf16>, %p: tensor<1xi32>, %n: tensor<1xi32>) -> tensor<1x1x2x4xbf16> {
  %k = ashlar.state_read @keys : tensor<?x1x2x4xbf16>
  %y = kernel.fused "attention"(%q, %k, %k, %p, %n) inplace [-1] : (tensor<1x1x2x4xbf16>, tensor<?x1x2x4xbf16>, tensor<?x1x2x4xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x2x4xbf16> {
  ^bb0(%a: tensor<1x1x2x4xbf16>, %b: tensor<?x1x2x4xbf16>, %c: tensor<?x1x2x4xbf16>, %d: tensor<1xi32>, %e: tensor<1xi32>):
    %0 = ashlar.attention %a, %b, %c, %d, %e {scale = 0.5 : f64, causal = true, window = 32 : i64, softcap = 0.0 : f64, ring = 0 : i64} : (tensor<1x1x2x4xbf16>, tensor<?x1x2x4xbf16>, tensor<?x1x2x4xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x2x4xbf16>
    kernel.yield %0 : tensor<1x1x2x4xbf16>
  }
  return %y : tensor<1x1x2x4xbf16>
}
