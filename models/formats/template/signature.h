// SPDX-License-Identifier: Apache-2.0
// Matches the arguments of a call with the parameters of a builtin.
#pragma once

#include "models/formats/template/value.h"

#include <initializer_list>

namespace ashlar::jinja {

class Signature {
public:
  // The first `required` parameters must be given. A parameter named "" can only be given by
  // position.
  Signature(std::string_view function, std::initializer_list<std::string_view> parameters,
            std::size_t required)
      : function_(function), parameters_(parameters), required_(required) {}

  // The argument of each parameter, null where omitted; they point into `arguments`. Fails as
  // Python does for too many, missing, doubled and unknown arguments.
  std::vector<const Value*> bind(const Arguments& arguments) const;

private:
  std::string_view function_;
  std::vector<std::string_view> parameters_;
  std::size_t required_;
};

// The argument as the type a builtin needs, or the fallback where it was omitted (null). A wrong
// type fails.
std::int64_t integer_or(const Value* argument, std::int64_t fallback);
bool truth_or(const Value* argument, bool fallback);
std::string_view require_text(const Value& argument);

// The argument, or None where it was omitted.
Value value_or_none(const Value* argument);

}  // namespace ashlar::jinja
