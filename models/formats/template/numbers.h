// SPDX-License-Identifier: Apache-2.0
// Numbers read from text and from each other, as Python's int(), float() and round() do it.
#pragma once

#include "models/formats/template/value.h"

namespace ashlar::jinja {

// int(text, base) and float(text); nothing where Python raises a ValueError, as for a base it does
// not know.
std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t base);
std::optional<double> parse_real(std::string_view text);

// int(value). Fails for nan, infinities and what does not fit.
std::int64_t truncate(double value);

// round(value, digits), ties to even.
Value round_number(const Value& value, std::int64_t digits);

}  // namespace ashlar::jinja
