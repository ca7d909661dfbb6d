// RUN: ashlar-opt %s --ashlar-emit-kernels --canonicalize --cse -split-input-file | FileCheck %s

// Packets of four f32: one vector load and store each, one thread per packet.
// CHECK: gpu.module @add attributes {ashlar.workgroups = array<i32: 2, 1, 1>}
// CHECK: workgroup_size = [8, 1, 1], subgroup_size = 8
// CHECK-NOT: scf.if
// CHECK-COUNT-4: memref.load {{.*}} memref<?xi64
// CHECK-COUNT-4: arith.addf
// CHECK: vector.store {{.*}} {alignment = 16 : i64} {{.*}} vector<4xf32>
kernel.def @add "elementwise" inplace [-1] schedule <"elementwise", {workgroup = 8 : i64, width = 4 : i64}> {
^bb0(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>):
  %0 = ashlar.add %x, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  kernel.yield %0 : tensor<8x8xf32>
}

// -----

// bf16 travels as 32-bit words and is rounded once per op, to nearest even.
// CHECK: gpu.module @narrow
// CHECK: %[[HALF:.*]] = arith.constant 32767 : i32
// CHECK: scf.if
// CHECK: memref.load {{.*}} memref<?xi64
// CHECK: arith.mulf
// CHECK: arith.addi %{{.*}}, %[[HALF]]
// CHECK: vector.store {{.*}} vector<2xi32>
kernel.def @narrow "elementwise" inplace [-1] schedule <"elementwise", {workgroup = 64 : i64, width = 4 : i64}> {
^bb0(%x: tensor<3x4xbf16>):
  %0 = ashlar.square %x : (tensor<3x4xbf16>) -> tensor<3x4xbf16>
  kernel.yield %0 : tensor<3x4xbf16>
}

// -----

// Outputs of different sizes are parts with workgroups of their own.
// CHECK: gpu.module @parts attributes {ashlar.workgroups = array<i32: 3, 1, 1>}
// CHECK: %[[ID:.*]] = gpu.block_id x
// CHECK: %[[FIRST:.*]] = arith.cmpi slt, %[[ID]], %c2
// CHECK: scf.if %[[FIRST]]
// CHECK: kernel.buffer 2
// CHECK: } else {
// CHECK: kernel.buffer 3
kernel.def @parts "elementwise" inplace [-1, -1] schedule <"elementwise", {workgroup = 8 : i64, width = 1 : i64}> {
^bb0(%x: tensor<16xf32>, %y: tensor<5xi32>):
  %0 = ashlar.neg %x : (tensor<16xf32>) -> tensor<16xf32>
  %1 = ashlar.neg %y : (tensor<5xi32>) -> tensor<5xi32>
  kernel.yield %0, %1 : tensor<16xf32>, tensor<5xi32>
}

// -----

// A scatter writes its updates into its operand's buffer. Counted positions cannot meet: no search.
// CHECK: gpu.module @append
// CHECK-NOT: scf.for
// CHECK: arith.cmpi ult
// CHECK: scf.if
// CHECK: %[[CACHE:.*]] = kernel.buffer 0 : memref<?xi32
// CHECK: vector.store %{{.*}}, %[[CACHE]]
kernel.def @append "elementwise" inplace [0] schedule <"elementwise", {workgroup = 8 : i64, width = 4 : i64}> {
^bb0(%cache: tensor<?x2x4xbf16>, %rows: tensor<3x2x4xbf16>, %at: tensor<1xi32>):
  %i = ashlar.iota {shape = array<i64: 3>, dtype = i32, axis = 0} : () -> tensor<3xi32>
  %b = ashlar.broadcast %at {shape = array<i64: 3>} : (tensor<1xi32>) -> tensor<3xi32>
  %p = ashlar.add %i, %b : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  %q = ashlar.reshape %p {shape = array<i64: 3, 1, 1>} : (tensor<3xi32>) -> tensor<3x1x1xi32>
  %s = ashlar.scatter %cache, %q, %rows {axis = 0} : (tensor<?x2x4xbf16>, tensor<3x1x1xi32>, tensor<3x2x4xbf16>) -> tensor<?x2x4xbf16>
  kernel.yield %s : tensor<?x2x4xbf16>
}

// -----

// Any other indices may meet: the last update wins.
// CHECK: gpu.module @replace
// CHECK: scf.for
// CHECK: arith.ori
kernel.def @replace "elementwise" inplace [0] schedule <"elementwise", {workgroup = 8 : i64, width = 4 : i64}> {
^bb0(%x: tensor<9x4xf32>, %rows: tensor<3x4xf32>, %at: tensor<3x1xi32>):
  %s = ashlar.scatter %x, %at, %rows {axis = 0} : (tensor<9x4xf32>, tensor<3x1xi32>, tensor<3x4xf32>) -> tensor<9x4xf32>
  kernel.yield %s : tensor<9x4xf32>
}
