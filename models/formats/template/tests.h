// SPDX-License-Identifier: Apache-2.0
// The tests of Jinja2: `value is name(arguments)`.
#pragma once

#include "models/formats/template/evaluation.h"

namespace ashlar::jinja {

using TestFunction = bool (*)(Evaluation& evaluation, const Value& operand,
                              const Arguments& arguments);

// Null for a test we do not have.
TestFunction find_test(std::string_view name);

}  // namespace ashlar::jinja
