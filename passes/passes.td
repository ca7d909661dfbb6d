// SPDX-License-Identifier: Apache-2.0
// Every pass from array graphs (L0) to plans (L4). Each .cpp opens with an example.
#ifndef ASHLAR_PASSES_TD
#define ASHLAR_PASSES_TD

include "mlir/Pass/PassBase.td"

def Simplify : Pass<"ashlar-simplify"> {
  let summary = "Fold index maps and algebra of array graphs, bit for bit";
  let dependentDialects = ["::ashlar::ir::AshlarDialect"];
}

def StackWeights : Pass<"ashlar-stack-weights", "::mlir::ModuleOp"> {
  let summary = "Turn matmuls that share a left side into one over stacked weights";
  let dependentDialects = ["::ashlar::ir::AshlarDialect"];
}

def SplitReduction : Pass<"ashlar-split-reduction", "::mlir::func::FuncOp"> {
  let summary = "Cut long reductions into parts that more workgroups can share";
  let dependentDialects = ["::ashlar::ir::AshlarDialect", "::ashlar::kernel::KernelDialect"];
  let options = [
    Option<"profile", "profile", "std::string", "\"lavapipe\"", "Device profile fixture">,
  ];
}

def GroupExperts : Pass<"ashlar-group-experts", "::mlir::func::FuncOp"> {
  let summary = "Bring rows for the same expert together where there are many";
  let dependentDialects = ["::ashlar::ir::AshlarDialect", "::ashlar::kernel::KernelDialect"];
}

def FormKernels : Pass<"ashlar-form-kernels", "::mlir::func::FuncOp"> {
  let summary = "Divide an entry into kernel.fused regions";
  let dependentDialects = ["::ashlar::ir::AshlarDialect", "::ashlar::kernel::KernelDialect"];
  let options = [
    Option<"fusion", "fusion", "bool", "true", "Off: one kernel for each op that computes something">,
    Option<"profile", "profile", "std::string", "\"lavapipe\"", "Device profile fixture">,
  ];
}

def VerifyKernels : Pass<"ashlar-verify-kernels", "::mlir::func::FuncOp"> {
  let summary = "Check that kernels cover the entry and keep old contents for their readers";
}

def SelectSchedule : Pass<"ashlar-select-schedule", "::mlir::func::FuncOp"> {
  let summary = "Give every kernel an emitter and its parameters, within the loop limit";
  let dependentDialects = ["::ashlar::kernel::KernelDialect"];
  let options = [
    Option<"profile", "profile", "std::string", "\"lavapipe\"", "Device profile fixture">,
  ];
}

def AnnotateCosts : Pass<"ashlar-annotate-costs", "::mlir::func::FuncOp"> {
  let summary = "Count bytes read, bytes written and operations of every kernel";
  let options = [
    Option<"kvLength", "kv-length", "int64_t", "0",
           "Rows of growable states that are in use; 0: their first capacity">,
  ];
}

def GeneralizeShapes : Pass<"ashlar-generalize-shapes", "::mlir::func::FuncOp"> {
  let summary = "Let elementwise kernels take extents and strides at run time";
  let dependentDialects = ["::ashlar::kernel::KernelDialect"];
  let options = [
    Option<"profile", "profile", "std::string", "\"lavapipe\"", "Device profile fixture">,
  ];
}

def OutlineKernels : Pass<"ashlar-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Move kernels out of entries; equal ones become one";
  let dependentDialects = ["::ashlar::kernel::KernelDialect"];
}

def PlanMemory : Pass<"ashlar-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Order the kernels of entries and give every value a place";
  let dependentDialects = ["::ashlar::plan::PlanDialect"];
  let options = [
    Option<"alias", "alias", "bool", "true", "Off: temporaries never share memory">,
  ];
}

def PlanBarriers : Pass<"ashlar-plan-barriers", "::mlir::ModuleOp"> {
  let summary = "Separate commands that touch the same bytes";
  let dependentDialects = ["::ashlar::plan::PlanDialect"];
  let options = [
    Option<"full", "full", "bool", "false", "A barrier after every command">,
  ];
}

def PushArguments : Pass<"ashlar-push-arguments", "::mlir::ModuleOp"> {
  let summary = "Let kernels take their arguments as push constants, and on CPU drivers through texel buffers";
  let options = [
    Option<"profile", "profile", "std::string", "\"lavapipe\"", "Device profile fixture">,
  ];
}

def VerifyPlan : Pass<"ashlar-verify-plan", "::mlir::ModuleOp"> {
  let summary = "Check ranges, residency, initialisation and hazards of plans";
  let options = [
    Option<"barriers", "barriers", "bool", "true", "Also look for hazards between barriers">,
    Option<"maxLoopIterations", "max-loop-iterations", "int64_t", "0",
           "Loop iterations one invocation may run; 0: no limit">,
  ];
}

def Report : Pass<"ashlar-report", "::mlir::ModuleOp"> {
  let summary = "Print groups, dispatches and bytes of every plan";
  let options = [
    Option<"edges", "edges", "bool", "false", "Also print where bytes beyond the lower bound go">,
  ];
}

#endif
