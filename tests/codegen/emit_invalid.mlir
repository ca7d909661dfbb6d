// RUN: ashlar-opt %s --ashlar-emit-kernels -split-input-file -verify-diagnostics

// expected-error @+1 {{no emitter named "magic"}}
kernel.def @k "elementwise" inplace [-1] schedule <"magic", {}> {
^bb0(%x: tensor<4xf32>):
  kernel.yield %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{schedule: workgroup of 4096 threads, the device has at most 1024}}
kernel.def @k "elementwise" inplace [-1] schedule <"elementwise", {workgroup = 4096 : i64}> {
^bb0(%x: tensor<4xf32>):
  kernel.yield %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{schedule: grid_m x grid_n subgroups must make up the workgroup}}
kernel.def @k "matmul" inplace [-1] schedule <"matmul_coop", {tile_m = 32 : i64, tile_n = 32 : i64, grid_m = 2 : i64, grid_n = 2 : i64, workgroup = 16 : i64}> {
^bb0(%x: tensor<32x32xf16>):
  %0 = ashlar.matmul %x, %x {transpose_rhs = true, dtype = f32} : (tensor<32x32xf16>, tensor<32x32xf16>) -> tensor<32x32xf32>
  kernel.yield %0 : tensor<32x32xf32>
}

// -----

// expected-error @+1 {{schedule: tile_k must be a multiple of 32 that divides packed rows}}
kernel.def @k "matmul" inplace [-1] schedule <"matmul_coop", {tile_m = 32 : i64, tile_n = 32 : i64, tile_k = 64 : i64, grid_m = 1 : i64, grid_n = 1 : i64, workgroup = 8 : i64}> {
^bb0(%x: tensor<32x96xf16>, %w: tensor<32x12xui32>, %s: tensor<32x3xf16>):
  %0 = ashlar.dequantize %w, %s, %s {bits = 4 : i64, group_size = 32 : i64, dtype = f32} : (tensor<32x12xui32>, tensor<32x3xf16>, tensor<32x3xf16>) -> tensor<32x96xf32>
  %1 = ashlar.matmul %x, %0 {transpose_rhs = true, dtype = f32} : (tensor<32x96xf16>, tensor<32x96xf32>) -> tensor<32x32xf32>
  kernel.yield %1 : tensor<32x32xf32>
}

// -----

// expected-error @+1 {{schedule: the width of packed weights is a multiple of 32 that divides what shares a scale, and K}}
kernel.def @k "matvec" inplace [-1] schedule <"matvec", {workgroup = 8 : i64, lanes = 1 : i64, rows = 1 : i64, width = 64 : i64}> {
^bb0(%x: tensor<1x128xf16>, %w: tensor<32x16xui32>, %s: tensor<32x4xf16>):
  %0 = ashlar.dequantize %w, %s, %s {bits = 4 : i64, group_size = 32 : i64, dtype = f32} : (tensor<32x16xui32>, tensor<32x4xf16>, tensor<32x4xf16>) -> tensor<32x128xf32>
  %1 = ashlar.matmul %x, %0 {transpose_rhs = true, dtype = f32} : (tensor<1x128xf16>, tensor<32x128xf32>) -> tensor<1x32xf32>
  kernel.yield %1 : tensor<1x32xf32>
}

// -----

kernel.def @k "matmul" inplace [-1] schedule <"matmul_coop", {}> {
^bb0(%x: tensor<32x32xf32>):
  // expected-error @+1 {{cooperative matrices need operands of one 16-bit float type}}
  %0 = ashlar.matmul %x, %x {transpose_rhs = true, dtype = f32} : (tensor<32x32xf32>, tensor<32x32xf32>) -> tensor<32x32xf32>
  kernel.yield %0 : tensor<32x32xf32>
}

// -----

// The driver would end such a loop silently.
// expected-error @+1 {{schedule: 62501 loop iterations, the device stops after 60000}}
kernel.def @k "row" inplace [-1] schedule <"row", {workgroup = 8 : i64, rows = 1 : i64, width = 1 : i64}> {
^bb0(%x: tensor<1x500000xf32>):
  %0 = ashlar.reduce_sum %x {axes = array<i64: 1>, keepdims = false} : (tensor<1x500000xf32>) -> tensor<1xf32>
  kernel.yield %0 : tensor<1xf32>
}

// -----

// expected-error @+1 {{is too large for 32-bit indices}}
kernel.def @k "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%x: tensor<3000000000xi8>):
  kernel.yield %x : tensor<3000000000xi8>
}

// -----

// expected-error @+1 {{an in-place output must be scatters onto its input}}
kernel.def @k "elementwise" inplace [0] schedule <"elementwise", {}> {
^bb0(%x: tensor<4xf32>):
  %0 = ashlar.neg %x : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}

// -----

kernel.def @k "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%x: tensor<4x4xf32>):
  // expected-error @+1 {{belongs into a kernel with root "row"}}
  %0 = ashlar.reduce_sum %x {axes = array<i64: 1>, keepdims = false} : (tensor<4x4xf32>) -> tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}

// -----

kernel.def @k "elementwise" inplace [-1] schedule <"elementwise", {}> {
^bb0(%x: tensor<4x4xf32>):
  // expected-error @+1 {{cannot be computed inside a kernel of this root}}
  %0 = ashlar.sort %x {axis = 1, descending = false} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  kernel.yield %0 : tensor<4x4xf32>
}

// -----

kernel.def @k "row" inplace [-1] schedule <"row", {workgroup = 8 : i64}> {
^bb0(%x: tensor<4x6xf32>):
  // expected-error @+1 {{cannot be computed row by row}}
  %0 = ashlar.reduce_sum %x {axes = array<i64: 0>, keepdims = false} : (tensor<4x6xf32>) -> tensor<6xf32>
  kernel.yield %0 : tensor<6xf32>
}

