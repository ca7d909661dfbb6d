// SPDX-License-Identifier: Apache-2.0
#include "ir/plan_dialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "ir/plan_dialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "ir/plan_attrs.cpp.inc"

#define GET_OP_CLASSES
#include "ir/plan_ops.cpp.inc"

namespace ashlar::plan {

void PlanDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/plan_attrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "ir/plan_ops.cpp.inc"
      >();
}

}  // namespace ashlar::plan
