// RUN: ashlar-opt %s --ashlar-report=edges=true -o /dev/null | FileCheck %s

// Two layers, three groups: the second dispatch of layer 0 shares its group with layer 1.
// Input 16 + 16 (read twice), temporaries 16 + 16 + 16 and 16 + 16, output 16.
// CHECK: f: 3 groups, 4 dispatches, 0 copies, 2 groups per layer, arena 512 B
// CHECK-NEXT: f: reads 80 B, writes 64 B, lower bound 48 B, 8 flops
// CHECK-NEXT: f: excess 32 B, layers.0.a -> layers.0.b
// CHECK-NEXT: f: excess 16 B, layers.0.a -> layers.1.c
// CHECK-NEXT: f: excess 16 B, input -> layers.1.c
// CHECK-NEXT: f: excess 32 B, layers.1.c -> head
// CHECK-NEXT: program: 0 kernels, weights 96 B, constants 8 B, states 32 B
ashlar.state @s : tensor<?x4xf32> {capacity = 2 : i64, residency = "state"}
plan.weight_group 0 ["q", "k"] at [0, 64] bytes 96 types [tensor<4x8xbf16>, tensor<2x8xbf16>]
plan.constants [0, 0, -128, 63, 0, 0, 0, 64]
plan.entry @f inputs [tensor<4xf32>] outputs [tensor<4xf32>, tensor<4xf32>] arena 512 {
  plan.dispatch @k [#plan.range<"input"[0] + 0, 16, "r">, #plan.range<"arena"[0] + 0, 16, "w">] label "layers.0.a" cost {bytes_read = 16 : i64, bytes_written = 16 : i64, flops = 8 : i64, reads = array<i64: 16, 0>, writes = array<i64: 0, 16>}
  plan.barrier
  plan.dispatch @k [#plan.range<"arena"[0] + 0, 16, "r">, #plan.range<"output"[1] + 0, 16, "w">] label "layers.0.b"
  plan.dispatch @k [#plan.range<"arena"[0] + 0, 16, "r">, #plan.range<"input"[0] + 0, 16, "r">, #plan.range<"arena"[0] + 256, 16, "w">] label "layers.1.c"
  plan.barrier
  plan.dispatch @k [#plan.range<"arena"[0] + 256, 16, "r">, #plan.range<"output"[0] + 0, 16, "w">] label "head"
}