// -----

kernel.def @k "row" inplace [-1] schedule <"row", {workgroup = 8 : i64}> {
^bb0(%x: tensor<4x4xf32>):
  %0 = ashlar.reduce_sum %x {axes = array<i64: 1>, keepdims = true} : (tensor<4x4xf32>) -> tensor<4x1xf32>
  %1 = ashlar.transpose %0 {permutation = array<i64: 1, 0>} : (tensor<4x1xf32>) -> tensor<1x4xf32>
  // expected-error @+1 {{cannot be computed row by row}}
  %2 = ashlar.broadcast %1 {shape = array<i64: 4, 4>} : (tensor<1x4xf32>) -> tensor<4x4xf32>
  kernel.yield %2 : tensor<4x4xf32>
}

// -----

kernel.def @k "matvec" inplace [-1] schedule <"matvec", {workgroup = 8 : i64, lanes = 8 : i64}> {
^bb0(%x: tensor<9x8xf32>, %w: tensor<4x8xf32>):
  // expected-error @+1 {{a matvec kernel takes 1 to 8 rows, got 9}}
  %0 = ashlar.matmul %x, %w {transpose_rhs = true, dtype = f32} : (tensor<9x8xf32>, tensor<4x8xf32>) -> tensor<9x4xf32>
  kernel.yield %0 : tensor<9x4xf32>
}

// -----

kernel.def @k "matvec" inplace [-1] schedule <"matvec", {workgroup = 8 : i64, lanes = 8 : i64}> {
^bb0(%x: tensor<1x8xf32>, %w: tensor<4x8xf32>):
  %0 = ashlar.matmul %x, %w {transpose_rhs = true, dtype = f32} : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  // expected-error @+1 {{moves elements behind the kernel's root}}
  %1 = ashlar.transpose %0 {permutation = array<i64: 1, 0>} : (tensor<1x4xf32>) -> tensor<4x1xf32>
  kernel.yield %1 : tensor<4x1xf32>
}

// -----

// expected-error @+1 {{lanes must be a power of two within a subgroup}}
kernel.def @k "matvec" inplace [-1] schedule <"matvec", {workgroup = 32 : i64, lanes = 32 : i64}> {
^bb0(%x: tensor<1x8xf32>, %w: tensor<4x8xf32>):
  %0 = ashlar.matmul %x, %w {transpose_rhs = true, dtype = f32} : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  kernel.yield %0 : tensor<1x4xf32>
}

// -----

// expected-error @+1 {{lanes must be whole subgroups and divide the workgroup}}
kernel.def @k "matvec" inplace [-1] schedule <"matvec_stationary", {workgroup = 24 : i64, lanes = 16 : i64}> {
^bb0(%x: tensor<1x8xf32>, %w: tensor<4x8xf32>):
  %0 = ashlar.matmul %x, %w {transpose_rhs = true, dtype = f32} : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  kernel.yield %0 : tensor<1x4xf32>
}

// -----

// expected-error @+1 {{the width must divide K, and is 32 for packed weights}}
kernel.def @k "matvec" inplace [-1] schedule <"matvec_stationary", {workgroup = 8 : i64, lanes = 8 : i64, width = 16 : i64}> {
^bb0(%x: tensor<1x8xf32>, %w: tensor<4x8xf32>):
  %0 = ashlar.matmul %x, %w {transpose_rhs = true, dtype = f32} : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  kernel.yield %0 : tensor<1x4xf32>
}

// -----

// expected-error @+1 {{halves need packed weights of 4 or 8 bits}}
kernel.def @k "matvec" inplace [-1] schedule <"matvec_stationary", {workgroup = 8 : i64, lanes = 8 : i64, halves = 1 : i64}> {
^bb0(%x: tensor<1x8xbf16>, %w: tensor<4x8xbf16>):
  %0 = ashlar.matmul %x, %w {transpose_rhs = true, dtype = f32} : (tensor<1x8xbf16>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  kernel.yield %0 : tensor<1x4xf32>
}

// -----

// expected-error @+1 {{tiles and workgroup must be powers of two}}
kernel.def @k "matmul" inplace [-1] schedule <"matmul", {tile_m = 24 : i64, workgroup = 64 : i64}> {
^bb0(%x: tensor<8x8xf32>, %w: tensor<4x8xf32>):
  %0 = ashlar.matmul %x, %w {transpose_rhs = true, dtype = f32} : (tensor<8x8xf32>, tensor<4x8xf32>) -> tensor<8x4xf32>
  kernel.yield %0 : tensor<8x4xf32>
}

// -----

kernel.def @k "sort" inplace [-1] schedule <"sort", {workgroup = 256 : i64}> {
^bb0(%x: tensor<9000xf32>):
  // expected-error @+1 {{k is too large: expected at most 2048 of a long line, got 3000}}
  %0 = ashlar.topk_indices %x {axis = 0, k = 3000} : (tensor<9000xf32>) -> tensor<3000xi32>
  kernel.yield %0 : tensor<3000xi32>
}

// -----

// expected-error @+1 {{needs 44160 bytes of workgroup memory, the device has 32768}}
kernel.def @k "matmul" inplace [-1] schedule <"matmul", {tile_m = 128 : i64, tile_n = 32 : i64, tile_k = 64 : i64, workgroup = 64 : i64}> {
^bb0(%x: tensor<8x8xf32>, %w: tensor<4x8xf32>):
  %0 = ashlar.matmul %x, %w {transpose_rhs = true, dtype = f32} : (tensor<8x8xf32>, tensor<4x8xf32>) -> tensor<8x4xf32>
  kernel.yield %0 : tensor<8x4xf32>
}
