// SPDX-License-Identifier: Apache-2.0
// Values as text: Python's str() and repr().
#pragma once

#include "models/formats/template/value.h"

namespace ashlar::jinja {

// str(value): what `{{ value }}` prints. An undefined value is empty.
std::string to_text(const Value& value);

// repr(value): how a value shows inside a printed list or mapping.
std::string repr(const Value& value);

// repr of a string, and the same with everything outside ASCII escaped.
std::string quote(std::string_view text);
std::string to_ascii(std::string_view text);

// The shortest digits that read back as the same double: 1.0, 1e-05, nan, inf.
std::string repr(double value);

}  // namespace ashlar::jinja
