// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/compile_graph.h"

#include "ir/ashlar_dialect.h"
#include "ir/import.h"

#include "mlir/IR/MLIRContext.h"

namespace ashlar {

Program compile_graph(const Graph& graph, const DeviceProfile& profile,
                      const CompileOptions& options) {
  mlir::DialectRegistry registry;
  ir::register_dialects(registry);
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  auto module = ir::import_graph(context, graph);
  return compile(*module, profile, options);
}

}  // namespace ashlar
