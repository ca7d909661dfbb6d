// SPDX-License-Identifier: Apache-2.0
#include "codegen/kernel_compiler.h"

#include "codegen/build_id.h"
#include "codegen/diagnostics.h"
#include "codegen/emitters/emitter.h"
#include "codegen/pipeline.h"
#include "codegen/spirv_words.h"
#include "ir/ashlar_dialect.h"
#include "ir/kernel_region.h"
#include "ir/strided_kernel.h"
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

EmittedKernel emit_or_throw(kernel::DefOp def, const DeviceProfile& profile) {
  DiagnosticCollector diagnostics(def.getContext());
  FailureOr<EmittedKernel> emitted = emit_kernel(def, profile);
  if (failed(emitted))
    diagnostics.raise("compile", fmt::format("cannot emit kernel '{}'", def.getSymName().str()));
  return std::move(*emitted);
}

std::vector<std::uint32_t> arguments_of(std::optional<ArrayRef<std::int64_t>> list) {
  const ArrayRef<std::int64_t> numbers = list.value_or(ArrayRef<std::int64_t>());
  return {numbers.begin(), numbers.end()};
}

// A kernel that brings its code along.
CompiledKernel custom_kernel(kernel::DefOp def) {
  auto op = cast<ir::CustomKernelOp>(def.getBody().front().front());
  const auto three = [](ArrayRef<std::int64_t> numbers) {
    return std::array{static_cast<std::uint32_t>(numbers[0]),
                      static_cast<std::uint32_t>(numbers[1]),
                      static_cast<std::uint32_t>(numbers[2])};
  };
  return {.kernel = {.name = def.getSymName().str(),
                     .spirv = {op.getSpirv().begin(), op.getSpirv().end()},
                     .workgroup_size = three(op.getWorkgroupSize()),
                     .subgroup_size = 0,
                     .argument_count = static_cast<std::uint32_t>(kernel::argument_count(def)),
                     .scalar_count = 0},
          .workgroups = three(op.getWorkgroups())};
}

}  // namespace

KernelCompiler::KernelCompiler(const DeviceProfile& profile, ShaderCache* cache,
                               KernelText kernel_ir, KernelText spirv)
    : profile_(profile), cache_(cache), kernel_ir_(std::move(kernel_ir)), spirv_(std::move(spirv)),
      key_prefix_(fmt::format("kernel\n{}\n{}\n", build_id(), to_string(profile))) {}

std::optional<std::vector<std::uint32_t>> KernelCompiler::find(std::string_view key) const {
  if (!cache_ || spirv_)
    return std::nullopt;
  const auto bytes = cache_->find(key);
  if (!bytes || bytes->size() % sizeof(std::uint32_t) != 0)
    return std::nullopt;
  std::vector<std::uint32_t> words(bytes->size() / sizeof(std::uint32_t));
  std::memcpy(words.data(), bytes->data(), bytes->size());
  return words;
}

CompiledKernel KernelCompiler::emit(kernel::DefOp def, OwningOpRef<ModuleOp>& module) const {
  EmittedKernel emitted = emit_or_throw(def, profile_);
  if (kernel_ir_)
    kernel_ir_(text_of(*emitted.module));
  rename(*emitted.module);
  module = std::move(emitted.module);
  return {.kernel = {.name = def.getSymName().str(),
                     .spirv = {},
                     .workgroup_size = emitted.workgroup_size,
                     .subgroup_size = emitted.subgroup_size,
                     .argument_count = static_cast<std::uint32_t>(kernel::argument_count(def)),
                     .scalar_count = static_cast<std::uint32_t>(kernel::scalar_count(def)),
                     .pushed = def.getPushed().has_value(),
                     .indirect = arguments_of(def.getPushed()),
                     .texels = arguments_of(def.getTexels())},
          .workgroups = emitted.workgroups};
}

std::vector<CompiledKernel> KernelCompiler::compile(ArrayRef<kernel::DefOp> defs) const {
  struct Missing {
    std::size_t index;
    std::string key;
  };
  std::vector<CompiledKernel> compiled;
  std::vector<Missing> missing;
  std::vector<OwningOpRef<ModuleOp>> owned;  // of those that are missing
  SmallVector<ModuleOp> modules;
  for (kernel::DefOp def : defs) {
    if (def.getSchedule().getEmitter() == kernel::kCustomEmitter) {
      compiled.push_back(custom_kernel(def));
      continue;
    }
    OwningOpRef<ModuleOp> module;
    compiled.push_back(emit(def, module));
    std::string key = cache_ ? key_prefix_ + text_of(*module) : std::string();
    if (auto words = find(key)) {
      compiled.back().kernel.spirv = std::move(*words);
      continue;
    }
    missing.push_back({compiled.size() - 1, std::move(key)});
    modules.push_back(*module);
    owned.push_back(std::move(module));
  }
  auto lowered = lower_kernels(modules, profile_);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (spirv_)
      spirv_(text_of(modules[i]));
    if (cache_)
      cache_->store(missing[i].key, std::as_bytes(std::span(lowered[i])));
    compiled[missing[i].index].kernel.spirv = std::move(lowered[i]);
  }
  for (CompiledKernel& result : compiled)
    result.kernel.spirv = with_entry_point(result.kernel.spirv, result.kernel.name);
  return compiled;
}

}  // namespace ashlar::codegen
