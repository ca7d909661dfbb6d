// SPDX-License-Identifier: Apache-2.0
// Finds filters and tests that do not exist before anything is rendered. As in Jinja2, those
// directly inside an `if` are left alone: a template may ask `'name' is filter` first.
#pragma once

#include "models/formats/template/ast.h"

namespace ashlar::jinja {

// Throws Unsupported with the name and line.
void check_names(const ast::Template& source);

}  // namespace ashlar::jinja
