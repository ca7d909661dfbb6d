// A strided kernel on two shapes: a column added to each of three columns, and one long row.
// RUN: ashlar-kernel-run %s --buffer f32:6=iota --buffer f32:2=values:10,20 --buffer f32:6=zero --scalar 6 3 0 3 1 0 1 0 --print 2 | FileCheck %s --check-prefix=TABLE
// RUN: ashlar-kernel-run %s --buffer f32:6=iota --buffer f32:2=values:10,20 --buffer f32:6=zero --scalar 3 3 3 0 1 1 0 0 --print 2 | FileCheck %s --check-prefix=TAIL
// TABLE: buffer 2 f32[6]: 10 11 12 23 24 25
// TAIL: buffer 2 f32[6]: 23 24 25 0 0 0
kernel.def @strided "elementwise" inplace [-1] schedule <"strided", {rank = 2 : i64, width = 1 : i64, workgroup = 256 : i64}> {
^bb0(%a: tensor<?xf32>, %b: tensor<?xf32>):
  %x = kernel.view 0 "adjacent" of %a : (tensor<?xf32>) -> tensor<f32>
  %y = kernel.view 1 "repeated" of %b : (tensor<?xf32>) -> tensor<f32>
  %s = ashlar.add %x, %y : (tensor<f32>, tensor<f32>) -> tensor<f32>
  kernel.yield %s : tensor<f32>
}
