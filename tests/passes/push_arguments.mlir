// RUN: ashlar-opt %s --ashlar-push-arguments | FileCheck %s --check-prefixes=CHECK,CPU
// RUN: ashlar-opt %s --ashlar-push-arguments=profile=nvidia-h200 | FileCheck %s --check-prefixes=CHECK,GPU

ashlar.state @step : tensor<2xi32> {residency = "step"}
ashlar.state @cache : tensor<?x4xf32> {capacity = 8 : i64, residency = "state"}
ashlar.state @keys : tensor<?x1x2x16xbf16> {capacity = 8 : i64, residency = "state"}
ashlar.state @values : tensor<?x1x2x16xbf16> {capacity = 8 : i64, residency = "state"}

// Weights, temporaries and states of fixed size stay where they are. A CPU driver reads them as texels.
// CPU: kernel.def @stays {{.*}} pushed [] texels [0, 1] {
// GPU: kernel.def @stays {{.*}} pushed [] {
kernel.def @stays "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%w: tensor<2xi32>, %s: tensor<2xi32>):
  %y = ashlar.add %w, %s : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  kernel.yield %y : tensor<2xi32>
}
// Inputs and outputs of an entry may move, states that grow too; one dispatch is enough. Small inputs are not worth
// a new recording.
// CHECK: kernel.def @also_of_input {{.*}} pushed [0, 1] {
kernel.def @also_of_input "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%x: tensor<2xi32>):
  %y = ashlar.neg %x : (tensor<2xi32>) -> tensor<2xi32>
  kernel.yield %y : tensor<2xi32>
}
// Large ones are, unless the output may lie in them.
// CPU: kernel.def @of_large_input {{.*}} pushed [0, 1, 2] texels [1] {
// GPU: kernel.def @of_large_input {{.*}} pushed [0, 1, 2] {
kernel.def @of_large_input "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%x: tensor<16384xf32>, %z: tensor<16384xf32>):
  %y = ashlar.add %x, %z : (tensor<16384xf32>, tensor<16384xf32>) -> tensor<16384xf32>
  kernel.yield %y : tensor<16384xf32>
}
// What a kernel writes is not read as texels, nor what shares a byte with it, nor what starts within a texel.
// CPU: kernel.def @of_cache {{.*}} pushed [0] texels [2] {
// GPU: kernel.def @of_cache {{.*}} pushed [0] {
kernel.def @of_cache "elementwise" inplace [0] schedule <"elementwise", {}> {
^bb0(%a: tensor<?x4xf32>, %i: tensor<1x1xi32>, %v: tensor<1x4xf32>):
  %y = ashlar.scatter %a, %i, %v {axis = 0 : i64} : (tensor<?x4xf32>, tensor<1x1xi32>, tensor<1x4xf32>) -> tensor<?x4xf32>
  kernel.yield %y : tensor<?x4xf32>
}
// CHECK: kernel.def @over_itself {{.*}} pushed [] {
kernel.def @over_itself "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%x: tensor<4xi32>):
  %y = ashlar.neg %x : (tensor<4xi32>) -> tensor<4xi32>
  kernel.yield %y : tensor<4xi32>
}
// Attention reads old rows of the caches that it adds one to.
// CPU: kernel.def @appends {{.*}} pushed [1, 2] texels [0, 1, 2, 3, 4, 5, 6] {
// GPU: kernel.def @appends {{.*}} pushed [1, 2] {
kernel.def @appends "attention" inplace [-1, 1, 2] schedule <"attention", {workgroup = 64 : i64}> {
^bb0(%q: tensor<1x1x4x16xbf16>, %k: tensor<?x1x2x16xbf16>, %v: tensor<?x1x2x16xbf16>, %i: tensor<1x1x1x1xi32>,
     %new: tensor<1x1x2x16xbf16>, %p: tensor<1xi32>, %n: tensor<1xi32>):
  %keys = ashlar.scatter %k, %i, %new {axis = 0 : i64} : (tensor<?x1x2x16xbf16>, tensor<1x1x1x1xi32>, tensor<1x1x2x16xbf16>) -> tensor<?x1x2x16xbf16>
  %values = ashlar.scatter %v, %i, %new {axis = 0 : i64} : (tensor<?x1x2x16xbf16>, tensor<1x1x1x1xi32>, tensor<1x1x2x16xbf16>) -> tensor<?x1x2x16xbf16>
  %y = ashlar.attention %q, %keys, %values, %p, %n {scale = 0.25 : f64, causal = true, window = 0 : i64, softcap = 0.0 : f64, ring = 0 : i64} : (tensor<1x1x4x16xbf16>, tensor<?x1x2x16xbf16>, tensor<?x1x2x16xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x4x16xbf16>
  kernel.yield %y, %keys, %values : tensor<1x1x4x16xbf16>, tensor<?x1x2x16xbf16>, tensor<?x1x2x16xbf16>
}
// Seventeen addresses do not fit.
// CPU: kernel.def @many {{.*}} schedule <"elementwise", {}> texels [0] {
// GPU: kernel.def @many {{.*}} schedule <"elementwise", {}> {
kernel.def @many "elementwise" inplace [-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1]
    schedule <"elementwise", {}> {
^bb0(%x: tensor<2xi32>):
  kernel.yield %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x
    : tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>,
      tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>,
      tensor<2xi32>, tensor<2xi32>
}
// Nor would more than sixteen texel buffers on every device.
// CPU: kernel.def @reads_many {{.*}} schedule <"elementwise", {}> texels [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] {
kernel.def @reads_many "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%a: tensor<2xi32>, %b: tensor<2xi32>, %c: tensor<2xi32>, %d: tensor<2xi32>, %e: tensor<2xi32>, %f: tensor<2xi32>,
     %g: tensor<2xi32>, %h: tensor<2xi32>, %i: tensor<2xi32>, %j: tensor<2xi32>, %k: tensor<2xi32>, %l: tensor<2xi32>,
     %m: tensor<2xi32>, %n: tensor<2xi32>, %o: tensor<2xi32>, %p: tensor<2xi32>, %q: tensor<2xi32>):
  kernel.yield %q : tensor<2xi32>
}

