// RUN: ashlar-opt %s --ashlar-plan-memory -split-input-file | FileCheck %s
// RUN: ashlar-opt %s --ashlar-plan-memory=alias=false -split-input-file | FileCheck %s --check-prefix=APART

kernel.def @exp "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<64xf32>):
  %1 = ashlar.exp %0 : (tensor<64xf32>) -> tensor<64xf32>
  kernel.yield %1 : tensor<64xf32>
}

// The third temporary takes the place of the first; the result is computed where it belongs.
// CHECK-LABEL: plan.entry @chain inputs [tensor<64xf32>] outputs [tensor<64xf32>] arena 512
// CHECK-NEXT: plan.dispatch @exp [#plan.range<"input"[0] + 0, 256, "r">, #plan.range<"arena"[0] + [[A:[0-9]+]], 256, "w">] label "first"
// CHECK-NEXT: plan.dispatch @exp [#plan.range<"arena"[0] + [[A]], 256, "r">, #plan.range<"arena"[0] + [[B:[0-9]+]], 256, "w">]
// CHECK-NEXT: plan.dispatch @exp [#plan.range<"arena"[0] + [[B]], 256, "r">, #plan.range<"arena"[0] + [[A]], 256, "w">]
// CHECK-NEXT: plan.dispatch @exp [#plan.range<"arena"[0] + [[A]], 256, "r">, #plan.range<"output"[0] + 0, 256, "w">]
// APART-LABEL: plan.entry @chain {{.*}} arena 768
func.func @chain(%x: tensor<64xf32>) -> tensor<64xf32> {
  %a = kernel.call @exp(%x) : (tensor<64xf32>) -> tensor<64xf32> loc("first")
  %b = kernel.call @exp(%a) : (tensor<64xf32>) -> tensor<64xf32>
  %c = kernel.call @exp(%b) : (tensor<64xf32>) -> tensor<64xf32>
  %d = kernel.call @exp(%c) : (tensor<64xf32>) -> tensor<64xf32>
  return %d : tensor<64xf32>
}

// -----

// Stacked weights lie adjacent; one of them alone is a range of the group.
// CHECK: plan.weight_group 0 ["q", "k"] at [0, 64] bytes 96 types [tensor<4x8xbf16>, tensor<2x8xbf16>]
// CHECK-NOT: plan.weight_group
kernel.def @both "matvec" inplace [-1] schedule <"matvec", {}> {
^bb0(%0: tensor<1x8xbf16>, %1: tensor<6x8xbf16>):
  %2 = ashlar.matmul %0, %1 {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<6x8xbf16>) -> tensor<1x6xbf16>
  kernel.yield %2 : tensor<1x6xbf16>
}
kernel.def @one "matvec" inplace [-1] schedule <"matvec", {}> {
^bb0(%0: tensor<1x8xbf16>, %1: tensor<2x8xbf16>):
  %2 = ashlar.matmul %0, %1 {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  kernel.yield %2 : tensor<1x2xbf16>
}
// CHECK: plan.dispatch @both [{{.*}}#plan.range<"weight"[0] + 0, 96, "r">
// CHECK: plan.dispatch @one [{{.*}}#plan.range<"weight"[0] + 64, 32, "r">
func.func @weights(%x: tensor<1x8xbf16>) -> (tensor<1x6xbf16>, tensor<1x2xbf16>) {
  %w = ashlar.weight ["q", "k"] {rows = array<i64: 4, 2>} : tensor<6x8xbf16>
  %k = ashlar.weight ["k"] : tensor<2x8xbf16>
  %a = kernel.call @both(%x, %w) : (tensor<1x8xbf16>, tensor<6x8xbf16>) -> tensor<1x6xbf16>
  %b = kernel.call @one(%x, %k) : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  return %a, %b : tensor<1x6xbf16>, tensor<1x2xbf16>
}

// -----

// Tables share one buffer; equal ones are stored once. 2.0 is 00 00 00 40.
// CHECK: plan.constants [0, 0, -128, 63, 0, 0, 0, 64]
kernel.def @add "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<2xf32>, %1: tensor<2xf32>):
  %2 = ashlar.add %0, %1 : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  kernel.yield %2 : tensor<2xf32>
}
// CHECK: plan.dispatch @add [#plan.range<"constant"[0] + 0, 8, "r">, #plan.range<"constant"[0] + 0, 8, "r">
func.func @constants() -> tensor<2xf32> {
  %a = ashlar.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %b = ashlar.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %c = kernel.call @add(%a, %b) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %c : tensor<2xf32>
}

