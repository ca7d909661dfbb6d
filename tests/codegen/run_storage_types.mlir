// RUN: ashlar-kernel-run %s --buffer f32:8=iota --buffer f16:8=iota --buffer i8:8=values:-1,2 \
// RUN:   --buffer bf16:8=values:0.5 --buffer i32:2=values:3,4 --buffer i64:2=values:5,6 \
// RUN:   --buffer i32:2=zero --scalar 100 | FileCheck %s

// Vector and scalar accesses of every storage width, workgroup memory, atomics and subgroup
// operations through one dispatch record; the tool also validates the SPIR-V.
#device = #spirv.storage_class<PhysicalStorageBuffer>
#shared = #spirv.storage_class<Workgroup>

// x + 2x for iota, -1 or 2 and 0.5 on top, times (3, 4); then the scalar.
// CHECK: buffer 0 f32[8]: 98.5 116.5 116.5 134.5 146 170 170 194
// CHECK: buffer 1 f16[8]: -1.5 16.5 16.5 34.5 46 70 70 94
// CHECK: buffer 4 i32[2]: 14 4
// CHECK: buffer 6 i32[2]: 11 2
gpu.module @types {
  gpu.func @types() kernel attributes {spirv.entry_point_abi = #spirv.entry_point_abi<workgroup_size = [2, 1, 1]>} {
    %f = kernel.buffer 0 : memref<?xf32, #device>
    %h = kernel.buffer 1 : memref<?xf16, #device>
    %b = kernel.buffer 2 : memref<?xi8, #device>
    %s = kernel.buffer 3 : memref<?xi16, #device>
    %w = kernel.buffer 4 : memref<?xi32, #device>
    %l = kernel.buffer 5 : memref<?xi64, #device>
    // The same type as the push constants: a struct must not be decorated twice.
    %sums = kernel.buffer 6 : memref<2xi32, #device>
    %hundred = kernel.scalar 0 after 7
    %staged = memref.alloc() : memref<2xi32, #shared>
    %t = gpu.thread_id x
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %i = arith.muli %t, %c4 : index

    %x0 = vector.load %f[%i] {alignment = 16} : memref<?xf32, #device>, vector<4xf32>
    %x1 = vector.load %h[%i] {alignment = 8} : memref<?xf16, #device>, vector<4xf16>
    %x2 = vector.load %b[%i] {alignment = 4} : memref<?xi8, #device>, vector<4xi8>
    %x3 = vector.load %s[%i] : memref<?xi16, #device>, vector<4xi16>
    %f1 = arith.extf %x1 : vector<4xf16> to vector<4xf32>
    %f2 = arith.sitofp %x2 : vector<4xi8> to vector<4xf32>
    %bits = arith.extui %x3 : vector<4xi16> to vector<4xi32>
    %sixteen = arith.constant dense<16> : vector<4xi32>
    %high = arith.shli %bits, %sixteen : vector<4xi32>
    %f3 = arith.bitcast %high : vector<4xi32> to vector<4xf32>
    %a1 = arith.addf %x0, %f1 : vector<4xf32>
    %a2 = arith.addf %a1, %x0 : vector<4xf32>
    %a3 = arith.addf %a2, %f2 : vector<4xf32>
    %a4 = arith.addf %a3, %f3 : vector<4xf32>
    %factor = memref.load %w[%t] : memref<?xi32, #device>
    %factor_f = arith.sitofp %factor : i32 to f32
    %factors = vector.broadcast %factor_f : f32 to vector<4xf32>
    %product = arith.mulf %a4, %factors : vector<4xf32>
    %half = arith.truncf %product : vector<4xf32> to vector<4xf16>
    vector.store %half, %h[%i] {alignment = 8} : memref<?xf16, #device>, vector<4xf16>
    %hundred_f = arith.sitofp %hundred : i32 to f32
    %hundreds = vector.broadcast %hundred_f : f32 to vector<4xf32>
    %shifted = arith.addf %product, %hundreds : vector<4xf32>
    vector.store %shifted, %f[%i] {alignment = 16} : memref<?xf32, #device>, vector<4xf32>

    // Lanes exchange their i64 elements through workgroup memory, and sum them atomically.
    %wide = memref.load %l[%t] : memref<?xi64, #device>
    %narrow = arith.trunci %wide : i64 to i32
    memref.store %narrow, %staged[%t] : memref<2xi32, #shared>
    gpu.barrier
    %other = arith.subi %c1, %t : index
    %theirs = memref.load %staged[%other] : memref<2xi32, #shared>
    %before = memref.atomic_rmw addi %theirs, %w[%c0] : (i32, memref<?xi32, #device>) -> i32
    %total = gpu.subgroup_reduce add %theirs : (i32) -> i32
    memref.store %total, %sums[%c0] : memref<2xi32, #device>
    %one = arith.constant 1 : i32
    %eight = arith.constant 8 : i32
    %lane = gpu.lane_id
    %lane_i32 = arith.index_cast %lane : index to i32
    %plus = arith.addi %lane_i32, %one : i32
    %swapped, %valid = gpu.shuffle xor %plus, %one, %eight : i32
    %is_first = arith.cmpi eq, %t, %c0 : index
    scf.if %is_first {
      memref.store %swapped, %sums[%c1] : memref<2xi32, #device>
    }
    gpu.return
  }
}
