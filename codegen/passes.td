// SPDX-License-Identifier: Apache-2.0
// Passes from kernel IR (level L5) to SPIR-V (level L6).
#ifndef ASHLAR_CODEGEN_PASSES_TD
#define ASHLAR_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

def EmitKernels : Pass<"ashlar-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "Replaces each kernel.def by a gpu.module, as its schedule says";
  let options = [Option<"profile", "profile", "std::string", "\"lavapipe\"",
                        "Name of a device profile fixture">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
                           "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::spirv::SPIRVDialect",
                           "::mlir::vector::VectorDialect"];
}

def AttachTarget : Pass<"ashlar-attach-target", "::mlir::ModuleOp"> {
  let summary = "Sets spirv.target_env and kernel.float_controls from a device profile";
  let options = [Option<"profile", "profile", "std::string", "\"lavapipe\"",
                        "Name of a device profile fixture">];
  let dependentDialects = ["::ashlar::kernel::KernelDialect", "::mlir::spirv::SPIRVDialect"];
}

def ExpandMath : Pass<"ashlar-expand-math"> {
  let summary = "Replaces f32 math functions by expansions that are exact to a few ulp";
  let description = [{
    Drivers compute sin, exp and their relatives to differing, often poor accuracy. Each becomes
    arithmetic, fma and integer ops with a range reduction and a polynomial, on scalars and vectors.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def LowerToSpirv : Pass<"ashlar-lower-to-spirv", "::mlir::ModuleOp"> {
  let summary = "Converts each gpu.module to a spirv.module in one step";
  let description = [{
    kernel.buffer and kernel.scalar read the dispatch record, whose address is the only push constant.
    Types are never emulated: an element type that the target lacks is an error.
  }];
  let dependentDialects = ["::mlir::spirv::SPIRVDialect"];
}

def SpirvFinalize : Pass<"ashlar-spirv-finalize", "::mlir::spirv::ModuleOp"> {
  let summary = "Repairs what the upstream lowering leaves invalid, unsafe or imprecise";
  let description = [{
    Entry points also declare the float controls that the module around them lists as
    kernel.float_controls, for each width of float that they compute with.
  }];
}

#endif
