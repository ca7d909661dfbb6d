// RUN: ashlar-opt %s -split-input-file -verify-diagnostics --ashlar-lower-to-spirv

// expected-error @below {{needs spirv.target_env on an enclosing op}}
gpu.module @untargeted {
}

// -----

module attributes {spirv.target_env = #spirv.target_env<#spirv.vce<v1.6, [Shader, Int64, PhysicalStorageBufferAddresses], [SPV_KHR_physical_storage_buffer]>, api=Vulkan, #spirv.resource_limits<>>} {
  gpu.module @no_f16 {
    gpu.func @no_f16() kernel attributes {spirv.entry_point_abi = #spirv.entry_point_abi<workgroup_size = [8, 1, 1]>} {
      // expected-error @below {{the target has no physical storage buffer of type 'memref<?xf16}}
      // expected-error @below {{failed to legalize}}
      %x = kernel.buffer 0 : memref<?xf16, #spirv.storage_class<PhysicalStorageBuffer>>
      gpu.return
    }
  }
}
