// SPDX-License-Identifier: Apache-2.0
// Source text to syntax tree.
#pragma once

#include "models/formats/template/ast.h"
#include "models/formats/template/limits.h"

#include <string_view>

namespace ashlar::jinja {

// Fails with TemplateError where the source breaks Jinja2's grammar or a limit, and with
// Unsupported for statements that Jinja2 has and we do not. `source` must be valid UTF-8.
ast::Template parse(std::string_view source, const TemplateLimits& limits);

}  // namespace ashlar::jinja
