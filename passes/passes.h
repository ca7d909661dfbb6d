// SPDX-License-Identifier: Apache-2.0
// The passes of passes.td. ashlar-opt runs them by name; passes/pipeline.h puts them in order.
#pragma once

#include "ir/ashlar_dialect.h"
#include "ir/kernel_dialect.h"
#include "ir/plan_dialect.h"
#include "ir/tuning_table.h"
#include "runtime/program/device_profile.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace ashlar {

#define GEN_PASS_DECL
#include "passes/passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/passes.h.inc"

// The passes that depend on the device, for a profile that need not be a named fixture.
std::unique_ptr<mlir::Pass> create_split_reduction(const DeviceProfile& profile);
std::unique_ptr<mlir::Pass> create_form_kernels(const DeviceProfile& profile, bool fusion);
// `lookup` may be empty.
std::unique_ptr<mlir::Pass> create_select_schedule(const DeviceProfile& profile,
                                                   ScheduleLookup lookup);
std::unique_ptr<mlir::Pass> create_generalize_shapes(const DeviceProfile& profile);
std::unique_ptr<mlir::Pass> create_push_arguments(const DeviceProfile& profile);

}  // namespace ashlar
