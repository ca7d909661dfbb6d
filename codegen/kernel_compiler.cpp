// SPDX-License-Identifier: Apache-2.0
#include "codegen/kernel_compiler.h"

#include "codegen/build_id.h"
#include "codegen/diagnostics.h"
#include "codegen/emitters/emitter.h"
#include "codegen/pipeline.h"
#include "codegen/spirv_words.h"
#include "runtime/program/error.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace mlir;

namespace ashlar::codegen {
namespace {

constexpr std::string_view kEntryPoint = "kernel";

// Kernels are cached without their names, which depend on the program they stand in.
void rename(ModuleOp module) {
  for (auto kernel : module.getOps<gpu::GPUModuleOp>()) {
    kernel.setName(kEntryPoint);
    for (auto function : kernel.getOps<gpu::GPUFuncOp>())
      function.setName(kEntryPoint);
  }
}

std::string text_of(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream(text) << module;
  return text;
}

EmittedKernel emit(kernel::DefOp def, const DeviceProfile& profile) {
  DiagnosticCollector diagnostics(def.getContext());
  FailureOr<EmittedKernel> emitted = emit_kernel(def, profile);
  if (failed(emitted))
    diagnostics.raise("compile", fmt::format("cannot emit kernel '{}'", def.getSymName().str()));
  return std::move(*emitted);
}

std::uint32_t argument_count(kernel::DefOp def) {
  return def.getBody().getNumArguments() +
         static_cast<std::uint32_t>(llvm::count(def.getInplace(), -1));
}

}  // namespace

KernelCompiler::KernelCompiler(const DeviceProfile& profile, ShaderCache* cache,
                               KernelText kernel_ir, KernelText spirv)
    : profile_(profile), cache_(cache), kernel_ir_(std::move(kernel_ir)), spirv_(std::move(spirv)),
      key_prefix_(fmt::format("kernel\n{}\n{}\n", build_id(), to_string(profile))) {}

std::vector<std::uint32_t> KernelCompiler::lower(ModuleOp module) const {
  const std::string key = cache_ ? key_prefix_ + text_of(module) : std::string();
  if (cache_ && !spirv_)
    if (auto bytes = cache_->find(key); bytes && bytes->size() % sizeof(std::uint32_t) == 0) {
      std::vector<std::uint32_t> words(bytes->size() / sizeof(std::uint32_t));
      std::memcpy(words.data(), bytes->data(), bytes->size());
      return words;
    }
  std::vector<std::uint32_t> words = lower_kernel(module, profile_);
  if (spirv_)
    spirv_(text_of(module));
  if (cache_)
    cache_->store(key, std::as_bytes(std::span(words)));
  return words;
}

CompiledKernel KernelCompiler::compile(kernel::DefOp def) const {
  EmittedKernel emitted = emit(def, profile_);
  if (kernel_ir_)
    kernel_ir_(text_of(*emitted.module));
  rename(*emitted.module);
  Kernel kernel{.name = def.getSymName().str(),
                .spirv = lower(*emitted.module),
                .workgroup_size = emitted.workgroup_size,
                .subgroup_size = emitted.subgroup_size,
                .argument_count = argument_count(def),
                .scalar_count = 0};
  kernel.spirv = with_entry_point(kernel.spirv, kernel.name);
  return {std::move(kernel), emitted.workgroups};
}

}  // namespace ashlar::codegen
