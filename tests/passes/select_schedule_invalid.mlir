// RUN: ashlar-opt %s --ashlar-select-schedule=profile=lavapipe -verify-diagnostics

// lavapipe would end these loops silently.
func.func @too_long(%x: tensor<1x4000000xf32>) -> tensor<1xf32> {
  // expected-error @+1 {{loops run 500001 times per invocation, more than the 60000}}
  %y = kernel.fused "row"(%x) inplace [-1] schedule <"row", {rows = 1 : i64, width = 1 : i64, workgroup = 8 : i64}> : (tensor<1x4000000xf32>) -> tensor<1xf32> {
  ^bb0(%a: tensor<1x4000000xf32>):
    %0 = ashlar.reduce_sum %a {axes = array<i64: 1>, keepdims = false} : (tensor<1x4000000xf32>) -> tensor<1xf32>
    kernel.yield %0 : tensor<1xf32>
  }
  return %y : tensor<1xf32>
}
