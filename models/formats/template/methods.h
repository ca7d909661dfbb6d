// SPDX-License-Identifier: Apache-2.0
// The attributes and methods of Python's builtin types that the sandbox lets a template reach.
#pragma once

#include "models/formats/template/evaluation.h"

namespace ashlar::jinja {

// getattr(value, name). Nothing where the value has no such attribute; an undefined value where the
// sandbox denies it, as list.append; Lacking where Python has the method and we do not.
std::optional<Value> find_attribute(Evaluation& evaluation, const Value& value,
                                    std::string_view name);

using Method = Value (*)(Evaluation& evaluation, const Value& self, const Arguments& arguments);

// The method of str called `name`, or null.
Method find_text_method(std::string_view name);

}  // namespace ashlar::jinja
