// SPDX-License-Identifier: Apache-2.0
// From scheduled kernels (level L3) to the kernels of a program: emit, lower, serialise, through
// the cache.
#pragma once

#include "codegen/shader_cache.h"
#include "ir/kernel_dialect.h"
#include "runtime/program/device_profile.h"
#include "runtime/program/program.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::codegen {

struct CompiledKernel {
  Kernel kernel;
  std::array<std::uint32_t, 3> workgroups;
};

// Text of one kernel at a level: its IR, or the disassembled module.
using KernelText = std::function<void(std::string_view text)>;

class KernelCompiler {
public:
  // `cache` may be null. The callbacks may be empty; with `spirv`, the cache is not read.
  KernelCompiler(const DeviceProfile& profile, ShaderCache* cache, KernelText kernel_ir = {},
                 KernelText spirv = {});

  // In the order of `defs`, which stand in one context; what the cache lacks is lowered on several
  // threads. Throws ashlar::Error with the compiler's diagnostics.
  std::vector<CompiledKernel> compile(llvm::ArrayRef<kernel::DefOp> defs) const;

private:
  CompiledKernel emit(kernel::DefOp def, mlir::OwningOpRef<mlir::ModuleOp>& module) const;
  std::optional<std::vector<std::uint32_t>> find(std::string_view key) const;

  const DeviceProfile& profile_;
  ShaderCache* cache_;
  KernelText kernel_ir_, spirv_;
  std::string key_prefix_;
};

}  // namespace ashlar::codegen
