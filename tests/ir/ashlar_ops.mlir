// RUN: ashlar-opt %s | ashlar-opt | FileCheck %s

// CHECK: ashlar.state @kv.0.key : tensor<?x1x2x16xf32> {capacity = 64 : i64, residency = "state"}
ashlar.state @kv.0.key : tensor<?x1x2x16xf32> {capacity = 64 : i64, residency = "state"}
ashlar.state @position : tensor<1xi32> {residency = "step"}

// CHECK-LABEL: func.func @entry
func.func @entry(%x: tensor<1x64xf32>) -> tensor<1x128xf32> {
  // CHECK: ashlar.weight ["wq", "wk"] : tensor<128x64xbf16>
  %w = ashlar.weight ["wq", "wk"] : tensor<128x64xbf16>
  // CHECK: ashlar.state_read @position : tensor<1xi32>
  %p = ashlar.state_read @position : tensor<1xi32>
  // CHECK: ashlar.matmul %{{.*}}, %{{.*}} {dtype = f32, transpose_rhs = true}
  %y = ashlar.matmul %x, %w {transpose_rhs = true, dtype = f32} : (tensor<1x64xf32>, tensor<128x64xbf16>) -> tensor<1x128xf32>
  %one = ashlar.full {shape = array<i64: 1>, dtype = i32, value = 1.0 : f64} : () -> tensor<1xi32>
  %next = ashlar.add %p, %one : (tensor<1xi32>, tensor<1xi32>) -> tensor<1xi32>
  // CHECK: ashlar.state_write @position, %{{.*}} : tensor<1xi32>
  ashlar.state_write @position, %next : tensor<1xi32>
  return %y : tensor<1x128xf32>
}

// CHECK-LABEL: func.func @fused
func.func @fused(%a: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: kernel.fused "elementwise"(%{{.*}}) inplace [-1] schedule <"elementwise", {width = 4 : i64}> : (tensor<4xf32>) -> tensor<4xf32>
  %0 = kernel.fused "elementwise" (%a) inplace [-1] schedule <"elementwise", {width = 4 : i64}> : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x: tensor<4xf32>):
    %y = ashlar.exp %x : (tensor<4xf32>) -> tensor<4xf32>
    kernel.yield %y : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}
