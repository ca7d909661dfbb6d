// SPDX-License-Identifier: Apache-2.0
// Python's arithmetic. Integers have 64 bits; a result beyond them fails instead of growing.
#pragma once

#include "models/formats/template/value.h"

namespace ashlar::jinja {

enum class BinaryOperator { kAdd, kSubtract, kMultiply, kDivide, kFloorDivide, kModulo, kPower };

std::string_view symbol(BinaryOperator op);

Value apply(BinaryOperator op, const Value& a, const Value& b);
Value negate(const Value& value);
Value plus(const Value& value);

// The text with &, <, >, ' and " written as HTML entities.
std::string escape_html(std::string_view text);
// markupsafe.escape: Markup stays as it is, anything else is escaped as text.
Value escape(const Value& value);

}  // namespace ashlar::jinja