// -----

ashlar.state @n : tensor<4xi32> {residency = "step"}

kernel.def @next "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xi32>):
  %1 = ashlar.neg %0 : (tensor<4xi32>) -> tensor<4xi32>
  kernel.yield %1 : tensor<4xi32>
}

// Each element is read and written by one invocation: the new value goes straight into the state.
// CHECK-LABEL: plan.entry @in_state
// CHECK-NEXT: plan.dispatch @next [#plan.range<"state"[0] + 0, 16, "r">, #plan.range<"state"[0] + 0, 16, "w">]
// CHECK-NEXT: }
func.func @in_state() {
  %n = ashlar.state_read @n : tensor<4xi32>
  %m = kernel.call @next(%n) : (tensor<4xi32>) -> tensor<4xi32>
  ashlar.state_write @n, %m : tensor<4xi32>
  return
}

// A later reader of the old value: computed apart and copied after it.
// CHECK-LABEL: plan.entry @copied
// CHECK-NEXT: plan.dispatch @next [#plan.range<"state"[0] + 0, 16, "r">, #plan.range<"arena"[0] + 0, 16, "w">]
// CHECK-NEXT: plan.dispatch @next [#plan.range<"state"[0] + 0, 16, "r">, #plan.range<"output"[0] + 0, 16, "w">]
// CHECK-NEXT: plan.copy <"arena"[0] + 0, 16, "r"> to <"state"[0] + 0, 16, "w">
func.func @copied() -> tensor<4xi32> {
  %n = ashlar.state_read @n : tensor<4xi32>
  %m = kernel.call @next(%n) : (tensor<4xi32>) -> tensor<4xi32>
  %k = kernel.call @next(%n) : (tensor<4xi32>) -> tensor<4xi32>
  ashlar.state_write @n, %m : tensor<4xi32>
  return %k : tensor<4xi32>
}

// -----

ashlar.state @n : tensor<4xi32> {residency = "step"}

kernel.def @reverse "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xi32>):
  %1 = ashlar.slice %0 {starts = array<i64: 3>, sizes = array<i64: 4>, steps = array<i64: -1>} : (tensor<4xi32>) -> tensor<4xi32>
  kernel.yield %1 : tensor<4xi32>
}

// Elements change places: writing over the state would race with reading it.
// CHECK-LABEL: plan.entry @reversed
// CHECK-NEXT: plan.dispatch @reverse [#plan.range<"state"[0] + 0, 16, "r">, #plan.range<"arena"[0] + 0, 16, "w">]
// CHECK-NEXT: plan.copy
func.func @reversed() {
  %n = ashlar.state_read @n : tensor<4xi32>
  %m = kernel.call @reverse(%n) : (tensor<4xi32>) -> tensor<4xi32>
  ashlar.state_write @n, %m : tensor<4xi32>
  return
}

// -----

ashlar.state @memory : tensor<2x8xf32> {residency = "state"}

// A row is written when all its reductions are done, by the threads that read its elements.
// CHECK-LABEL: plan.entry @row_in_state
// CHECK-NEXT: plan.dispatch @decay [#plan.range<"state"[0] + 0, 64, "r">, #plan.range<"output"[0] + 0, 8, "w">, #plan.range<"state"[0] + 0, 64, "w">]
// CHECK-NEXT: }
kernel.def @decay "row" inplace [-1, -1] schedule <"row", {}> {
^bb0(%0: tensor<2x8xf32>):
  %1 = ashlar.reduce_sum %0 {axes = array<i64: 1>, keepdims = true} : (tensor<2x8xf32>) -> tensor<2x1xf32>
  %2 = ashlar.broadcast %1 {shape = array<i64: 2, 8>} : (tensor<2x1xf32>) -> tensor<2x8xf32>
  %3 = ashlar.sub %0, %2 : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %4 = ashlar.reduce_max %3 {axes = array<i64: 1>, keepdims = true} : (tensor<2x8xf32>) -> tensor<2x1xf32>
  kernel.yield %4, %3 : tensor<2x1xf32>, tensor<2x8xf32>
}
func.func @row_in_state() -> tensor<2x1xf32> {
  %n = ashlar.state_read @memory : tensor<2x8xf32>
  %m:2 = kernel.call @decay(%n) : (tensor<2x8xf32>) -> (tensor<2x1xf32>, tensor<2x8xf32>)
  ashlar.state_write @memory, %m#1 : tensor<2x8xf32>
  return %m#0 : tensor<2x1xf32>
}

