// RUN: ashlar-opt %s --ashlar-plan-barriers | FileCheck %s
// RUN: ashlar-opt %s --ashlar-plan-barriers=full=true | FileCheck %s --check-prefix=FULL

// Two writers and a copy of other bytes share a group; their reader waits; a writer waits for it.
// CHECK-LABEL: plan.entry @hazards
// CHECK-NEXT: plan.dispatch @a
// CHECK-NEXT: plan.dispatch @b
// CHECK-NEXT: plan.copy
// CHECK-NEXT: plan.barrier
// CHECK-NEXT: plan.dispatch @c
// CHECK-NEXT: plan.barrier
// CHECK-NEXT: plan.dispatch @d
// CHECK-NEXT: plan.dispatch @e
// CHECK-NEXT: }
// FULL-COUNT-5: plan.barrier
plan.entry @hazards inputs [] outputs [] arena 1024 {
  plan.dispatch @a [#plan.range<"arena"[0] + 0, 256, "w">] label ""
  plan.dispatch @b [#plan.range<"arena"[0] + 256, 256, "w">] label ""
  plan.copy <"state"[0] + 0, 16, "r"> to <"state"[1] + 0, 16, "w"> label ""
  plan.dispatch @c [#plan.range<"arena"[0] + 0, 512, "r">, #plan.range<"arena"[0] + 512, 256, "w">] label ""
  plan.dispatch @d [#plan.range<"arena"[0] + 0, 4, "w">] label ""
  plan.dispatch @e [#plan.range<"arena"[0] + 4, 4, "rw">, #plan.range<"state"[0] + 0, 16, "r">] label ""
}

// An output may lie in a donated input: its writer waits for the input's readers.
// CHECK-LABEL: plan.entry @donated
// CHECK-NEXT: plan.dispatch @a
// CHECK-NEXT: plan.dispatch @b
// CHECK-NEXT: plan.barrier
// CHECK-NEXT: plan.dispatch @c
// CHECK-NEXT: }
plan.entry @donated inputs [tensor<4xf32>] outputs [tensor<4xf32>, tensor<4xf32>] arena 64
    attributes {donations = [#plan.donation<0 to 1>]} {
  plan.dispatch @a [#plan.range<"input"[0] + 0, 16, "r">, #plan.range<"arena"[0] + 0, 16, "w">] label ""
  plan.dispatch @b [#plan.range<"arena"[0] + 16, 16, "r">, #plan.range<"output"[0] + 0, 16, "w">] label ""
  plan.dispatch @c [#plan.range<"arena"[0] + 16, 16, "r">, #plan.range<"output"[1] + 0, 16, "w">] label ""
}
