// SPDX-License-Identifier: Apache-2.0
#include "codegen/kernel_text.h"

#include "codegen/diagnostics.h"
#include "codegen/pipeline.h"
#include "ir/ashlar_dialect.h"
#include "runtime/program/error.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Parser/Parser.h"

namespace ashlar::codegen {

Kernel compile_kernel_ir(mlir::ModuleOp module, const DeviceProfile& profile) {
  mlir::gpu::GPUFuncOp function;
  module.walk([&](mlir::gpu::GPUFuncOp op) { function = op; });
  auto abi = function ? function->getAttrOfType<mlir::spirv::EntryPointABIAttr>(
                            mlir::spirv::getEntryPointABIAttrName())
                      : nullptr;
  if (!abi || !abi.getWorkgroupSize())
    throw InvalidArgument("codegen",
                          "expected a gpu.func with spirv.entry_point_abi and a workgroup size");
  Kernel kernel{.name = function.getName().str(), .workgroup_size = {1, 1, 1}};
  for (auto [axis, size] : llvm::enumerate(abi.getWorkgroupSize().asArrayRef().take_front(3)))
    kernel.workgroup_size[axis] = static_cast<std::uint32_t>(size);
  kernel.subgroup_size = static_cast<std::uint32_t>(abi.getSubgroupSize().value_or(0));
  kernel.spirv = lower_kernel(module, profile);
  return kernel;
}

Kernel compile_kernel_text(std::string_view text, const DeviceProfile& profile) {
  mlir::DialectRegistry registry;
  ir::register_dialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  mlir::OwningOpRef<mlir::ModuleOp> module;
  {
    DiagnosticCollector diagnostics(&context);
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module)
      diagnostics.raise("codegen", "cannot read a kernel");
  }
  return compile_kernel_ir(*module, profile);
}

}  // namespace ashlar::codegen