// -----

ashlar.state @memory : tensor<2x8xf32> {residency = "state"}

// Another output reads elements of the state: written over, they might be gone.
// CHECK-LABEL: plan.entry @row_read_again
// CHECK-NEXT: plan.dispatch @read_again [{{.*}}, #plan.range<"arena"[0] + 0, 64, "w">]
// CHECK-NEXT: plan.copy
kernel.def @read_again "row" inplace [-1, -1] schedule <"row", {}> {
^bb0(%0: tensor<2x8xf32>):
  %1 = ashlar.reduce_sum %0 {axes = array<i64: 1>, keepdims = true} : (tensor<2x8xf32>) -> tensor<2x1xf32>
  %2 = ashlar.broadcast %1 {shape = array<i64: 2, 8>} : (tensor<2x1xf32>) -> tensor<2x8xf32>
  %3 = ashlar.sub %0, %2 : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %4 = ashlar.neg %0 : (tensor<2x8xf32>) -> tensor<2x8xf32>
  kernel.yield %4, %3 : tensor<2x8xf32>, tensor<2x8xf32>
}
func.func @row_read_again() -> tensor<2x8xf32> {
  %n = ashlar.state_read @memory : tensor<2x8xf32>
  %m:2 = kernel.call @read_again(%n) : (tensor<2x8xf32>) -> (tensor<2x8xf32>, tensor<2x8xf32>)
  ashlar.state_write @memory, %m#1 : tensor<2x8xf32>
  return %m#0 : tensor<2x8xf32>
}

// -----

ashlar.state @best : tensor<2xi32> {residency = "step"}
ashlar.state @steps : tensor<2xi32> {residency = "step"}

// One thread per row reads what the row needs of both states before it writes them.
// CHECK-LABEL: plan.entry @rows_in_states
// CHECK-NEXT: plan.dispatch @choose [#plan.range<"state"[0] + 0, 8, "r">, #plan.range<"state"[1] + 0, 8, "r">, {{.*}}, #plan.range<"state"[0] + 0, 8, "w">, #plan.range<"state"[1] + 0, 8, "w">]
// CHECK-NEXT: }
kernel.def @choose "row" inplace [-1, -1] schedule <"row", {}> {
^bb0(%0: tensor<2xi32>, %1: tensor<2xi32>, %2: tensor<2x8xf32>):
  %3 = ashlar.argmax %2 {axis = 1, keepdims = false} : (tensor<2x8xf32>) -> tensor<2xi32>
  %4 = ashlar.add %3, %0 : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  %5 = ashlar.add %4, %1 : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  %6 = ashlar.mul %0, %1 : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  kernel.yield %5, %6 : tensor<2xi32>, tensor<2xi32>
}
func.func @rows_in_states(%x: tensor<2x8xf32>) {
  %b = ashlar.state_read @best : tensor<2xi32>
  %s = ashlar.state_read @steps : tensor<2xi32>
  %m:2 = kernel.call @choose(%b, %s, %x) : (tensor<2xi32>, tensor<2xi32>, tensor<2x8xf32>) -> (tensor<2xi32>, tensor<2xi32>)
  ashlar.state_write @best, %m#0 : tensor<2xi32>
  ashlar.state_write @steps, %m#1 : tensor<2xi32>
  return
}

// -----

ashlar.state @best : tensor<2xi32> {residency = "step"}

