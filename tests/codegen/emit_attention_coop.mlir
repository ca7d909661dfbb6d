// RUN: ashlar-opt %s --ashlar-emit-kernels=profile=nvidia-h200 --canonicalize --cse -split-input-file | FileCheck %s
// RUN: ashlar-opt %s --ashlar-emit-kernels=profile=nvidia-h200 --ashlar-kernel-to-spirv=profile=nvidia-h200 -split-input-file | FileCheck %s --check-prefix=SPIRV

// Four subgroups of 16 rows: query matrices are loaded once; keys and values take turns in workgroup
// memory; the sums are rescaled by a matrix whose columns are all the factors.
// CHECK: gpu.module @attention attributes {ashlar.workgroups = array<i32: 32, 1, 1>}
// CHECK: memref.alloc() : memref<64xf32, #spirv.storage_class<Workgroup>>
// CHECK: gpu.barrier
// CHECK-COUNT-4: kernel.matrix_load {{.*}} stride 9 : {{.*}} MatrixA>
// CHECK: scf.for
// CHECK: gpu.barrier
// CHECK: gpu.barrier
// CHECK: kernel.matrix_load {{.*}} stride 9 columns : {{.*}} MatrixB>
// CHECK: kernel.matrix_store {{.*}} stride 17
// CHECK: spirv.ControlBarrier <Subgroup>, <Subgroup>
// CHECK: gpu.shuffle xor
// CHECK: spirv.GL.Exp2
// CHECK: spirv.ControlBarrier <Subgroup>, <Subgroup>
// CHECK: %[[FACTORS:.*]] = kernel.matrix_load {{.*}} stride 0 columns : memref<64xf32, {{.*}} -> !spirv.coopmatrix<16x16xf32, Subgroup, MatrixAcc>
// CHECK: spirv.FMul {{.*}}, %[[FACTORS]]
// CHECK: kernel.matrix_load {{.*}} stride 9 : {{.*}} MatrixA>
// CHECK: kernel.matrix_load {{.*}} stride 9 : {{.*}} MatrixB>
// SPIRV: spirv.ControlBarrier <Subgroup>, <Subgroup>, <AcquireRelease|WorkgroupMemory|MakeAvailable|MakeVisible>
// SPIRV: spirv.KHR.CooperativeMatrixLoad {{.*}}, <ColumnMajor>, <NonPrivatePointer> : !spirv.ptr<f32, Workgroup>, i32 -> !spirv.coopmatrix<16x16xf32, Subgroup, MatrixAcc>
kernel.def @attention "attention" inplace [-1] schedule <"attention_coop", {workgroup = 128 : i64, keys = 64 : i64}> {
^bb0(%q: tensor<1x64x32x64xbf16>, %k: tensor<?x1x8x64xbf16>, %v: tensor<?x1x8x64xbf16>, %p: tensor<1xi32>, %l: tensor<1xi32>):
  %0 = ashlar.attention %q, %k, %v, %p, %l {scale = 0.125 : f64, causal = true, window = 0 : i64, softcap = 0.0 : f64, ring = 0 : i64} : (tensor<1x64x32x64xbf16>, tensor<?x1x8x64xbf16>, tensor<?x1x8x64xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x64x32x64xbf16>
  kernel.yield %0 : tensor<1x64x32x64xbf16>
}
