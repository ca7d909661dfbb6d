// SPDX-License-Identifier: Apache-2.0
// Lengths, iteration, indexing and slicing, as Python defines them.
#pragma once

#include "models/formats/template/value.h"

namespace ashlar::jinja {

// len(value), or nothing for a value without a length.
std::optional<std::int64_t> try_length(const Value& value);
std::int64_t length(const Value& value);

// iter(value). The cursor keeps what it walks alive. `try_iterate` returns an empty cursor for a
// value that cannot be iterated over.
Cursor try_iterate(const Value& value);
Cursor iterate(const Value& value);
// Every item of an iterable.
std::vector<Value> collect(const Value& value);

// value[key], or nothing where Python raises a LookupError or TypeError. Fails for an undefined
// value.
std::optional<Value> subscript(const Value& value, const Value& key);

// value[start:stop:step], where None stands for an omitted bound.
Value slice(const Value& value, const Value& start, const Value& stop, const Value& step);

// The index of a Python sequence of `length` items that `index` denotes, counted from the end when
// negative; nothing out of range.
std::optional<std::size_t> resolve_index(std::int64_t index, std::size_t length);

// The integer of an int or bool argument. Fails for anything else.
std::int64_t require_index(const Value& value);

}  // namespace ashlar::jinja
