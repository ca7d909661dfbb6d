// SPDX-License-Identifier: Apache-2.0
// Python's `text % arguments`.
#pragma once

#include "models/formats/template/value.h"

namespace ashlar::jinja {

// `format` is a text; `arguments` a tuple, a mapping for %(name)s, or a single value.
Value percent_format(const Value& format, const Value& arguments);

}  // namespace ashlar::jinja
