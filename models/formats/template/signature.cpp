// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/signature.h"

#include "models/formats/template/access.h"
#include "models/formats/template/compare.h"
#include "models/formats/template/failure.h"

#include <algorithm>

namespace ashlar::jinja {

std::vector<const Value*> Signature::bind(const Arguments& arguments) const {
  std::vector<const Value*> bound(parameters_.size());
  if (arguments.positional.size() > bound.size())
    fail("{}() takes at most {} arguments ({} given)", function_, bound.size(),
         arguments.positional.size());
  for (std::size_t i = 0; i < arguments.positional.size(); ++i)
    bound[i] = &arguments.positional[i];
  for (const auto& [name, value] : arguments.named) {
    auto it = std::ranges::find(parameters_, name);
    if (it == parameters_.end() || name.empty())
      fail("{}() got an unexpected keyword argument '{}'", function_, name);
    auto index = static_cast<std::size_t>(it - parameters_.begin());
    if (bound[index])
      fail("{}() got multiple values for argument '{}'", function_, name);
    bound[index] = &value;
  }
  for (std::size_t i = 0; i < required_; ++i) {
    if (!bound[i])
      fail("{}() misses a required argument: expected {} or more, got {}", function_, required_,
           arguments.positional.size() + arguments.named.size());
  }
  return bound;
}

std::int64_t integer_or(const Value* argument, std::int64_t fallback) {
  return argument ? require_index(*argument) : fallback;
}

bool truth_or(const Value* argument, bool fallback) {
  return argument ? truthy(*argument) : fallback;
}

std::string_view require_text(const Value& argument) {
  if (argument.is(Kind::kUndefined))
    fail("{}", argument.undefined_message());
  if (!argument.is(Kind::kText))
    fail("expected a string, got a value of type '{}'", type_name(argument));
  return argument.bytes();
}

Value value_or_none(const Value* argument) {
  return argument ? *argument : Value::none();
}

}  // namespace ashlar::jinja
