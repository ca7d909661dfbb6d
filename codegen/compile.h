// SPDX-License-Identifier: Apache-2.0
// The compiler: array IR in, program out.
#pragma once

#include "ir/tuning_table.h"
#include "runtime/program/debug_options.h"
#include "runtime/program/device_profile.h"
#include "runtime/program/program.h"

#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

// Levels at which the IR of a program can be looked at, in their order.
enum class Stage : std::uint8_t { arrays, kernels, plan, kernel_ir, spirv };

// How one kernel of a program was scheduled, and how it could have been.
struct KernelSchedule {
  std::string kernel;  // its name in the program
  std::string key;     // kernel_key of ir/schedule_candidates.h
  ScheduleChoice schedule;
  std::vector<ScheduleChoice> candidates;  // the schedule model's choice first
};

struct CompileOptions {
  DebugOptions debug;
  // Rows of growable states that cost figures assume; 0: the capacity they start with.
  std::int64_t kv_length = 0;
  // Elementwise kernels take extents from the dispatch record, so that a new shape of the same rank
  // needs no new kernel.
  bool dynamic_extents = false;
  // A folder that receives the IR after each pass; empty: none.
  std::string dump_folder;
  // Called with the text of each level (per kernel for kernel_ir and spirv, several kernels a
  // time).
  std::function<void(Stage, std::string_view text)> on_stage;
  // Called after every few kernels.
  std::function<void(std::size_t done, std::size_t total)> on_progress;
  bool use_cache = true;
  // Measured schedules; absent: those of the device (codegen/tuning_files.h).
  std::optional<TuningTable> tuning;
  // Asked before `tuning`, entry by entry; programs made with it are not cached.
  ScheduleLookup schedules;
  // Called for each kernel of the program; programs made with it are not cached.
  std::function<void(const KernelSchedule&)> on_kernel;

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
