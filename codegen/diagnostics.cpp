// SPDX-License-Identifier: Apache-2.0
#include "codegen/diagnostics.h"

#include "runtime/program/error.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace ashlar::codegen {

static void append(std::string& messages, const Diagnostic& diagnostic) {
  llvm::raw_string_ostream out(messages);
  if (!messages.empty())
    out << "; ";
  out << diagnostic.str();
  if (!isa<UnknownLoc>(diagnostic.getLocation()))
    out << " (" << diagnostic.getLocation() << ')';
}

DiagnosticCollector::DiagnosticCollector(MLIRContext* context)
    : handler_(context, [this](Diagnostic& diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
          append(messages_, diagnostic);
        return success();
      }) {}

void DiagnosticCollector::raise(std::string_view unit, std::string_view what) const {
  throw Error(unit, "{}: {}", what, messages_.empty() ? "no reason given" : messages_);
}

}  // namespace ashlar::codegen