// A row reads the other row's element, which may be gone by then.
// CHECK-LABEL: plan.entry @rows_crossed
// CHECK-NEXT: plan.dispatch @crossed [{{.*}}, #plan.range<"arena"[0] + 0, 8, "w">]
// CHECK-NEXT: plan.copy
kernel.def @crossed "row" inplace [-1] schedule <"row", {}> {
^bb0(%0: tensor<2xi32>, %1: tensor<2x8xf32>):
  %2 = ashlar.argmax %1 {axis = 1, keepdims = false} : (tensor<2x8xf32>) -> tensor<2xi32>
  %3 = ashlar.slice %0 {starts = array<i64: 1>, sizes = array<i64: 2>, steps = array<i64: -1>} : (tensor<2xi32>) -> tensor<2xi32>
  %4 = ashlar.add %2, %3 : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  kernel.yield %4 : tensor<2xi32>
}
func.func @rows_crossed(%x: tensor<2x8xf32>) {
  %b = ashlar.state_read @best : tensor<2xi32>
  %m = kernel.call @crossed(%b, %x) : (tensor<2xi32>, tensor<2x8xf32>) -> tensor<2xi32>
  ashlar.state_write @best, %m : tensor<2xi32>
  return
}

// -----

ashlar.state @n : tensor<4xi32> {residency = "step"}

kernel.def @next "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xi32>):
  %1 = ashlar.neg %0 : (tensor<4xi32>) -> tensor<4xi32>
  kernel.yield %1 : tensor<4xi32>
}

// A copy waits for the last reader of the old value, and for nothing else.
// CHECK-LABEL: plan.entry @copied_early
// CHECK-NEXT: plan.dispatch @next [#plan.range<"state"[0] + 0, 16, "r">, #plan.range<"arena"[0] + [[M:[0-9]+]], 16, "w">]
// CHECK-NEXT: plan.dispatch @next [#plan.range<"state"[0] + 0, 16, "r">, #plan.range<"arena"[0] + [[K:[0-9]+]], 16, "w">]
// CHECK-NEXT: plan.dispatch @next [#plan.range<"arena"[0] + [[K]], 16, "r">, #plan.range<"arena"[0] + [[L:[0-9]+]], 16, "w">]
// CHECK-NEXT: plan.copy <"arena"[0] + [[M]], 16, "r"> to <"state"[0] + 0, 16, "w">
// CHECK-NEXT: plan.dispatch @next [#plan.range<"arena"[0] + [[L]], 16, "r">, #plan.range<"output"[0] + 0, 16, "w">]
// CHECK-NEXT: }
func.func @copied_early() -> tensor<4xi32> {
  %n = ashlar.state_read @n : tensor<4xi32>
  %m = kernel.call @next(%n) : (tensor<4xi32>) -> tensor<4xi32>
  %k = kernel.call @next(%n) : (tensor<4xi32>) -> tensor<4xi32>
  %l = kernel.call @next(%k) : (tensor<4xi32>) -> tensor<4xi32>
  %o = kernel.call @next(%l) : (tensor<4xi32>) -> tensor<4xi32>
  ashlar.state_write @n, %m : tensor<4xi32>
  return %o : tensor<4xi32>
}

// -----

kernel.def @next "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xi32>):
  %1 = ashlar.neg %0 : (tensor<4xi32>) -> tensor<4xi32>
  kernel.yield %1 : tensor<4xi32>
}
kernel.def @reverse "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xi32>):
  %1 = ashlar.slice %0 {starts = array<i64: 3>, sizes = array<i64: 4>, steps = array<i64: -1>} : (tensor<4xi32>) -> tensor<4xi32>
  kernel.yield %1 : tensor<4xi32>
}

// Each element is read and written by one invocation: the output may lie in the input.
// CHECK-LABEL: plan.entry @in_input
// CHECK-SAME: donations = [#plan.donation<0 to 0>]
// CHECK-NEXT: plan.dispatch @next [#plan.range<"input"[0] + 0, 16, "r">, #plan.range<"output"[0] + 0, 16, "w">]
// CHECK-NEXT: }
func.func @in_input(%x: tensor<4xi32> {ashlar.donated}) -> tensor<4xi32> {
  %y = kernel.call @next(%x) : (tensor<4xi32>) -> tensor<4xi32>
  return %y : tensor<4xi32>
}

