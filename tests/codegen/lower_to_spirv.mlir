// RUN: ashlar-opt %s -split-input-file --pass-pipeline='builtin.module(ashlar-attach-target{profile=lavapipe},ashlar-lower-to-spirv)' | FileCheck %s

#device = #spirv.storage_class<PhysicalStorageBuffer>

// The record's address is the push constant; addresses come first, then scalars.
// CHECK-LABEL: spirv.func @abi
// CHECK:         %[[RECORD:.+]] = spirv.Load "PushConstant" %{{.+}} : i64
// CHECK:         %[[ENTRY:.+]] = spirv.ConvertUToPtr %[[RECORD]] : i64 to !spirv.ptr<i64, PhysicalStorageBuffer>
// CHECK:         %[[ADDRESS:.+]] = spirv.Load "PhysicalStorageBuffer" %[[ENTRY]] ["Aligned", 8] : i64
// CHECK:         spirv.ConvertUToPtr %[[ADDRESS]] : i64 to !spirv.ptr<!spirv.struct<(!spirv.rtarray<f16, stride=2> [0])>, PhysicalStorageBuffer>
// CHECK:         %[[EIGHT:.+]] = spirv.Constant 8 : i64
// CHECK:         spirv.IAdd %{{.+}}, %[[EIGHT]] : i64
// CHECK:         %[[TWENTY:.+]] = spirv.Constant 20 : i64
// CHECK:         %[[SCALAR:.+]] = spirv.IAdd %{{.+}}, %[[TWENTY]] : i64
// CHECK:         %[[POINTER:.+]] = spirv.ConvertUToPtr %[[SCALAR]] : i64 to !spirv.ptr<i32, PhysicalStorageBuffer>
// CHECK:         spirv.Load "PhysicalStorageBuffer" %[[POINTER]] ["Aligned", 4] : i32
gpu.module @abi {
  gpu.func @abi() kernel attributes {spirv.entry_point_abi = #spirv.entry_point_abi<workgroup_size = [8, 1, 1]>} {
    %x = kernel.buffer 0 : memref<?xf16, #device>
    %y = kernel.buffer 1 : memref<?xi32, #device>
    %n = kernel.scalar 1 after 2
    %i = gpu.global_id x
    %v = memref.load %x[%i] : memref<?xf16, #device>
    %w = arith.fptosi %v : f16 to i32
    %s = arith.addi %w, %n : i32
    memref.store %s, %y[%i] : memref<?xi32, #device>
    gpu.return
  }
}

// -----

#device = #spirv.storage_class<PhysicalStorageBuffer>

// A pushed record of five words, which are loaded in pairs: only the address of the indirect buffer
// is loaded from memory.
// CHECK:       spirv.GlobalVariable @[[RECORD:.+]] : !spirv.ptr<!spirv.struct<(!spirv.array<3 x i64, stride=8> [0])>, PushConstant>
// CHECK-LABEL: spirv.func @pushed
// CHECK:         %[[X:.+]] = spirv.Load "PushConstant" %{{.+}} : i64
// CHECK-NEXT:    spirv.ConvertUToPtr %[[X]] : i64 to !spirv.ptr<!spirv.struct<(!spirv.rtarray<i32, stride=4> [0])>, PhysicalStorageBuffer>
// CHECK:         %[[Y:.+]] = spirv.Load "PushConstant" %{{.+}} : i64
// CHECK-NEXT:    %[[SLOT:.+]] = spirv.ConvertUToPtr %[[Y]] : i64 to !spirv.ptr<i64, PhysicalStorageBuffer>
// CHECK-NEXT:    %[[ADDRESS:.+]] = spirv.Load "PhysicalStorageBuffer" %[[SLOT]] ["Aligned", 8] : i64
// CHECK-NEXT:    spirv.ConvertUToPtr %[[ADDRESS]] : i64 to !spirv.ptr<!spirv.struct<(!spirv.rtarray<i32, stride=4> [0])>, PhysicalStorageBuffer>
// CHECK-NOT:     spirv.Load "PhysicalStorageBuffer" %{{.+}} ["Aligned", 8]
// CHECK:         %[[PAIR:.+]] = spirv.Load "PushConstant" %{{.+}} : i64
// CHECK-NEXT:    spirv.UConvert %[[PAIR]] : i64 to i32
gpu.module @pushed {
  gpu.func @pushed() kernel attributes {spirv.entry_point_abi = #spirv.entry_point_abi<workgroup_size = [8, 1, 1]>} {
    %x = kernel.buffer 0 pushed 5 : memref<?xi32, #device>
    %y = kernel.buffer 1 pushed 5 indirect : memref<?xi32, #device>
    %n = kernel.scalar 0 after 2 pushed 5
    %i = gpu.global_id x
    %v = memref.load %x[%i] : memref<?xi32, #device>
    %s = arith.addi %v, %n : i32
    memref.store %s, %y[%i] : memref<?xi32, #device>
    gpu.return
  }
}

