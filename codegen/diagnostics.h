// SPDX-License-Identifier: Apache-2.0
// Collects the errors that MLIR reports while it is alive, so that they can be thrown as one typed
// error once no MLIR frame is on the stack.
#pragma once

#include "mlir/IR/Diagnostics.h"

#include <string>
#include <string_view>

namespace ashlar::codegen {

class DiagnosticCollector {
public:
  explicit DiagnosticCollector(mlir::MLIRContext* context);

  // Throws ashlar::Error with `what` and the collected messages.
  [[noreturn]] void raise(std::string_view unit, std::string_view what) const;

private:
  std::string messages_;
  mlir::ScopedDiagnosticHandler handler_;
};

}  // namespace ashlar::codegen
