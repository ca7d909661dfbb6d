// RUN: ashlar-opt %s --ashlar-select-schedule=profile=lavapipe | FileCheck %s --check-prefix=CPU
// RUN: ashlar-opt %s --ashlar-select-schedule=profile=nvidia-h200 | FileCheck %s --check-prefix=GPU

// CPU: kernel.fused "row"({{.*}}) inplace [-1] schedule <"row", {rows = {{[0-9]+}} : i64, width = 4 : i64, workgroup = {{[0-9]+}} : i64}>
// GPU: kernel.fused "row"({{.*}}) inplace [-1] schedule <"row", {rows = {{[0-9]+}} : i64, width = 4 : i64, workgroup = {{[0-9]+}} : i64}>
func.func @row(%x: tensor<4x64xf32>) -> tensor<4xf32> {
  %y = kernel.fused "row"(%x) inplace [-1] : (tensor<4x64xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4x64xf32>):
    %0 = ashlar.reduce_sum %a {axes = array<i64: 1>, keepdims = false} : (tensor<4x64xf32>) -> tensor<4xf32>
    kernel.yield %0 : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// A schedule that is there already is kept.
// CPU: schedule <"elementwise", {width = 1 : i64, workgroup = 8 : i64}>
// GPU: schedule <"elementwise", {width = 1 : i64, workgroup = 8 : i64}>
func.func @kept(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = kernel.fused "elementwise"(%x) inplace [-1] schedule <"elementwise", {width = 1 : i64, workgroup = 8 : i64}> : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %0 = ashlar.exp %a : (tensor<4xf32>) -> tensor<4xf32>
    kernel.yield %0 : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}
