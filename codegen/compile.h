// SPDX-License-Identifier: Apache-2.0
// The compiler: array IR in, program out.
#pragma once

#include "runtime/program/debug_options.h"
#include "runtime/program/device_profile.h"
#include "runtime/program/program.h"

#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

// Levels at which the IR of a program can be looked at, in their order.
enum class Stage : std::uint8_t { arrays, kernels, plan, kernel_ir, spirv };

struct CompileOptions {
  DebugOptions debug;
  // Rows of growable states that cost figures assume; 0: the capacity they start with.
  std::int64_t kv_length = 0;
  // A folder that receives the IR after each pass; empty: none.
  std::string dump_folder;
  // Called with the text of each level (per kernel for kernel_ir and spirv, several kernels a
  // time).
  std::function<void(Stage, std::string_view text)> on_stage;
  // Called after every few kernels.
  std::function<void(std::size_t done, std::size_t total)> on_progress;
  bool use_cache = true;

  // ASHLAR_DEBUG and ASHLAR_DUMP_IR.
  static CompileOptions from_environment();
};

// Compiles every entry of `module` (see ir/dialect_base.td), rewriting it on the way. Kernels, and
// programs when nobody looks at their levels, come from the cache (codegen/shader_cache.h) where it
// has them. Throws ashlar::Error with the compiler's diagnostics, Unsupported where the device
// lacks what the program needs.
//
// Thread-safety: one thread at a time per MLIR context.
Program compile(mlir::ModuleOp module, const DeviceProfile& profile,
                const CompileOptions& options = {});

// One hash per kernel, of everything but its name: equal code counts once.
std::vector<std::uint64_t> kernel_hashes(const Program& program);

}  // namespace ashlar
