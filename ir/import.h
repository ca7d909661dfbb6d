// SPDX-License-Identifier: Apache-2.0
// Array graphs to MLIR: one `ashlar.state` per state, one `func.func` per entry.
//
// Arguments and results carry their names as `ashlar.name`. An operation's location is
// NameLoc(scope, FileLineColLoc), or the latter alone outside any scope.
#pragma once

#include "ir/graph.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace ashlar::ir {

// Loads the dialects it needs into `context`. Throws InvalidArgument when an entry depends on an
// input node that it does not list, or on a state that is not declared; the module is verified.
mlir::OwningOpRef<mlir::ModuleOp> import_graph(mlir::MLIRContext& context, const Graph& graph);

}  // namespace ashlar::ir
