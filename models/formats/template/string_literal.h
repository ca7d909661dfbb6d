// SPDX-License-Identifier: Apache-2.0
// The escape sequences of string literals in templates, which are Python's.
#pragma once

#include <string>
#include <string_view>

namespace ashlar::jinja {

// The string that the text between two quotes denotes. Fails with TemplateError at `line`.
std::string decode_string_literal(std::string_view literal, int line);

}  // namespace ashlar::jinja
