// RUN: ashlar-kernel-run %s --buffer f32:4=zero --scalar 0 | FileCheck %s --check-prefix=NONE
// RUN: ashlar-kernel-run %s --buffer f32:4=zero --scalar 3 | FileCheck %s --check-prefix=THREE

// Loops that run no iteration return their initial values, also inside loops that run.
#device = #spirv.storage_class<PhysicalStorageBuffer>

// NONE:  buffer 0 f32[4]: 1 2 1 2
// THREE: buffer 0 f32[4]: 12 12 2 1
gpu.module @loops {
  gpu.func @loops() kernel attributes {spirv.entry_point_abi = #spirv.entry_point_abi<workgroup_size = [1, 1, 1]>} {
    %y = kernel.buffer 0 : memref<?xf32, #device>
    %n32 = kernel.scalar 0 after 1
    %n = arith.index_cast %n32 : i32 to index
    %one = arith.constant 1.0 : f32
    %two = arith.constant 2.0 : f32
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%p = %one, %q = %two) -> (f32, f32) {
      %s = arith.addf %p, %q : f32
      scf.yield %s, %s : f32, f32
    }
    // The inner loop never runs; the outer one swaps what it carries.
    %w:2 = scf.for %i = %c0 to %n step %c1 iter_args(%p = %one, %q = %two) -> (f32, f32) {
      %v:2 = scf.for %j = %c2 to %i step %c3 iter_args(%a = %q, %b = %p) -> (f32, f32) {
        %s = arith.addf %a, %b : f32
        scf.yield %s, %s : f32, f32
      }
      scf.yield %v#0, %v#1 : f32, f32
    }
    memref.store %r#0, %y[%c0] : memref<?xf32, #device>
    memref.store %r#1, %y[%c1] : memref<?xf32, #device>
    memref.store %w#0, %y[%c2] : memref<?xf32, #device>
    memref.store %w#1, %y[%c3] : memref<?xf32, #device>
    gpu.return
  }
}
