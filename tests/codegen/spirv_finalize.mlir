// RUN: ashlar-opt %s -split-input-file --pass-pipeline='builtin.module(spirv.module(ashlar-spirv-finalize))' | FileCheck %s

#env = #spirv.target_env<#spirv.vce<v1.6, [Shader], []>, api=Vulkan, #spirv.resource_limits<>>

// The version is the target's, subgroup builtins need their capability, and of the two extensions
// for physical pointers the one that Vulkan 1.3 implies is named.
// CHECK: spirv.module @header PhysicalStorageBuffer64 GLSL450 requires #spirv.vce<v1.6, [Shader, GroupNonUniform], [SPV_KHR_physical_storage_buffer]>
spirv.module @header PhysicalStorageBuffer64 GLSL450 requires #spirv.vce<v1.0, [Shader], [SPV_EXT_physical_storage_buffer]> attributes {spirv.target_env = #env} {
  spirv.GlobalVariable @lane built_in("SubgroupLocalInvocationId") : !spirv.ptr<i32, Input>
}

// -----

#env = #spirv.target_env<#spirv.vce<v1.6, [Shader], []>, api=Vulkan, #spirv.resource_limits<>>

// CHECK: spirv.module @no_subgroup Logical GLSL450 requires #spirv.vce<v1.6, [Shader], []>
spirv.module @no_subgroup Logical GLSL450 requires #spirv.vce<v1.3, [Shader], []> attributes {spirv.target_env = #env} {
  spirv.GlobalVariable @thread built_in("LocalInvocationId") : !spirv.ptr<vector<3xi32>, Input>
}

// -----

#env = #spirv.target_env<#spirv.vce<v1.6, [Shader], []>, api=Vulkan, #spirv.resource_limits<>>

spirv.module @floats Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> attributes {spirv.target_env = #env} {
  // CHECK-LABEL: spirv.func @contraction
  spirv.func @contraction(%x: f32, %y: f32, %n: i32) -> f32 "None" {
    // CHECK: spirv.FMul %{{.+}}, %{{.+}} {no_contraction} : f32
    %a = spirv.FMul %x, %y : f32
    // CHECK: spirv.FAdd %{{.+}}, %{{.+}} {no_contraction} : f32
    %b = spirv.FAdd %a, %y : f32
    // CHECK: spirv.FDiv %{{.+}}, %{{.+}} {no_contraction} : f32
    %c = spirv.FDiv %b, %y : f32
    // CHECK: spirv.GL.Fma %{{.+}}, %{{.+}}, %{{.+}} : f32
    %d = spirv.GL.Fma %c, %x, %y : f32
    // CHECK: spirv.IAdd %{{.+}}, %{{.+}} : i32
    %e = spirv.IAdd %n, %n : i32
    spirv.ReturnValue %d : f32
  }
}

// -----

#env = #spirv.target_env<#spirv.vce<v1.6, [Shader], []>, api=Vulkan, #spirv.resource_limits<>>

spirv.module @pointers PhysicalStorageBuffer64 GLSL450 requires #spirv.vce<v1.0, [Shader], []> attributes {spirv.target_env = #env} {
  // CHECK-LABEL: spirv.func @alignment
  spirv.func @alignment(%address: i64) "None" {
    %p = spirv.ConvertUToPtr %address : i64 to !spirv.ptr<vector<4xf16>, PhysicalStorageBuffer>
    // CHECK: spirv.Load "PhysicalStorageBuffer" %{{.+}} ["Aligned", 2] : vector<4xf16>
    %v = spirv.Load "PhysicalStorageBuffer" %p : vector<4xf16>
    // CHECK: spirv.Load "PhysicalStorageBuffer" %{{.+}} ["Aligned", 8] : vector<4xf16>
    %w = spirv.Load "PhysicalStorageBuffer" %p ["Aligned", 8] : vector<4xf16>
    // CHECK: spirv.Store "PhysicalStorageBuffer" %{{.+}}, %{{.+}} ["Aligned", 2] : vector<4xf16>
    spirv.Store "PhysicalStorageBuffer" %p, %v : vector<4xf16>
    spirv.Return
  }
}

