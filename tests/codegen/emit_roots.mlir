// RUN: ashlar-opt %s --ashlar-emit-kernels --canonicalize --cse -split-input-file | FileCheck %s

// A team of eight lanes takes a row: partial sums, a butterfly over the lanes, no barrier.
// CHECK: gpu.module @mean attributes {ashlar.workgroups = array<i32: 2, 1, 1>}
// CHECK: scf.for {{.*}} iter_args
// CHECK-COUNT-3: gpu.shuffle xor
// CHECK-NOT: gpu.barrier
kernel.def @mean "row" inplace [-1] schedule <"row", {workgroup = 32 : i64, rows = 4 : i64, width = 4 : i64}> {
^bb0(%x: tensor<8x64xf32>):
  %0 = ashlar.reduce_sum %x {axes = array<i64: 1>, keepdims = false} : (tensor<8x64xf32>) -> tensor<8xf32>
  kernel.yield %0 : tensor<8xf32>
}

// -----

// More threads than a subgroup meet in workgroup memory.
// CHECK: gpu.module @long_row
// CHECK: memref.alloc() : memref<4xf32, #spirv.storage_class<Workgroup>>
// CHECK: gpu.barrier
kernel.def @long_row "row" inplace [-1] schedule <"row", {workgroup = 32 : i64, rows = 1 : i64, width = 4 : i64}> {
^bb0(%x: tensor<1x4096xf32>):
  %0 = ashlar.reduce_max %x {axes = array<i64: 1>, keepdims = false} : (tensor<1x4096xf32>) -> tensor<1xf32>
  kernel.yield %0 : tensor<1xf32>
}

// -----

// Two rows of the weights share the loaded left side; a CPU driver loads 8 bytes of weights at once.
// CHECK: gpu.module @matvec attributes {ashlar.workgroups = array<i32: 4, 1, 1>}
// CHECK: scf.for {{.*}} iter_args({{.*}}, {{.*}}) -> (f32, f32)
// CHECK-COUNT-4: memref.load {{.*}} memref<?xi64
// CHECK-COUNT-4: memref.load {{.*}} memref<?xi64
// CHECK-COUNT-16: math.fma
// CHECK-NOT: gpu.barrier
kernel.def @matvec "matvec" inplace [-1] schedule <"matvec", {workgroup = 16 : i64, lanes = 8 : i64, rows = 2 : i64, width = 8 : i64}> {
^bb0(%x: tensor<1x64xf32>, %w: tensor<16x64xbf16>):
  %0 = ashlar.matmul %x, %w {transpose_rhs = true, dtype = f32} : (tensor<1x64xf32>, tensor<16x64xbf16>) -> tensor<1x16xf32>
  kernel.yield %0 : tensor<1x16xf32>
}

// -----

// Two steps are loaded together; the first ones before the left side is computed.
// CHECK: gpu.module @unrolled
// CHECK-COUNT-4: memref.load {{.*}} memref<?xi64
// CHECK: gpu.barrier
// CHECK-COUNT-16: math.fma
// CHECK: scf.for
// CHECK-COUNT-4: memref.load {{.*}} memref<?xi64
kernel.def @unrolled "matvec" inplace [-1] schedule <"matvec", {workgroup = 8 : i64, lanes = 8 : i64, rows = 1 : i64, width = 8 : i64, unroll = 2 : i64}> {
^bb0(%x: tensor<1x256xf32>, %y: tensor<1x256xf32>, %w: tensor<16x256xbf16>):
  %h = ashlar.add %x, %y : (tensor<1x256xf32>, tensor<1x256xf32>) -> tensor<1x256xf32>
  %0 = ashlar.matmul %h, %w {transpose_rhs = true, dtype = f32} : (tensor<1x256xf32>, tensor<16x256xbf16>) -> tensor<1x16xf32>
  kernel.yield %0 : tensor<1x16xf32>
}

// -----

