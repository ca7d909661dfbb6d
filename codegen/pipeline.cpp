// SPDX-License-Identifier: Apache-2.0
#include "codegen/pipeline.h"

#include "codegen/diagnostics.h"
#include "codegen/passes.h"
#include "codegen/target.h"
#include "runtime/program/error.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/SPIRV/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/SPIRV/Serialization.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace ashlar::codegen {

void build_kernel_pipeline(OpPassManager& passes) {
  OpPassManager& kernel = passes.nest<gpu::GPUModuleOp>();
  kernel.addPass(createCanonicalizerPass());
  kernel.addPass(createCSEPass());
  kernel.addPass(createLoopInvariantCodeMotionPass());
  kernel.addPass(createExpandMath());
  kernel.addPass(createCanonicalizerPass());
  kernel.addPass(createCSEPass());

  passes.addPass(createLowerToSpirv());

  // Not spirv-canonicalize-gl: it turns selects into clamps, which lose NaN.
  OpPassManager& shader = passes.nest<spirv::ModuleOp>();
  shader.addPass(spirv::createSPIRVLowerABIAttributesPass());
  shader.addPass(createCanonicalizerPass());
  shader.addPass(createCSEPass());
  shader.addPass(spirv::createSPIRVRewriteInsertsPass());
  shader.addPass(spirv::createSPIRVUpdateVCEPass());
  shader.addPass(createSpirvFinalize());
}

static std::uint32_t required_subgroup_size(ModuleOp module) {
  std::uint32_t size = 0;
  module.walk([&](gpu::GPUFuncOp function) {
    if (auto abi =
            function->getAttrOfType<spirv::EntryPointABIAttr>(spirv::getEntryPointABIAttrName()))
      size = static_cast<std::uint32_t>(abi.getSubgroupSize().value_or(0));
  });
  return size;
}

static LogicalResult serialize(ModuleOp module, std::vector<std::uint32_t>& result) {
  auto shaders = llvm::to_vector(module.getOps<spirv::ModuleOp>());
  if (shaders.size() != 1)
    return module.emitError("expected one gpu.module, got ") << shaders.size();
  spirv::SerializationOptions options;
  options.emitSymbolName = false;
  SmallVector<std::uint32_t, 0> words;
  if (failed(spirv::serialize(shaders.front(), words, options)))
    return failure();
  result.assign(words.begin(), words.end());
  return success();
}

// The pass manager runs the children of one module on several threads.
static LogicalResult lower(ModuleOp parent) {
  PassManager passes(parent.getContext(), ModuleOp::getOperationName());
  build_kernel_pipeline(passes.nest<ModuleOp>());
  return passes.run(parent);
}

std::vector<std::vector<std::uint32_t>> lower_kernels(ArrayRef<ModuleOp> modules,
                                                      const DeviceProfile& profile) {
  if (modules.empty())
    return {};
  MLIRContext* context = ModuleOp(modules.front()).getContext();
  OwningOpRef<ModuleOp> parent = ModuleOp::create(UnknownLoc::get(context));
  for (ModuleOp module : modules) {
    set_target(module, profile, required_subgroup_size(module));
    parent->push_back(module);
  }
  DiagnosticCollector diagnostics(context);
  bool ok = succeeded(lower(*parent));
  std::vector<std::vector<std::uint32_t>> words(modules.size());
  for (std::size_t i = 0; i < modules.size(); ++i) {
    ModuleOp module = modules[i];
    module->remove();  // the caller still owns it
    ok = ok && succeeded(serialize(module, words[i]));
  }
  if (!ok)
    diagnostics.raise("codegen", "cannot lower a kernel to SPIR-V");
  return words;
}

std::vector<std::uint32_t> lower_kernel(ModuleOp module, const DeviceProfile& profile) {
  return std::move(lower_kernels(module, profile).front());
}

// ---------------------------------------------------------------------------------- registration

namespace {
#define GEN_PASS_REGISTRATION
#include "codegen/passes.h.inc"

struct KernelPipelineOptions : PassPipelineOptions<KernelPipelineOptions> {
  Option<std::string> profile{*this, "profile", llvm::cl::desc("Device profile fixture"),
                              llvm::cl::init("lavapipe")};
};
}  // namespace

void register_passes() {
  registerCodegenPasses();
  PassPipelineRegistration<KernelPipelineOptions>(
      "ashlar-kernel-to-spirv", "Kernel IR to a final spirv.module",
      [](OpPassManager& passes, const KernelPipelineOptions& options) {
        passes.addPass(createAttachTarget({options.profile}));
        build_kernel_pipeline(passes);
      });
}

}  // namespace ashlar::codegen