// -----

#env = #spirv.target_env<#spirv.vce<v1.6, [Shader], []>, api=Vulkan, #spirv.resource_limits<>>

spirv.module @atomics PhysicalStorageBuffer64 GLSL450 requires #spirv.vce<v1.0, [Shader], []> attributes {spirv.target_env = #env} {
  // CHECK-LABEL: spirv.func @semantics
  spirv.func @semantics(%address: i64, %x: i32, %w: !spirv.ptr<i32, Workgroup>) "None" {
    %p = spirv.ConvertUToPtr %address : i64 to !spirv.ptr<i32, PhysicalStorageBuffer>
    // CHECK: spirv.AtomicIAdd <Device> <AcquireRelease|UniformMemory>
    %a = spirv.AtomicIAdd <Device> <AcquireRelease> %p, %x : !spirv.ptr<i32, PhysicalStorageBuffer>
    // CHECK: spirv.AtomicUMax <Workgroup> <AcquireRelease|WorkgroupMemory>
    %b = spirv.AtomicUMax <Workgroup> <AcquireRelease> %w, %x : !spirv.ptr<i32, Workgroup>
    spirv.Return
  }
}

// -----

#env = #spirv.target_env<#spirv.vce<v1.6, [Shader], []>, api=Vulkan, #spirv.resource_limits<>>

// Cooperative matrices bring the Vulkan memory model: shared accesses are not private, barriers publish.
// CHECK: spirv.module @matrices PhysicalStorageBuffer64 Vulkan requires #spirv.vce<v1.6, [Shader, CooperativeMatrixKHR, VulkanMemoryModel, Float16], [SPV_KHR_cooperative_matrix]>
spirv.module @matrices PhysicalStorageBuffer64 GLSL450 requires #spirv.vce<v1.0, [Shader, CooperativeMatrixKHR], [SPV_KHR_cooperative_matrix]> attributes {spirv.target_env = #env} {
  // CHECK-LABEL: spirv.func @sharing
  spirv.func @sharing(%address: i64, %shared: !spirv.ptr<f16, Workgroup>, %private: !spirv.ptr<f16, Function>, %stride: i32) "None" {
    // CHECK: spirv.Load "Workgroup" %{{.+}} ["NonPrivatePointer"] : f16
    %a = spirv.Load "Workgroup" %shared : f16
    // CHECK: spirv.Load "Function" %{{.+}} : f16
    %b = spirv.Load "Function" %private : f16
    // CHECK: spirv.Store "Workgroup" %{{.+}}, %{{.+}} ["NonPrivatePointer"] : f16
    spirv.Store "Workgroup" %shared, %b : f16
    // CHECK: spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory|MakeAvailable|MakeVisible>
    spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory>
    // CHECK: spirv.KHR.CooperativeMatrixLoad %{{.+}}, %{{.+}}, <RowMajor>, <NonPrivatePointer>
    %m = spirv.KHR.CooperativeMatrixLoad %shared, %stride, <RowMajor> : !spirv.ptr<f16, Workgroup>, i32 -> !spirv.coopmatrix<16x16xf16, Subgroup, MatrixA>
    %p = spirv.ConvertUToPtr %address : i64 to !spirv.ptr<f16, PhysicalStorageBuffer>
    // CHECK: spirv.KHR.CooperativeMatrixStore %{{.+}}, %{{.+}}, %{{.+}}, <RowMajor>, <Aligned>, 2
    spirv.KHR.CooperativeMatrixStore %p, %m, %stride, <RowMajor> : !spirv.ptr<f16, PhysicalStorageBuffer>, !spirv.coopmatrix<16x16xf16, Subgroup, MatrixA>, i32
    spirv.Return
  }
}

// -----

