// RUN: ashlar-opt %s --ashlar-emit-kernels --canonicalize --cse -split-input-file -verify-diagnostics | FileCheck %s

// A packet of 16 bytes is one texel, of 8 a half of one: nothing is read through a pointer.
// CHECK: gpu.module @packets
// CHECK-NOT: memref.load
// CHECK: %[[HALF:.+]] = arith.divui %[[AT:.+]], %c2
// CHECK: kernel.texel 0 at %[[HALF]]
// CHECK: arith.select
// CHECK: kernel.texel 1 at %[[AT]] : vector<4xi32>
// CHECK-NOT: memref.load
// CHECK: vector.store
kernel.def @packets "elementwise" inplace [-1] schedule <"elementwise", {workgroup = 64 : i64}> texels [0, 1] {
^bb0(%x: tensor<64xbf16>, %y: tensor<64xf32>):
  %0 = ashlar.cast %x {dtype = f32} : (tensor<64xbf16>) -> tensor<64xf32>
  %1 = ashlar.add %0, %y : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  kernel.yield %1 : tensor<64xf32>
}

// -----

// A single element is picked out of its texel and its word.
// CHECK: gpu.module @elements
// CHECK-NOT: memref.load
// CHECK: kernel.texel 0 at
// CHECK-COUNT-3: arith.select
// CHECK: arith.shrui
// CHECK: arith.trunci %{{.+}} : i32 to i8
kernel.def @elements "elementwise" inplace [-1] schedule <"elementwise", {workgroup = 64 : i64}> texels [0] {
^bb0(%x: tensor<7xui8>):
  %0 = ashlar.cast %x {dtype = i32} : (tensor<7xui8>) -> tensor<7xi32>
  kernel.yield %0 : tensor<7xi32>
}

// -----

// expected-error @below {{input 0 cannot be read as texels}}
kernel.def @updated "elementwise" inplace [0] schedule <"elementwise", {workgroup = 64 : i64}> texels [0] {
^bb0(%x: tensor<7xi32>):
  %0 = ashlar.neg %x : (tensor<7xi32>) -> tensor<7xi32>
  kernel.yield %0 : tensor<7xi32>
}