// The left side stays in registers while rows of the weights pass. The first of them are asked for
// before it is computed; all wait once more, before they add up the sums of two subgroups.
// CHECK: gpu.module @stationary attributes {ashlar.workgroups = array<i32: 2, 1, 1>}
// CHECK-COUNT-4: memref.load {{.*}} memref<?xi64
// CHECK: gpu.barrier
// CHECK: scf.for
// CHECK-COUNT-4: memref.load {{.*}} memref<?xi64
// CHECK-COUNT-64: math.fma
// CHECK-NOT: gpu.barrier
// CHECK: scf.yield
// CHECK: gpu.barrier
// CHECK-NOT: gpu.barrier
kernel.def @stationary "matvec" inplace [-1] schedule <"matvec_stationary", {workgroup = 16 : i64, lanes = 16 : i64, rows = 2 : i64, batches = 3 : i64, width = 32 : i64}> {
^bb0(%x: tensor<1x512xf32>, %y: tensor<1x512xf32>, %w: tensor<12x64xui32>, %s: tensor<12x8xbf16>, %b: tensor<12x8xbf16>):
  %h = ashlar.add %x, %y : (tensor<1x512xf32>, tensor<1x512xf32>) -> tensor<1x512xf32>
  %d = ashlar.dequantize %w, %s, %b {bits = 4 : i64, group_size = 64 : i64, dtype = f32} : (tensor<12x64xui32>, tensor<12x8xbf16>, tensor<12x8xbf16>) -> tensor<12x512xf32>
  %0 = ashlar.matmul %h, %d {transpose_rhs = true, dtype = f32} : (tensor<1x512xf32>, tensor<12x512xf32>) -> tensor<1x12xf32>
  kernel.yield %0 : tensor<1x12xf32>
}

// -----

// In halves: the left side once per workgroup, 16 products of two for each block of 32 columns.
// CHECK: gpu.module @halves
// CHECK: gpu.barrier
// CHECK: scf.for
// CHECK-COUNT-2: arith.mulf {{.*}} vector<2xf16>
// CHECK-NOT: arith.mulf {{.*}} vector<2xf16>
// CHECK: scf.yield
kernel.def @halves "matvec" inplace [-1] schedule <"matvec_stationary", {workgroup = 16 : i64, lanes = 16 : i64, rows = 1 : i64, batches = 3 : i64, width = 32 : i64, halves = 1 : i64}> {
^bb0(%x: tensor<1x512xbf16>, %w: tensor<12x64xui32>, %s: tensor<12x8xbf16>, %b: tensor<12x8xbf16>):
  %d = ashlar.dequantize %w, %s, %b {bits = 4 : i64, group_size = 64 : i64, dtype = f32} : (tensor<12x64xui32>, tensor<12x8xbf16>, tensor<12x8xbf16>) -> tensor<12x512xf32>
  %0 = ashlar.matmul %x, %d {transpose_rhs = true, dtype = f32} : (tensor<1x512xbf16>, tensor<12x512xf32>) -> tensor<1x12xf32>
  kernel.yield %0 : tensor<1x12xf32>
}

// -----

// A few packets of each thread need no loop: the norm reads what the left side reads.
// CHECK: gpu.module @shared_packets
// CHECK-COUNT-4: memref.load {{.*}} memref<?xi64
// CHECK: gpu.barrier
// CHECK-NOT: scf.for {{.*}} iter_args
// CHECK-NOT: memref.load {{.*}} memref<?xi64
// CHECK: gpu.barrier
kernel.def @shared_packets "matvec" inplace [-1] schedule <"matvec_stationary", {workgroup = 16 : i64, lanes = 8 : i64, rows = 1 : i64, batches = 1 : i64, width = 8 : i64}> {
^bb0(%x: tensor<1x128xf32>, %w: tensor<2x128xbf16>):
  %s = ashlar.square %x : (tensor<1x128xf32>) -> tensor<1x128xf32>
  %m = ashlar.reduce_sum %s {axes = array<i64: 1>, keepdims = true} : (tensor<1x128xf32>) -> tensor<1x1xf32>
  %i = ashlar.broadcast %m {shape = array<i64: 1, 128>} : (tensor<1x1xf32>) -> tensor<1x128xf32>
  %n = ashlar.mul %x, %i : (tensor<1x128xf32>, tensor<1x128xf32>) -> tensor<1x128xf32>
  %0 = ashlar.matmul %n, %w {transpose_rhs = true, dtype = f32} : (tensor<1x128xf32>, tensor<2x128xbf16>) -> tensor<1x2xf32>
  kernel.yield %0 : tensor<1x2xf32>
}

// -----

