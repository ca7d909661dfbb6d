// SPDX-License-Identifier: Apache-2.0
// The functions every template can call: Jinja2's, and those Transformers adds.
#pragma once

#include "models/formats/template/evaluation.h"

namespace ashlar::jinja {

// Nothing for an unknown name; Lacking for a function of Jinja2 we do not have.
std::optional<Value> find_global(std::string_view name);

}  // namespace ashlar::jinja
