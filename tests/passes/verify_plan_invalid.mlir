// RUN: ashlar-opt %s --ashlar-verify-plan=max-loop-iterations=60000 -split-input-file -verify-diagnostics

kernel.def @exp "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xf32>):
  %1 = ashlar.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %1 : tensor<4xf32>
}
plan.entry @missing_barrier inputs [tensor<4xf32>] outputs [tensor<4xf32>] arena 256 {
  plan.dispatch @exp [#plan.range<"input"[0] + 0, 16, "r">, #plan.range<"arena"[0] + 0, 16, "w">] label ""
  // expected-error @+1 {{no barrier between}}
  plan.dispatch @exp [#plan.range<"arena"[0] + 0, 16, "r">, #plan.range<"output"[0] + 0, 16, "w">] label ""
}

// -----

kernel.def @exp "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xf32>):
  %1 = ashlar.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %1 : tensor<4xf32>
}
plan.entry @outside inputs [tensor<4xf32>] outputs [tensor<4xf32>] arena 256 {
  // expected-error @+1 {{range exceeds its buffer of 256 bytes}}
  plan.dispatch @exp [#plan.range<"input"[0] + 0, 16, "r">, #plan.range<"arena"[0] + 248, 16, "w">] label ""
}

// -----

kernel.def @exp "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xf32>):
  %1 = ashlar.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %1 : tensor<4xf32>
}
plan.entry @no_such_buffer inputs [tensor<4xf32>] outputs [tensor<4xf32>] arena 256 {
  // expected-error @+1 {{no such buffer}}
  plan.dispatch @exp [#plan.range<"input"[1] + 0, 16, "r">, #plan.range<"output"[0] + 0, 16, "w">] label ""
}

// -----

kernel.def @exp "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xf32>):
  %1 = ashlar.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %1 : tensor<4xf32>
}
plan.entry @uninitialised inputs [tensor<4xf32>] outputs [tensor<4xf32>] arena 256 {
  // expected-error @+1 {{reads bytes that nothing wrote}}
  plan.dispatch @exp [#plan.range<"arena"[0] + 0, 16, "r">, #plan.range<"output"[0] + 0, 16, "w">] label ""
}

// -----

kernel.def @exp "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xf32>):
  %1 = ashlar.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %1 : tensor<4xf32>
}
plan.entry @read_only inputs [tensor<4xf32>] outputs [] arena 0 {
  // expected-error @+1 {{writes a buffer that is read only}}
  plan.dispatch @exp [#plan.range<"input"[0] + 0, 16, "r">, #plan.range<"input"[0] + 0, 16, "w">] label ""
}

// -----

kernel.def @exp "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xf32>):
  %1 = ashlar.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %1 : tensor<4xf32>
}
plan.entry @argument_count inputs [tensor<4xf32>] outputs [] arena 0 {
  // expected-error @+1 {{kernel has 2 arguments, got 1}}
  plan.dispatch @exp [#plan.range<"input"[0] + 0, 16, "r">] label ""
}

// -----

kernel.def @exp "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xf32>):
  %1 = ashlar.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %1 : tensor<4xf32>
}
plan.entry @argument_size inputs [tensor<4xf32>] outputs [] arena 256 {
  // expected-error @+1 {{argument does not fit}}
  plan.dispatch @exp [#plan.range<"input"[0] + 0, 8, "r">, #plan.range<"arena"[0] + 0, 16, "w">] label ""
}

// -----

ashlar.state @s : tensor<4xf32> {residency = "state"}
kernel.def @reverse "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xf32>):
  %1 = ashlar.slice %0 {starts = array<i64: 3>, sizes = array<i64: 4>, steps = array<i64: -1>} : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %1 : tensor<4xf32>
}
plan.entry @race inputs [] outputs [] arena 0 {
  // expected-error @+1 {{arguments overlap}}
  plan.dispatch @reverse [#plan.range<"state"[0] + 0, 16, "r">, #plan.range<"state"[0] + 0, 16, "w">] label ""
}

// -----

// expected-error @+1 {{output 0 is not complete}}
plan.entry @incomplete inputs [] outputs [tensor<4xf32>] arena 0 {
}

// -----

ashlar.state @s : tensor<4xf32> {residency = "state"}
plan.entry @bad_copy inputs [] outputs [] arena 0 {
  // expected-error @+1 {{source and target do not fit each other}}
  plan.copy <"state"[0] + 0, 8, "r"> to <"state"[0] + 4, 8, "w"> label ""
}

// -----

// expected-error @+1 {{loops run 500001 times per invocation, limit 60000}}
kernel.def @long "row" inplace [-1] schedule <"row", {rows = 1 : i64, width = 1 : i64, workgroup = 8 : i64}> {
^bb0(%0: tensor<1x4000000xf32>):
  %1 = ashlar.reduce_sum %0 {axes = array<i64: 1>, keepdims = false} : (tensor<1x4000000xf32>) -> tensor<1xf32>
  kernel.yield %1 : tensor<1xf32>
}

// -----

kernel.def @strided "elementwise" inplace [-1] schedule <"strided", {rank = 2 : i64, width = 1 : i64, workgroup = 256 : i64}> {
^bb0(%a: tensor<?xf32>):
  %x = kernel.view 0 "strided" of %a : (tensor<?xf32>) -> tensor<f32>
  kernel.yield %x : tensor<f32>
}
plan.entry @reversed inputs [tensor<6xf32>] outputs [tensor<6xf32>] arena 0 {
  // Columns of two, from the last one back: elements 0 to 5.
  plan.dispatch @strided [#plan.range<"input"[0] + 0, 24, "r">, #plan.range<"output"[0] + 0, 24, "w">] label "" scalars [6, 2, 2, -1, 3]
}
plan.entry @beyond inputs [tensor<6xf32>] outputs [tensor<6xf32>] arena 0 {
  // expected-error @+1 {{a view reaches elements 1 to 6 of}}
  plan.dispatch @strided [#plan.range<"input"[0] + 0, 24, "r">, #plan.range<"output"[0] + 0, 24, "w">] label "" scalars [6, 2, 3, -1, 3]
}

// -----

kernel.def @strided "elementwise" inplace [-1] schedule <"strided", {rank = 2 : i64, width = 1 : i64, workgroup = 256 : i64}> {
^bb0(%a: tensor<?xf32>):
  %x = kernel.view 0 "strided" of %a : (tensor<?xf32>) -> tensor<f32>
  kernel.yield %x : tensor<f32>
}
plan.entry @before inputs [tensor<6xf32>] outputs [tensor<6xf32>] arena 0 {
  // expected-error @+1 {{a view reaches elements -1 to 4 of}}
  plan.dispatch @strided [#plan.range<"input"[0] + 0, 24, "r">, #plan.range<"output"[0] + 0, 24, "w">] label "" scalars [6, 2, 1, -1, 3]
}

// -----

kernel.def @strided "elementwise" inplace [-1] schedule <"strided", {rank = 2 : i64, width = 1 : i64, workgroup = 256 : i64}> {
^bb0(%a: tensor<?xf32>):
  %x = kernel.view 0 "strided" of %a : (tensor<?xf32>) -> tensor<f32>
  kernel.yield %x : tensor<f32>
}
plan.entry @short inputs [tensor<6xf32>] outputs [tensor<6xf32>] arena 0 {
  // expected-error @+1 {{output of 4 elements does not fit}}
  plan.dispatch @strided [#plan.range<"input"[0] + 0, 24, "r">, #plan.range<"output"[0] + 0, 24, "w">] label "" scalars [4, 2, 2, -1, 3]
}

// -----

kernel.def @strided "elementwise" inplace [-1] schedule <"strided", {rank = 2 : i64, width = 1 : i64, workgroup = 256 : i64}> {
^bb0(%a: tensor<?xf32>):
  %x = kernel.view 0 "strided" of %a : (tensor<?xf32>) -> tensor<f32>
  kernel.yield %x : tensor<f32>
}
plan.entry @few inputs [tensor<6xf32>] outputs [tensor<6xf32>] arena 0 {
  // expected-error @+1 {{kernel takes 5 scalars, got 2}}
  plan.dispatch @strided [#plan.range<"input"[0] + 0, 24, "r">, #plan.range<"output"[0] + 0, 24, "w">] label "" scalars [6, 2]
}

// -----

// expected-error @+1 {{a buffer has 2147483648 elements, more than the 2^31-1 that a kernel can index}}
kernel.def @large "elementwise" inplace [-1] schedule <"elementwise", {width = 4 : i64, workgroup = 256 : i64}> {
^bb0(%a: tensor<32768x65536xi8>):
  %x = ashlar.neg %a : (tensor<32768x65536xi8>) -> tensor<32768x65536xi8>
  kernel.yield %x : tensor<32768x65536xi8>
}

// -----

kernel.def @exp "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xf32>):
  %1 = ashlar.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %1 : tensor<4xf32>
}
plan.entry @overwritten inputs [tensor<4xf32>] outputs [tensor<4xf32>, tensor<4xf32>] arena 0
    attributes {donations = [#plan.donation<0 to 0>]} {
  plan.dispatch @exp [#plan.range<"input"[0] + 0, 16, "r">, #plan.range<"output"[0] + 0, 16, "w">] label ""
  plan.barrier
  // expected-error @+1 {{reads a donated input after output 0 was written over it}}
  plan.dispatch @exp [#plan.range<"input"[0] + 0, 16, "r">, #plan.range<"output"[1] + 0, 16, "w">] label ""
}

// -----

kernel.def @exp "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xf32>):
  %1 = ashlar.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %1 : tensor<4xf32>
}
plan.entry @not_yet_read inputs [tensor<4xf32>] outputs [tensor<4xf32>, tensor<4xf32>] arena 0
    attributes {donations = [#plan.donation<0 to 1>]} {
  plan.dispatch @exp [#plan.range<"input"[0] + 0, 16, "r">, #plan.range<"output"[0] + 0, 16, "w">] label ""
  // expected-error @+1 {{no barrier between}}
  plan.dispatch @exp [#plan.range<"input"[0] + 0, 16, "r">, #plan.range<"output"[1] + 0, 16, "w">] label ""
}

// -----

kernel.def @reverse "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%0: tensor<4xf32>):
  %1 = ashlar.slice %0 {starts = array<i64: 3>, sizes = array<i64: 4>, steps = array<i64: -1>} : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %1 : tensor<4xf32>
}
plan.entry @crossed inputs [tensor<4xf32>] outputs [tensor<4xf32>] arena 0
    attributes {donations = [#plan.donation<0 to 0>]} {
  // expected-error @+1 {{arguments overlap}}
  plan.dispatch @reverse [#plan.range<"input"[0] + 0, 16, "r">, #plan.range<"output"[0] + 0, 16, "w">] label ""
}

// -----

// expected-error @+1 {{types differ: #plan.donation<0 to 0>}}
plan.entry @types inputs [tensor<4xf32>] outputs [tensor<4xi32>] arena 0
    attributes {donations = [#plan.donation<0 to 0>]} {
}

// -----

// expected-error @+1 {{no such input, or donated twice: #plan.donation<0>}}
plan.entry @twice inputs [tensor<4xf32>] outputs [] arena 0
    attributes {donations = [#plan.donation<0>, #plan.donation<0>]} {
}

// -----

// expected-error @+1 {{no such output, or placed twice: #plan.donation<1 to 0>}}
plan.entry @one_output inputs [tensor<4xf32>, tensor<4xf32>] outputs [tensor<4xf32>] arena 0
    attributes {donations = [#plan.donation<0 to 0>, #plan.donation<1 to 0>]} {
}