// A computed left side is kept in workgroup memory; the first workgroup stores it once.
// CHECK: gpu.module @prologue
// CHECK: %[[LHS:.*]] = memref.alloc() : memref<16xvector<4xf32>, #spirv.storage_class<Workgroup>>
// CHECK: memref.store %{{.*}}, %[[LHS]]
// CHECK: gpu.barrier
// CHECK: scf.if
// CHECK: kernel.buffer 4
// CHECK: scf.for
// CHECK: memref.load %[[LHS]]
kernel.def @prologue "matvec" inplace [-1, -1] schedule <"matvec", {workgroup = 16 : i64, lanes = 8 : i64, rows = 2 : i64, width = 8 : i64}> {
^bb0(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>, %w: tensor<16x64xbf16>):
  %h = ashlar.add %x, %y : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
  %0 = ashlar.matmul %h, %w {transpose_rhs = true, dtype = f32} : (tensor<1x64xf32>, tensor<16x64xbf16>) -> tensor<1x16xf32>
  kernel.yield %0, %h : tensor<1x16xf32>, tensor<1x64xf32>
}

// -----

// CHECK: gpu.module @matmul attributes {ashlar.workgroups = array<i32: 6, 1, 1>}
// CHECK: memref.alloc() : memref<128xvector<4xf32>, #spirv.storage_class<Workgroup>>
// CHECK: memref.alloc() : memref<168xvector<4xf32>, #spirv.storage_class<Workgroup>>
// CHECK: scf.for
// CHECK: gpu.barrier
// CHECK: scf.for
// CHECK-COUNT-64: math.fma
// CHECK: gpu.barrier
// CHECK-COUNT-4: vector.store {{.*}}vector<4xf32>
kernel.def @matmul "matmul" inplace [-1] schedule <"matmul", {tile_m = 32 : i64, tile_n = 32 : i64, tile_k = 16 : i64, workgroup = 64 : i64}> {
^bb0(%x: tensor<33x48xf32>, %y: tensor<48x96xf32>):
  %0 = ashlar.matmul %x, %y {transpose_rhs = false, dtype = f32} : (tensor<33x48xf32>, tensor<48x96xf32>) -> tensor<33x96xf32>
  kernel.yield %0 : tensor<33x96xf32>
}

// -----

// One workgroup per key/value head and split; the length is read on the device.
// CHECK: gpu.module @attention attributes {ashlar.workgroups = array<i32: 6, 1, 1>}
// CHECK: kernel.buffer 3 : memref<?xi32
// CHECK: kernel.buffer 4 : memref<?xi32
// CHECK: scf.for
kernel.def @attention "attention" inplace [-1] schedule <"attention", {workgroup = 64 : i64, splits = 3 : i64}> {
^bb0(%q: tensor<1x1x4x16xbf16>, %k: tensor<?x1x2x16xbf16>, %v: tensor<?x1x2x16xbf16>, %p: tensor<1xi32>, %n: tensor<1xi32>):
  %0 = kernel.attention_partial %q, %k, %v, %p, %n {scale = 0.25 : f64, causal = true, window = 0 : i64, softcap = 0.0 : f64, ring = 0 : i64, splits = 3 : i64} : (tensor<1x1x4x16xbf16>, tensor<?x1x2x16xbf16>, tensor<?x1x2x16xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x4x3x18xf32>
  kernel.yield %0 : tensor<1x1x4x3x18xf32>
}

// -----

// A line that fits is sorted in workgroup memory, by key and index.
// CHECK: gpu.module @argsort attributes {ashlar.workgroups = array<i32: 3, 1, 1>}
// CHECK-DAG: memref.alloc() : memref<20xi32, #spirv.storage_class<Workgroup>>
// CHECK: gpu.barrier
kernel.def @argsort "sort" inplace [-1] schedule <"sort", {workgroup = 16 : i64}> {
^bb0(%x: tensor<3x20xf32>):
  %0 = ashlar.argsort %x {axis = 1, descending = false} : (tensor<3x20xf32>) -> tensor<3x20xi32>
  kernel.yield %0 : tensor<3x20xi32>
}

// -----

// A long one in its output, with barriers that order buffer accesses.
// CHECK: gpu.module @long_sort
// CHECK-NOT: memref.alloc
// CHECK: spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|UniformMemory|WorkgroupMemory>
kernel.def @long_sort "sort" inplace [-1] schedule <"sort", {workgroup = 256 : i64}> {
^bb0(%x: tensor<4000xi32>):
  %0 = ashlar.sort %x {axis = 0, descending = false} : (tensor<4000xi32>) -> tensor<4000xi32>
  kernel.yield %0 : tensor<4000xi32>
}
