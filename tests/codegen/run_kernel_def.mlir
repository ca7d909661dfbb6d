// RUN: ashlar-kernel-run %s --fill values:1,-2,0.5,4 | FileCheck %s
// RUN: ashlar-kernel-run %s --print 1 --time 3 | FileCheck %s --check-prefix=TIME
// RUN: ashlar-kernel-run %s --profile nvidia-h200 --spirv %t.spv && spirv-dis %t.spv | FileCheck %s --check-prefix=SPIRV

// CHECK: buffer 0 f32[4]: 1 -2 0.5 4
// CHECK: buffer 1 f32[4]: 2 -4 1 8
// TIME: {{[0-9.]+}} us per dispatch, {{[0-9.]+}} GB/s
// SPIRV: OpEntryPoint GLCompute %{{.+}} "twice"
kernel.def @twice "elementwise" inplace [-1] schedule <"elementwise", {workgroup = 64 : i64, width = 4 : i64}> {
^bb0(%x: tensor<4xf32>):
  %y = ashlar.add %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %y : tensor<4xf32>
}
