// SPDX-License-Identifier: Apache-2.0
// Python's format(value, spec): [[fill]align][sign][#][0][width][grouping][.precision][type].
#pragma once

#include "models/formats/template/value.h"

namespace ashlar::jinja {

std::string format_value(const Value& value, std::string_view spec);

// Digits of a finite or infinite double in the style of a type letter of eEfFgG, without padding.
std::string format_real(double value, char type, int precision, bool alternate);

// Widths and precisions beyond this fail: nothing sensible asks for them.
inline constexpr int kMaxFormatWidth = 1 << 20;
inline constexpr int kMaxFormatPrecision = 1000;

}  // namespace ashlar::jinja
