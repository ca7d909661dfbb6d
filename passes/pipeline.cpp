// SPDX-License-Identifier: Apache-2.0
#include "passes/pipeline.h"

#include "passes/passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace ashlar {

void build_kernel_formation(OpPassManager& manager, const PipelineOptions& options) {
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createSimplify());
  manager.addPass(createCSEPass());
  if (options.fusion)
    manager.addPass(createStackWeights());
  OpPassManager& entry = manager.nest<func::FuncOp>();
  entry.addPass(create_split_reduction(options.profile));
  entry.addPass(createGroupExperts());
  entry.addPass(createSimplify());
  entry.addPass(createCSEPass());
  entry.addPass(create_form_kernels(options.profile, options.fusion));
  entry.addPass(createVerifyKernels());
}

void build_pipeline(OpPassManager& manager, const PipelineOptions& options) {
  build_kernel_formation(manager, options);
  OpPassManager& entry = manager.nest<func::FuncOp>();
  entry.addPass(create_select_schedule(options.profile, options.schedules));
  entry.addPass(createAnnotateCosts({.kvLength = options.kv_length}));
  if (options.dynamic_extents)
    entry.addPass(create_generalize_shapes(options.profile));

  manager.addPass(createOutlineKernels());
  manager.addPass(createPlanMemory({.alias = options.alias}));
  manager.addPass(createVerifyPlan({.barriers = false}));
  manager.addPass(createPlanBarriers({.full = options.full_barriers}));
  manager.addPass(create_push_arguments(options.profile));
  manager.addPass(createVerifyPlan(
      {.barriers = true, .maxLoopIterations = options.profile.max_loop_iterations}));
}

namespace {

struct TextOptions : PassPipelineOptions<TextOptions> {
  Option<std::string> profile{*this, "profile", llvm::cl::desc("Device profile fixture"),
                              llvm::cl::init("lavapipe")};
  Option<bool> fusion{*this, "fusion", llvm::cl::init(true)};
  Option<bool> alias{*this, "alias", llvm::cl::init(true)};
  Option<bool> full_barriers{*this, "full-barriers", llvm::cl::init(false)};
  Option<std::int64_t> kv_length{*this, "kv-length", llvm::cl::init(0)};
  Option<bool> dynamic_extents{*this, "dynamic-extents", llvm::cl::init(false)};
};

}  // namespace

void register_passes() {
  registerAshlarPasses();
  PassPipelineRegistration<TextOptions>(
      "ashlar-pipeline", "All passes from array graphs to plans",
      [](OpPassManager& manager, const TextOptions& text) {
        const auto profile = find_profile_fixture(text.profile.getValue());
        if (!profile)
          llvm::report_fatal_error(llvm::Twine("no device profile named ") +
                                   text.profile.getValue());
        build_pipeline(manager, {.profile = *profile,
                                 .fusion = text.fusion,
                                 .alias = text.alias,
                                 .full_barriers = text.full_barriers,
                                 .kv_length = text.kv_length,
                                 .dynamic_extents = text.dynamic_extents});
      });
}

}  // namespace ashlar
