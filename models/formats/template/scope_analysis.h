// SPDX-License-Identifier: Apache-2.0
// Decides, as Jinja2's compiler does, which names a scope owns before anything is rendered.
#pragma once

#include "models/formats/template/ast.h"

namespace ashlar::jinja {

// Fills in the `hidden` names of every scope, and which loops and macros mention `loop`, `caller`,
// `varargs` and `kwargs`.
void analyze_scopes(ast::Template& source);

}  // namespace ashlar::jinja
