// RUN: ashlar-opt %s --ashlar-emit-kernels=profile=nvidia-h200 --canonicalize --cse -split-input-file | FileCheck %s
// RUN: ashlar-opt %s --ashlar-emit-kernels=profile=nvidia-h200 --ashlar-kernel-to-spirv=profile=nvidia-h200 -split-input-file | FileCheck %s --check-prefix=SPIRV

// Two slots of padded tiles; 16 bytes per load go to workgroup memory as they are; a subgroup holds
// 2x2 matrices of sums.
// CHECK: gpu.module @product attributes {ashlar.workgroups = array<i32: 4, 1, 1>}
// CHECK: memref.alloc() : memref<1280xvector<4xi32>, #spirv.storage_class<Workgroup>>
// CHECK: %[[FIRST:.*]] = vector.load {{.*}} {alignment = 16 : i64} : {{.*}}, vector<4xi32>
// CHECK-NOT: arith.shli
// CHECK: memref.store %[[FIRST]]
// CHECK: gpu.barrier
// CHECK: spirv.CompositeConstruct {{.*}} (f32) -> !spirv.coopmatrix<16x16xf32, Subgroup, MatrixAcc>
// CHECK: scf.for
// CHECK: vector.load
// CHECK-COUNT-2: kernel.matrix_load {{.*}} stride 5 : {{.*}} -> !spirv.coopmatrix<16x16xbf16, Subgroup, MatrixA>
// CHECK: kernel.matrix_load {{.*}} stride 5 columns : {{.*}} -> !spirv.coopmatrix<16x16xbf16, Subgroup, MatrixB>
// CHECK-COUNT-2: spirv.KHR.CooperativeMatrixMulAdd
// CHECK: memref.store
// CHECK: gpu.barrier
// CHECK-NEXT: scf.yield
// CHECK: kernel.matrix_store
// CHECK: spirv.ControlBarrier <Subgroup>, <Subgroup>
// CHECK: vector.store {{.*}} {alignment = 8 : i64}

// SPIRV: spirv.module {{.*}} PhysicalStorageBuffer64 Vulkan requires #spirv.vce<v1.6, [{{.*}}CooperativeMatrixKHR, {{.*}}VulkanMemoryModel, BFloat16CooperativeMatrixKHR
// SPIRV: spirv.Store "Workgroup" {{.*}} ["NonPrivatePointer"] : vector<4xi32>
// SPIRV: spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory|MakeAvailable|MakeVisible>
// SPIRV: spirv.KHR.CooperativeMatrixLoad {{.*}}, <RowMajor>, <NonPrivatePointer> : !spirv.ptr<vector<4xi32>, Workgroup>
// SPIRV: spirv.KHR.CooperativeMatrixLoad {{.*}}, <ColumnMajor>, <NonPrivatePointer> : !spirv.ptr<vector<4xi32>, Workgroup>
// SPIRV: spirv.KHR.CooperativeMatrixStore {{.*}}, <RowMajor>, <NonPrivatePointer>
kernel.def @product "matmul" inplace [-1] schedule <"matmul_coop", {tile_m = 64 : i64, tile_n = 64 : i64, tile_k = 32 : i64, grid_m = 2 : i64, grid_n = 2 : i64, slots = 2 : i64, workgroup = 128 : i64}> {
^bb0(%x: tensor<128x96xbf16>, %w: tensor<128x96xbf16>):
  %0 = ashlar.matmul %x, %w {transpose_rhs = true, dtype = bf16} : (tensor<128x96xbf16>, tensor<128x96xbf16>) -> tensor<128x128xbf16>
  kernel.yield %0 : tensor<128x128xbf16>
}

// -----

// Halves also move 16 bytes at a time and unchanged. The last K tile is half empty: zeros.
// CHECK: gpu.module @halves
// CHECK: vector.load {{.*}} {alignment = 16 : i64} : {{.*}}, vector<4xi32>
// CHECK: arith.select
// CHECK: kernel.matrix_load {{.*}} stride 9 : {{.*}} -> !spirv.coopmatrix<16x16xf16, Subgroup, MatrixB>
// SPIRV: spirv.module {{.*}}Float16
kernel.def @halves "matmul" inplace [-1] schedule <"matmul_coop", {tile_m = 64 : i64, tile_n = 64 : i64, tile_k = 32 : i64, grid_m = 2 : i64, grid_n = 2 : i64, slots = 1 : i64, workgroup = 128 : i64}> {
^bb0(%x: tensor<128x80xf16>, %w: tensor<80x128xf16>):
  %0 = ashlar.matmul %x, %w {transpose_rhs = false, dtype = f32} : (tensor<128x80xf16>, tensor<80x128xf16>) -> tensor<128x128xf32>
  kernel.yield %0 : tensor<128x128xf32>
}
