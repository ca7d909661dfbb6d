// SPDX-License-Identifier: Apache-2.0
// Python's str.format, with the sandbox's attribute access.
#pragma once

#include "models/formats/template/evaluation.h"

namespace ashlar::jinja {

// Replaces the {fields} of a text by the arguments. A field's name is looked up in `mapping` where
// one is given, as str.format_map does.
Value format_fields(Evaluation& evaluation, const Value& format, const Arguments& arguments,
                    const Value* mapping = nullptr);

}  // namespace ashlar::jinja
