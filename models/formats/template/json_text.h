// SPDX-License-Identifier: Apache-2.0
// JSON in and out: the template's variables, and Python's json.dumps.
#pragma once

#include "models/formats/template/value.h"

#include <nlohmann/json.hpp>

namespace ashlar::jinja {

// Fails for text that is not UTF-8, integers beyond 64 bits signed, binary values and what exceeds
// the limits of limits.h.
Value from_json(const nlohmann::ordered_json& json);

struct JsonStyle {
  bool ascii_only = false;
  bool sort_keys = false;
  // What one level is indented by; absent for everything on one line.
  std::optional<std::string> indent;
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

std::string to_json(const Value& value, const JsonStyle& style);

}  // namespace ashlar::jinja
