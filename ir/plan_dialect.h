// SPDX-License-Identifier: Apache-2.0
// The `plan` dialect: buffers, dispatches and barriers (level L4). See ir/plan_ops.td.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"

#include "ir/plan_dialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "ir/plan_attrs.h.inc"

#define GET_OP_CLASSES
#include "ir/plan_ops.h.inc"