// -----

#device = #spirv.storage_class<PhysicalStorageBuffer>

// What is read as texels is an image of unsigned words in set 0.
// CHECK:       spirv.GlobalVariable @[[TEXELS:.+]] bind(0, 2) : !spirv.ptr<!spirv.image<i32, Buffer, NoDepth, NonArrayed, SingleSampled, NeedSampler, Unknown>, UniformConstant>
// CHECK-LABEL: spirv.func @texels
// CHECK:         %[[POINTER:.+]] = spirv.mlir.addressof @[[TEXELS]]
// CHECK:         %[[IMAGE:.+]] = spirv.Load "UniformConstant" %[[POINTER]]
// CHECK:         spirv.ImageFetch %[[IMAGE]], %{{.+}} : {{.*}}, i32 -> vector<4xi32>
gpu.module @texels {
  gpu.func @texels() kernel attributes {spirv.entry_point_abi = #spirv.entry_point_abi<workgroup_size = [8, 1, 1]>} {
    %y = kernel.buffer 0 : memref<?xi32, #device>
    %i = gpu.global_id x
    %t = kernel.texel 2 at %i : vector<4xi32>
    %s = vector.extract %t[1] : i32 from vector<4xi32>
    memref.store %s, %y[%i] : memref<?xi32, #device>
    gpu.return
  }
}

// -----

#device = #spirv.storage_class<PhysicalStorageBuffer>

// A loop that may run no iteration returns its initial values (MLIR 22 alone leaves them undefined).
// CHECK-LABEL: spirv.func @loop_inits
// CHECK-DAG:     %[[ONE:.+]] = spirv.Constant 1.000000e+00 : f32
// CHECK-DAG:     %[[TWO:.+]] = spirv.Constant 2.000000e+00 : f32
// CHECK:         %[[A:.+]] = spirv.Variable : !spirv.ptr<f32, Function>
// CHECK:         %[[B:.+]] = spirv.Variable : !spirv.ptr<f32, Function>
// CHECK:         spirv.Store "Function" %[[A]], %[[ONE]] : f32
// CHECK:         spirv.Store "Function" %[[B]], %[[TWO]] : f32
// CHECK:         spirv.mlir.loop
gpu.module @loop_inits {
  gpu.func @loop_inits() kernel attributes {spirv.entry_point_abi = #spirv.entry_point_abi<workgroup_size = [8, 1, 1]>} {
    %y = kernel.buffer 0 : memref<?xf32, #device>
    %n32 = kernel.scalar 0 after 1
    %n = arith.index_cast %n32 : i32 to index
    %one = arith.constant 1.0 : f32
    %two = arith.constant 2.0 : f32
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    // Both results carry the same value: only their order tells which initial value is whose.
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%p = %one, %q = %two) -> (f32, f32) {
      %s = arith.addf %p, %q : f32
      scf.yield %s, %s : f32, f32
    }
    memref.store %r#0, %y[%c0] : memref<?xf32, #device>
    memref.store %r#1, %y[%c1] : memref<?xf32, #device>
    gpu.return
  }
}

// -----

#device = #spirv.storage_class<PhysicalStorageBuffer>

// Sums of vectors have an order: no OpDot.
// CHECK-LABEL: spirv.func @ordered_sum
// CHECK-NOT:     spirv.Dot
// CHECK-COUNT-3: spirv.FAdd
// CHECK-NOT:     spirv.Dot
// CHECK:         spirv.Return
gpu.module @ordered_sum {
  gpu.func @ordered_sum() kernel attributes {spirv.entry_point_abi = #spirv.entry_point_abi<workgroup_size = [8, 1, 1]>} {
    %y = kernel.buffer 0 : memref<?xf32, #device>
    %c0 = arith.constant 0 : index
    %v = vector.load %y[%c0] {alignment = 16} : memref<?xf32, #device>, vector<4xf32>
    %s = vector.reduction <add>, %v : vector<4xf32> into f32
    memref.store %s, %y[%c0] : memref<?xf32, #device>
    gpu.return
  }
}
