// RUN: ashlar-opt %s --ashlar-push-arguments | FileCheck %s

ashlar.state @step : tensor<2xi32> {residency = "step"}
ashlar.state @cache : tensor<?x4xf32> {capacity = 8 : i64, residency = "state"}

// Weights, temporaries and states of fixed size stay where they are.
// CHECK: kernel.def @stays {{.*}} pushed [] {
kernel.def @stays "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%w: tensor<2xi32>, %s: tensor<2xi32>):
  %y = ashlar.add %w, %s : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  kernel.yield %y : tensor<2xi32>
}
// Inputs and outputs of an entry may move, states that grow too; one dispatch is enough.
// CHECK: kernel.def @also_of_input {{.*}} pushed [0, 1] {
kernel.def @also_of_input "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%x: tensor<2xi32>):
  %y = ashlar.neg %x : (tensor<2xi32>) -> tensor<2xi32>
  kernel.yield %y : tensor<2xi32>
}
// CHECK: kernel.def @of_cache {{.*}} pushed [0] {
kernel.def @of_cache "elementwise" inplace [0] schedule <"elementwise", {}> {
^bb0(%a: tensor<?x4xf32>, %i: tensor<1x1xi32>, %v: tensor<1x4xf32>):
  %y = ashlar.scatter %a, %i, %v {axis = 0 : i64} : (tensor<?x4xf32>, tensor<1x1xi32>, tensor<1x4xf32>) -> tensor<?x4xf32>
  kernel.yield %y : tensor<?x4xf32>
}
// Seventeen addresses do not fit.
// CHECK: kernel.def @many {{.*}} schedule <"elementwise", {}> {
kernel.def @many "elementwise" inplace [-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1]
    schedule <"elementwise", {}> {
^bb0(%x: tensor<2xi32>):
  kernel.yield %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x
    : tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>,
      tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>,
      tensor<2xi32>, tensor<2xi32>
}

plan.entry @decode inputs [] outputs [] arena 1024 {
  plan.dispatch @stays [#plan.range<"weight"[0] + 0, 8, "r">, #plan.range<"state"[0] + 0, 8, "r">, #plan.range<"arena"[0] + 0, 8, "w">] label ""
  plan.dispatch @also_of_input [#plan.range<"arena"[0] + 0, 8, "r">, #plan.range<"arena"[0] + 256, 8, "w">] label ""
  plan.dispatch @of_cache [#plan.range<"state"[1] + 0, 128, "rw">, #plan.range<"arena"[0] + 512, 4, "r">, #plan.range<"arena"[0] + 768, 16, "r">] label ""
}
plan.entry @given inputs [tensor<2xi32>] outputs [tensor<2xi32>] arena 0 {
  plan.dispatch @also_of_input [#plan.range<"input"[0] + 0, 8, "r">, #plan.range<"output"[0] + 0, 8, "w">] label ""
}