plan.entry @decode inputs [] outputs [] arena 1024 {
  plan.dispatch @stays [#plan.range<"weight"[0] + 0, 8, "r">, #plan.range<"state"[0] + 0, 8, "r">, #plan.range<"arena"[0] + 0, 8, "w">] label ""
  plan.dispatch @also_of_input [#plan.range<"arena"[0] + 0, 8, "r">, #plan.range<"arena"[0] + 256, 8, "w">] label ""
  plan.dispatch @of_cache [#plan.range<"state"[1] + 0, 128, "rw">, #plan.range<"arena"[0] + 516, 4, "r">, #plan.range<"arena"[0] + 768, 16, "r">] label ""
  plan.dispatch @over_itself [#plan.range<"arena"[0] + 256, 16, "r">, #plan.range<"arena"[0] + 256, 16, "w">] label ""
  plan.dispatch @appends [#plan.range<"arena"[0] + 256, 128, "r">, #plan.range<"state"[2] + 0, 512, "rw">, #plan.range<"state"[3] + 0, 512, "rw">, #plan.range<"arena"[0] + 512, 4, "r">, #plan.range<"arena"[0] + 768, 64, "r">, #plan.range<"state"[0] + 0, 4, "r">, #plan.range<"state"[0] + 0, 4, "r">, #plan.range<"arena"[0] + 0, 128, "w">] label ""
}
plan.entry @given inputs [tensor<2xi32>] outputs [tensor<2xi32>] arena 0 {
  plan.dispatch @also_of_input [#plan.range<"input"[0] + 0, 8, "r">, #plan.range<"output"[0] + 0, 8, "w">] label ""
}
plan.entry @large inputs [tensor<16384xf32>, tensor<16384xf32>] outputs [tensor<16384xf32>] arena 0
    attributes {donations = [#plan.donation<0 to 0>]} {
  plan.dispatch @of_large_input [#plan.range<"input"[0] + 0, 65536, "r">, #plan.range<"input"[1] + 0, 65536, "r">, #plan.range<"output"[0] + 0, 65536, "w">] label ""
}
