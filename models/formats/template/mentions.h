// SPDX-License-Identifier: Apache-2.0
// Which of some special names a piece of a template reads.
#pragma once

#include "models/formats/template/ast.h"

#include <set>
#include <string>

namespace ashlar::jinja {

// The names among `candidates` that `body`, with everything nested in it, reads before it assigns
// them, in the order of the source.
std::set<std::string> mentions(const ast::Body& body, std::set<std::string> candidates);

}  // namespace ashlar::jinja
