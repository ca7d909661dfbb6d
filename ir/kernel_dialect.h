// SPDX-License-Identifier: Apache-2.0
// The `kernel` dialect: fused regions and the kernel ABI (levels L2, L3, L5). See ir/kernel_ops.td.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "ir/kernel_dialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "ir/kernel_attrs.h.inc"

#define GET_OP_CLASSES
#include "ir/kernel_ops.h.inc"
