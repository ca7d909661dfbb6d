// RUN: ashlar-opt %s --ashlar-outline-kernels -split-input-file -verify-diagnostics | FileCheck %s

// Equal regions become one kernel, whatever surrounds them; another region or schedule another one.
// CHECK: kernel.def @elementwise_0 "elementwise" inplace [-1] schedule <"elementwise", {width = 4 : i64}>
// CHECK: ashlar.exp
// CHECK: kernel.def @elementwise_1
// CHECK: ashlar.neg
// CHECK: kernel.def @elementwise_2 {{.*}}width = 1
// CHECK-LABEL: func.func @three
// CHECK: %[[A:.*]] = kernel.call @elementwise_0(%arg0)
// CHECK: %[[B:.*]] = kernel.call @elementwise_0(%[[A]])
// CHECK: %[[C:.*]] = kernel.call @elementwise_1(%[[B]])
// CHECK: kernel.call @elementwise_2(%[[C]])
func.func @three(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = kernel.fused "elementwise"(%x) inplace [-1] schedule <"elementwise", {width = 4 : i64}> : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%0: tensor<4xf32>):
    %1 = ashlar.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
    kernel.yield %1 : tensor<4xf32>
  }
  %b = kernel.fused "elementwise"(%a) inplace [-1] schedule <"elementwise", {width = 4 : i64}> : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%0: tensor<4xf32>):
    %1 = ashlar.exp %0 : (tensor<4xf32>) -> tensor<4xf32> loc("elsewhere")
    kernel.yield %1 : tensor<4xf32>
  }
  %c = kernel.fused "elementwise"(%b) inplace [-1] schedule <"elementwise", {width = 4 : i64}> : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%0: tensor<4xf32>):
    %1 = ashlar.neg %0 : (tensor<4xf32>) -> tensor<4xf32>
    kernel.yield %1 : tensor<4xf32>
  }
  %d = kernel.fused "elementwise"(%c) inplace [-1] schedule <"elementwise", {width = 1 : i64}> : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%0: tensor<4xf32>):
    %1 = ashlar.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
    kernel.yield %1 : tensor<4xf32>
  }
  return %d : tensor<4xf32>
}

// The order of operands is part of a kernel.
// CHECK-LABEL: func.func @order
// CHECK: kernel.call @elementwise_3
// CHECK: kernel.call @elementwise_4
func.func @order(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = kernel.fused "elementwise"(%x, %y) inplace [-1] schedule <"elementwise", {width = 4 : i64}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%0: tensor<4xf32>, %1: tensor<4xf32>):
    %2 = ashlar.sub %0, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    kernel.yield %2 : tensor<4xf32>
  }
  %b = kernel.fused "elementwise"(%x, %y) inplace [-1] schedule <"elementwise", {width = 4 : i64}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%0: tensor<4xf32>, %1: tensor<4xf32>):
    %2 = ashlar.sub %1, %0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    kernel.yield %2 : tensor<4xf32>
  }
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

func.func @unscheduled(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{has no schedule}}
  %a = kernel.fused "elementwise"(%x) inplace [-1] : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%0: tensor<4xf32>):
    %1 = ashlar.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
    kernel.yield %1 : tensor<4xf32>
  }
  return %a : tensor<4xf32>
}