// Only the caller can give an input away.
// CHECK-LABEL: plan.entry @kept
// CHECK-NOT: donations
// CHECK-SAME: {
func.func @kept(%x: tensor<4xi32>) -> tensor<4xi32> {
  %y = kernel.call @next(%x) : (tensor<4xi32>) -> tensor<4xi32>
  return %y : tensor<4xi32>
}

// Elements change places.
// CHECK-LABEL: plan.entry @reversed_input
// CHECK-SAME: donations = [#plan.donation<0>]
func.func @reversed_input(%x: tensor<4xi32> {ashlar.donated}) -> tensor<4xi32> {
  %y = kernel.call @reverse(%x) : (tensor<4xi32>) -> tensor<4xi32>
  return %y : tensor<4xi32>
}

// The first kernel's output cannot lie in %x, which the second one reads; the second one's can.
// CHECK-LABEL: plan.entry @read_later
// CHECK-SAME: donations = [#plan.donation<0 to 1>]
func.func @read_later(%x: tensor<4xi32> {ashlar.donated}) -> (tensor<4xi32>, tensor<4xi32>) {
  %y = kernel.call @next(%x) : (tensor<4xi32>) -> tensor<4xi32>
  %z = kernel.call @next(%x) : (tensor<4xi32>) -> tensor<4xi32>
  return %y, %z : tensor<4xi32>, tensor<4xi32>
}

// An input that was read before is free for any output of its type; each is taken once.
// CHECK-LABEL: plan.entry @read_before
// CHECK-SAME: donations = [#plan.donation<0 to 0>, #plan.donation<2>]
func.func @read_before(%x: tensor<4xi32> {ashlar.donated}, %k: tensor<4xi32>, %f: tensor<4xf32> {ashlar.donated})
    -> (tensor<4xi32>, tensor<4xi32>) {
  %t = kernel.call @reverse(%x) : (tensor<4xi32>) -> tensor<4xi32>
  %y = kernel.call @reverse(%t) : (tensor<4xi32>) -> tensor<4xi32>
  %z = kernel.call @reverse(%k) : (tensor<4xi32>) -> tensor<4xi32>
  return %y, %z : tensor<4xi32>, tensor<4xi32>
}

// -----

// %m reaches both outputs. The kernel computes both of an element before it stores one.
// CHECK-LABEL: plan.entry @moment
// CHECK-SAME: donations = [#plan.donation<0 to 0>, #plan.donation<1 to 1>]
kernel.def @step "elementwise" inplace [-1, -1] schedule <"elementwise", {}> {
^bb0(%w: tensor<4xf32>, %m: tensor<4xf32>, %g: tensor<4xf32>):
  %0 = ashlar.add %m, %g : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = ashlar.sub %w, %0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %1, %0 : tensor<4xf32>, tensor<4xf32>
}
func.func @moment(%w: tensor<4xf32> {ashlar.donated}, %m: tensor<4xf32> {ashlar.donated}, %g: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>) {
  %s:2 = kernel.call @step(%w, %m, %g)
    : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return %s#0, %s#1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// A row kernel stores its outputs one after the other.
// CHECK-LABEL: plan.entry @rows
// CHECK-SAME: donations = [#plan.donation<0>]
kernel.def @both "row" inplace [-1, -1] schedule <"row", {}> {
^bb0(%0: tensor<2x8xf32>):
  %1 = ashlar.reduce_sum %0 {axes = array<i64: 1>, keepdims = true} : (tensor<2x8xf32>) -> tensor<2x1xf32>
  %2 = ashlar.broadcast %1 {shape = array<i64: 2, 8>} : (tensor<2x1xf32>) -> tensor<2x8xf32>
  %3 = ashlar.sub %0, %2 : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %4 = ashlar.add %0, %2 : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  kernel.yield %3, %4 : tensor<2x8xf32>, tensor<2x8xf32>
}
func.func @rows(%x: tensor<2x8xf32> {ashlar.donated}) -> (tensor<2x8xf32>, tensor<2x8xf32>) {
  %y:2 = kernel.call @both(%x) : (tensor<2x8xf32>) -> (tensor<2x8xf32>, tensor<2x8xf32>)
  return %y#0, %y#1 : tensor<2x8xf32>, tensor<2x8xf32>
}
