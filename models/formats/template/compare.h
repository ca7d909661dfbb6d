// SPDX-License-Identifier: Apache-2.0
// Truth, equality, order and membership, as Python defines them.
#pragma once

#include "models/formats/template/value.h"

namespace ashlar::jinja {

bool truthy(const Value& value);

bool equal(const Value& a, const Value& b);

// `a < b`. Fails for operands without an order. `symbol` is the operator as the error shows it.
bool less(const Value& a, const Value& b, std::string_view symbol = "<");

// `item in container`. Consumes a generator up to the item.
bool contains(const Value& container, const Value& item);

enum class Comparator {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn
};

bool compare(const Value& a, Comparator comparator, const Value& b);

}  // namespace ashlar::jinja
