// SPDX-License-Identifier: Apache-2.0
// The `attribute` argument of filters: "a.b.0" reaches into each item of a sequence.
#pragma once

#include "models/formats/template/evaluation.h"

namespace ashlar::jinja {

class AttributePath {
public:
  // A null or None attribute is the item itself. `fallback`, unless null or None, replaces what is
  // undefined on the way.
  explicit AttributePath(const Value* attribute, const Value* fallback = nullptr);

  Value get(Evaluation& evaluation, Value item) const;

private:
  std::vector<Value> parts_;
  Value fallback_;
};

// The value that orders and compares items: text in lower case, unless case matters.
Value comparison_key(const Value& value, bool case_sensitive);

}  // namespace ashlar::jinja
