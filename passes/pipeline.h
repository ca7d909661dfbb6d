// SPDX-License-Identifier: Apache-2.0
// The passes in order, from array graphs (L0) to plans (L4).
#pragma once

#include "ir/tuning_table.h"
#include "runtime/program/device_profile.h"

#include <cstdint>

namespace mlir {
class OpPassManager;
}

namespace ashlar {

struct PipelineOptions {
  DeviceProfile profile;
  bool fusion = true;          // off: one kernel for each op that computes something
  bool alias = true;           // off: temporaries never share memory
  bool full_barriers = false;  // a barrier after every command
  std::int64_t kv_length = 0;  // rows of growable states for cost figures; 0: their first capacity
  ScheduleLookup schedules = {};  // measured ones; empty: none
  bool dynamic_extents = false;   // elementwise kernels serve every shape of their rank
};

// Levels L0 to L2: simplified arrays divided into kernels.
void build_kernel_formation(mlir::OpPassManager& manager, const PipelineOptions& options);

// Appends the whole pipeline to the pass manager of a builtin.module. Verifiers run at the level
// boundaries and fail the pass manager on compiler bugs.
void build_pipeline(mlir::OpPassManager& manager, const PipelineOptions& options);

// Makes the passes known by name, and "ashlar-pipeline{profile=... fusion=...}" for all of them.
void register_passes();

}  // namespace ashlar
