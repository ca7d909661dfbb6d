// SPDX-License-Identifier: Apache-2.0
// The passes of passes.td. ashlar-opt runs them by name; passes/pipeline.h puts them in order.
#pragma once

#include "ir/ashlar_dialect.h"
#include "ir/kernel_dialect.h"
#include "ir/plan_dialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace ashlar {

#define GEN_PASS_DECL
#include "passes/passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/passes.h.inc"

}  // namespace ashlar
