// RUN: ashlar-opt %s --ashlar-stack-weights | FileCheck %s

// CHECK-LABEL: func.func @query_key
func.func @query_key(%x: tensor<1x8xbf16>) -> (tensor<1x4xbf16>, tensor<1x2xbf16>) {
  // CHECK: %[[W:.*]] = ashlar.weight ["q", "k"] {rows = array<i64: 4, 2>} : tensor<6x8xbf16>
  // CHECK: %[[Y:.*]] = ashlar.matmul %arg0, %[[W]]
  // CHECK: %[[Q:.*]] = ashlar.slice %[[Y]] {sizes = array<i64: 1, 4>, starts = array<i64: 0, 0>
  // CHECK: %[[K:.*]] = ashlar.slice %[[Y]] {sizes = array<i64: 1, 2>, starts = array<i64: 0, 4>
  // CHECK: return %[[Q]], %[[K]]
  %q = ashlar.weight ["q"] : tensor<4x8xbf16>
  %k = ashlar.weight ["k"] : tensor<2x8xbf16>
  %a = ashlar.matmul %x, %q {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<4x8xbf16>) -> tensor<1x4xbf16>
  %b = ashlar.matmul %x, %k {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  return %a, %b : tensor<1x4xbf16>, tensor<1x2xbf16>
}

// Gate and up meet in a product: one kernel multiplies them in registers.
// CHECK-LABEL: func.func @gate_up
func.func @gate_up(%x: tensor<1x8xbf16>) -> tensor<1x4xbf16> {
  // CHECK-COUNT-2: ashlar.matmul
  // CHECK-NOT: ashlar.slice
  %wg = ashlar.weight ["gate"] : tensor<4x8xbf16>
  %wu = ashlar.weight ["up"] : tensor<4x8xbf16>
  %g = ashlar.matmul %x, %wg {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<4x8xbf16>) -> tensor<1x4xbf16>
  %u = ashlar.matmul %x, %wu {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<4x8xbf16>) -> tensor<1x4xbf16>
  %s = ashlar.silu %g : (tensor<1x4xbf16>) -> tensor<1x4xbf16>
  %y = ashlar.mul %s, %u : (tensor<1x4xbf16>, tensor<1x4xbf16>) -> tensor<1x4xbf16>
  return %y : tensor<1x4xbf16>
}

// A costly function of all of one result, and one that is combined with a state: epilogues of kernels of their own.
// CHECK-LABEL: func.func @epilogues
ashlar.state @window : tensor<1x4xbf16> {residency = "state"}
func.func @epilogues(%x: tensor<1x8xbf16>) -> (tensor<1x2xbf16>, tensor<1x2xbf16>, tensor<1x2xbf16>, tensor<1x4xbf16>) {
  // CHECK-DAG: %[[R:.*]] = ashlar.weight ["rate"]
  // CHECK-DAG: %[[M:.*]] = ashlar.weight ["mixed"]
  // CHECK-DAG: %[[S:.*]] = ashlar.weight ["q", "k"]
  // CHECK: ashlar.matmul %arg0, %[[S]]
  // CHECK: ashlar.matmul %arg0, %[[R]]
  // CHECK: ashlar.matmul %arg0, %[[M]]
  %q = ashlar.weight ["q"] : tensor<2x8xbf16>
  %k = ashlar.weight ["k"] : tensor<2x8xbf16>
  %r = ashlar.weight ["rate"] : tensor<2x8xbf16>
  %m = ashlar.weight ["mixed"] : tensor<4x8xbf16>
  %a = ashlar.matmul %x, %q {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  %b = ashlar.matmul %x, %k {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  %c = ashlar.matmul %x, %r {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  %d = ashlar.matmul %x, %m {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<4x8xbf16>) -> tensor<1x4xbf16>
  %s = ashlar.sigmoid %c : (tensor<1x2xbf16>) -> tensor<1x2xbf16>
  %old = ashlar.state_read @window : tensor<1x4xbf16>
  %y = ashlar.add %d, %old : (tensor<1x4xbf16>, tensor<1x4xbf16>) -> tensor<1x4xbf16>
  return %a, %b, %s, %y : tensor<1x2xbf16>, tensor<1x2xbf16>, tensor<1x2xbf16>, tensor<1x4xbf16>
}

// Another element type, another left side: not stacked.
// CHECK-LABEL: func.func @different
func.func @different(%x: tensor<1x8xbf16>, %z: tensor<1x8xbf16>) -> (tensor<1x4xbf16>, tensor<1x2xbf16>, tensor<1x2xbf16>) {
  // CHECK-COUNT-3: ashlar.matmul
  // CHECK-NOT: ashlar.slice
  %a = ashlar.weight ["x"] : tensor<4x8xbf16>
  %b = ashlar.weight ["y"] : tensor<2x8xf32>
  %c = ashlar.weight ["z"] : tensor<2x8xbf16>
  %0 = ashlar.matmul %x, %a {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<4x8xbf16>) -> tensor<1x4xbf16>
  %1 = ashlar.matmul %x, %b {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xf32>) -> tensor<1x2xbf16>
  %2 = ashlar.matmul %z, %c {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  return %0, %1, %2 : tensor<1x4xbf16>, tensor<1x2xbf16>, tensor<1x2xbf16>
}

// In another order, the weights lie as they did before.
// CHECK-LABEL: func.func @key_query
func.func @key_query(%x: tensor<1x8xbf16>) -> (tensor<1x4xbf16>, tensor<1x2xbf16>) {
  // CHECK: ashlar.weight ["q", "k"] {rows = array<i64: 4, 2>}
  %k = ashlar.weight ["k"] : tensor<2x8xbf16>
  %q = ashlar.weight ["q"] : tensor<4x8xbf16>
  %b = ashlar.matmul %x, %k {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  %a = ashlar.matmul %x, %q {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<4x8xbf16>) -> tensor<1x4xbf16>
  return %a, %b : tensor<1x4xbf16>, tensor<1x2xbf16>
}

// A run of a longer stack is stacked too, in its order.
// CHECK-LABEL: func.func @run
func.func @run(%x: tensor<1x8xbf16>) -> (tensor<1x2xbf16>, tensor<1x2xbf16>) {
  // CHECK: ashlar.weight ["b", "c"] {rows = array<i64: 2, 2>}
  %b = ashlar.weight ["b"] : tensor<2x8xbf16>
  %c = ashlar.weight ["c"] : tensor<2x8xbf16>
  %1 = ashlar.matmul %x, %c {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  %0 = ashlar.matmul %x, %b {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  return %0, %1 : tensor<1x2xbf16>, tensor<1x2xbf16>
}

// CHECK-LABEL: func.func @longer
func.func @longer(%x: tensor<1x8xbf16>) -> (tensor<1x2xbf16>, tensor<1x2xbf16>, tensor<1x2xbf16>) {
  // CHECK: ashlar.weight ["a", "b", "c"] {rows = array<i64: 2, 2, 2>}
  %a = ashlar.weight ["a"] : tensor<2x8xbf16>
  %b = ashlar.weight ["b"] : tensor<2x8xbf16>
  %c = ashlar.weight ["c"] : tensor<2x8xbf16>
  %0 = ashlar.matmul %x, %a {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  %1 = ashlar.matmul %x, %b {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  %2 = ashlar.matmul %x, %c {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  return %0, %1, %2 : tensor<1x2xbf16>, tensor<1x2xbf16>, tensor<1x2xbf16>
}

// "k" already lies behind "q", so it cannot also lie before "v".
// CHECK-LABEL: func.func @other_stack
func.func @other_stack(%x: tensor<1x8xbf16>) -> (tensor<1x2xbf16>, tensor<1x2xbf16>) {
  // CHECK-COUNT-2: ashlar.matmul
  // CHECK-NOT: ashlar.slice
  %k = ashlar.weight ["k"] : tensor<2x8xbf16>
  %v = ashlar.weight ["v"] : tensor<2x8xbf16>
  %a = ashlar.matmul %x, %k {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  %b = ashlar.matmul %x, %v {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  return %a, %b : tensor<1x2xbf16>, tensor<1x2xbf16>
}

// Packed weights: each part is stacked.
// CHECK-LABEL: func.func @packed
func.func @packed(%x: tensor<1x64xbf16>) -> (tensor<1x4xbf16>, tensor<1x2xbf16>) {
  // CHECK-DAG: %[[P:.*]] = ashlar.weight ["m.p", "n.p"] {rows = array<i64: 4, 2>} : tensor<6x8xui32>
  // CHECK-DAG: %[[S:.*]] = ashlar.weight ["m.s", "n.s"] {rows = array<i64: 4, 2>} : tensor<6x1xbf16>
  // CHECK-DAG: %[[B:.*]] = ashlar.weight ["m.b", "n.b"] {rows = array<i64: 4, 2>} : tensor<6x1xbf16>
  // CHECK: %[[W:.*]] = ashlar.dequantize %[[P]], %[[S]], %[[B]] {bits = 4 : i64, dtype = f32, group_size = 64 : i64} {{.*}} -> tensor<6x64xf32>
  // CHECK: %[[Y:.*]] = ashlar.matmul %arg0, %[[W]]
  // CHECK: ashlar.slice %[[Y]] {sizes = array<i64: 1, 4>, starts = array<i64: 0, 0>
  // CHECK: ashlar.slice %[[Y]] {sizes = array<i64: 1, 2>, starts = array<i64: 0, 4>
  %mp = ashlar.weight ["m.p"] : tensor<4x8xui32>
  %ms = ashlar.weight ["m.s"] : tensor<4x1xbf16>
  %mb = ashlar.weight ["m.b"] : tensor<4x1xbf16>
  %np = ashlar.weight ["n.p"] : tensor<2x8xui32>
  %ns = ashlar.weight ["n.s"] : tensor<2x1xbf16>
  %nb = ashlar.weight ["n.b"] : tensor<2x1xbf16>
  %m = ashlar.dequantize %mp, %ms, %mb {bits = 4 : i64, group_size = 64 : i64, dtype = f32} : (tensor<4x8xui32>, tensor<4x1xbf16>, tensor<4x1xbf16>) -> tensor<4x64xf32>
  %n = ashlar.dequantize %np, %ns, %nb {bits = 4 : i64, group_size = 64 : i64, dtype = f32} : (tensor<2x8xui32>, tensor<2x1xbf16>, tensor<2x1xbf16>) -> tensor<2x64xf32>
  %a = ashlar.matmul %x, %m {transpose_rhs = true, dtype = bf16} : (tensor<1x64xbf16>, tensor<4x64xf32>) -> tensor<1x4xbf16>
  %b = ashlar.matmul %x, %n {transpose_rhs = true, dtype = bf16} : (tensor<1x64xbf16>, tensor<2x64xf32>) -> tensor<1x2xbf16>
  return %a, %b : tensor<1x4xbf16>, tensor<1x2xbf16>
}

// Scales in two steps are one part.
// CHECK-LABEL: func.func @packed_in_two_steps
func.func @packed_in_two_steps(%x: tensor<1x256xbf16>) -> (tensor<1x4xbf16>, tensor<1x2xbf16>) {
  // CHECK-DAG: %[[P:.*]] = ashlar.weight ["m.p", "n.p"] {rows = array<i64: 4, 2>} : tensor<6x32xui32>
  // CHECK-DAG: %[[S:.*]] = ashlar.weight ["m.s", "n.s"] {rows = array<i64: 4, 2>} : tensor<6x5xui32>
  // CHECK: %[[W:.*]] = ashlar.dequantize_k %[[P]], %[[S]] {bits = 4 : i64, dtype = f32} {{.*}} -> tensor<6x256xf32>
  // CHECK: ashlar.matmul %arg0, %[[W]]
  %mp = ashlar.weight ["m.p"] : tensor<4x32xui32>
  %ms = ashlar.weight ["m.s"] : tensor<4x5xui32>
  %np = ashlar.weight ["n.p"] : tensor<2x32xui32>
  %ns = ashlar.weight ["n.s"] : tensor<2x5xui32>
  %m = ashlar.dequantize_k %mp, %ms {bits = 4 : i64, dtype = f32} : (tensor<4x32xui32>, tensor<4x5xui32>) -> tensor<4x256xf32>
  %n = ashlar.dequantize_k %np, %ns {bits = 4 : i64, dtype = f32} : (tensor<2x32xui32>, tensor<2x5xui32>) -> tensor<2x256xf32>
  %a = ashlar.matmul %x, %m {transpose_rhs = true, dtype = bf16} : (tensor<1x256xbf16>, tensor<4x256xf32>) -> tensor<1x4xbf16>
  %b = ashlar.matmul %x, %n {transpose_rhs = true, dtype = bf16} : (tensor<1x256xbf16>, tensor<2x256xf32>) -> tensor<1x2xbf16>
  return %a, %b : tensor<1x4xbf16>, tensor<1x2xbf16>
}

// So are those of small floats.
// CHECK-LABEL: func.func @packed_floats
func.func @packed_floats(%x: tensor<1x64xbf16>) -> (tensor<1x4xbf16>, tensor<1x2xbf16>) {
  // CHECK-DAG: %[[P:.*]] = ashlar.weight ["m.p", "n.p"] {rows = array<i64: 4, 2>} : tensor<6x16xui32>
  // CHECK-DAG: %[[S:.*]] = ashlar.weight ["m.s", "n.s"] {rows = array<i64: 4, 2>} : tensor<6x1xf32>
  // CHECK: %[[W:.*]] = ashlar.dequantize_float %[[P]], %[[S]] {dtype = f32, exponent_bits = 4 : i64, group_size = 64 : i64, mantissa_bits = 3 : i64} {{.*}} -> tensor<6x64xf32>
  // CHECK: ashlar.matmul %arg0, %[[W]]
  %mp = ashlar.weight ["m.p"] : tensor<4x16xui32>
  %ms = ashlar.weight ["m.s"] : tensor<4x1xf32>
  %np = ashlar.weight ["n.p"] : tensor<2x16xui32>
  %ns = ashlar.weight ["n.s"] : tensor<2x1xf32>
  %m = ashlar.dequantize_float %mp, %ms {exponent_bits = 4 : i64, mantissa_bits = 3 : i64, group_size = 64 : i64, dtype = f32} : (tensor<4x16xui32>, tensor<4x1xf32>) -> tensor<4x64xf32>
  %n = ashlar.dequantize_float %np, %ns {exponent_bits = 4 : i64, mantissa_bits = 3 : i64, group_size = 64 : i64, dtype = f32} : (tensor<2x16xui32>, tensor<2x1xf32>) -> tensor<2x64xf32>
  %a = ashlar.matmul %x, %m {transpose_rhs = true, dtype = bf16} : (tensor<1x64xbf16>, tensor<4x64xf32>) -> tensor<1x4xbf16>
  %b = ashlar.matmul %x, %n {transpose_rhs = true, dtype = bf16} : (tensor<1x64xbf16>, tensor<2x64xf32>) -> tensor<1x2xbf16>
  return %a, %b : tensor<1x4xbf16>, tensor<1x2xbf16>
}

// Other bits, or scales that two weights share: not stacked.
// CHECK-LABEL: func.func @packed_apart
func.func @packed_apart(%x: tensor<1x64xbf16>) -> (tensor<1x2xbf16>, tensor<1x2xbf16>, tensor<1x2xbf16>) {
  // CHECK-COUNT-3: ashlar.matmul
  // CHECK-NOT: ashlar.slice
  %s = ashlar.weight ["shared"] : tensor<2x1xbf16>
  %up = ashlar.weight ["u"] : tensor<2x8xui32>
  %vp = ashlar.weight ["v"] : tensor<2x8xui32>
  %wp = ashlar.weight ["w"] : tensor<2x16xui32>
  %u = ashlar.dequantize %up, %s, %s {bits = 4 : i64, group_size = 64 : i64, dtype = f32} : (tensor<2x8xui32>, tensor<2x1xbf16>, tensor<2x1xbf16>) -> tensor<2x64xf32>
  %v = ashlar.dequantize %vp, %s, %s {bits = 4 : i64, group_size = 64 : i64, dtype = f32} : (tensor<2x8xui32>, tensor<2x1xbf16>, tensor<2x1xbf16>) -> tensor<2x64xf32>
  %w = ashlar.dequantize %wp, %s, %s {bits = 8 : i64, group_size = 64 : i64, dtype = f32} : (tensor<2x16xui32>, tensor<2x1xbf16>, tensor<2x1xbf16>) -> tensor<2x64xf32>
  %a = ashlar.matmul %x, %u {transpose_rhs = true, dtype = bf16} : (tensor<1x64xbf16>, tensor<2x64xf32>) -> tensor<1x2xbf16>
  %b = ashlar.matmul %x, %v {transpose_rhs = true, dtype = bf16} : (tensor<1x64xbf16>, tensor<2x64xf32>) -> tensor<1x2xbf16>
  %c = ashlar.matmul %x, %w {transpose_rhs = true, dtype = bf16} : (tensor<1x64xbf16>, tensor<2x64xf32>) -> tensor<1x2xbf16>
  return %a, %b, %c : tensor<1x2xbf16>, tensor<1x2xbf16>, tensor<1x2xbf16>
}