#env = #spirv.target_env<#spirv.vce<v1.6, [Shader], []>, api=Vulkan, #spirv.resource_limits<>>

// Float controls are declared for the widths that a module computes with, each with its capability.
module attributes {kernel.float_controls = {
    f16 = [#spirv.execution_mode<DenormPreserve>, #spirv.execution_mode<RoundingModeRTE>],
    f32 = [#spirv.execution_mode<SignedZeroInfNanPreserve>]}} {
  // CHECK: spirv.module @half_to_single {{.*}} requires #spirv.vce<v1.6, [Shader, Float16, DenormPreserve, RoundingModeRTE, SignedZeroInfNanPreserve], []>
  spirv.module @half_to_single Logical GLSL450 requires #spirv.vce<v1.0, [Shader, Float16], []> attributes {spirv.target_env = #env} {
    spirv.func @widen(%x: vector<2xf16>) -> vector<2xf32> "None" {
      %y = spirv.FAdd %x, %x : vector<2xf16>
      %z = spirv.FConvert %y : vector<2xf16> to vector<2xf32>
      spirv.ReturnValue %z : vector<2xf32>
    }
    spirv.EntryPoint "GLCompute" @widen
    // CHECK: spirv.ExecutionMode @widen "LocalSize", 8, 1, 1
    spirv.ExecutionMode @widen "LocalSize", 8, 1, 1
    // CHECK-NEXT: spirv.ExecutionMode @widen "DenormPreserve", 16
    // CHECK-NEXT: spirv.ExecutionMode @widen "RoundingModeRTE", 16
    // CHECK-NEXT: spirv.ExecutionMode @widen "SignedZeroInfNanPreserve", 32
    // CHECK-NOT: spirv.ExecutionMode
  }
  // CHECK: spirv.module @single {{.*}} requires #spirv.vce<v1.6, [Shader, SignedZeroInfNanPreserve], []>
  spirv.module @single Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> attributes {spirv.target_env = #env} {
    spirv.func @twice(%x: f32) -> f32 "None" {
      %y = spirv.FAdd %x, %x : f32
      spirv.ReturnValue %y : f32
    }
    spirv.EntryPoint "GLCompute" @twice
    // CHECK: spirv.ExecutionMode @twice "SignedZeroInfNanPreserve", 32
    // CHECK-NOT: spirv.ExecutionMode
  }
  // CHECK: spirv.module @integers {{.*}} requires #spirv.vce<v1.6, [Shader], []>
  spirv.module @integers Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> attributes {spirv.target_env = #env} {
    spirv.func @twice(%x: i32) -> i32 "None" {
      %y = spirv.IAdd %x, %x : i32
      spirv.ReturnValue %y : i32
    }
    spirv.EntryPoint "GLCompute" @twice
    // CHECK-NOT: spirv.ExecutionMode
  }
}

// -----

#env = #spirv.target_env<#spirv.vce<v1.6, [Shader], []>, api=Vulkan, #spirv.resource_limits<>>

// Signed comparisons of numbers of 32 bits do with 32 bits; a constant that needs more stays.
spirv.module @comparisons Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> attributes {spirv.target_env = #env} {
  // CHECK-LABEL: spirv.func @widened
  spirv.func @widened(%x: i32) -> i1 "None" {
    %wide = spirv.SConvert %x : i32 to i64
    %minus_two = spirv.Constant -2 : i64
    %large = spirv.Constant 4294967296 : i64
    // CHECK: %[[NARROW:.*]] = spirv.Constant -2 : i32
    // CHECK: spirv.SLessThan %{{.*}}, %[[NARROW]] : i32
    %a = spirv.SLessThan %wide, %minus_two : i64
    // CHECK: spirv.SGreaterThanEqual %{{.*}}, %{{.*}} : i64
    %b = spirv.SGreaterThanEqual %wide, %large : i64
    %c = spirv.LogicalAnd %a, %b : i1
    spirv.ReturnValue %c : i1
  }
}
