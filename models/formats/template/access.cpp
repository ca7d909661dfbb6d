// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/access.h"

#include "models/formats/template/failure.h"
#include "models/formats/template/limits.h"
#include "models/formats/template/unicode.h"

#include <algorithm>
#include <limits>

namespace ashlar::jinja {

namespace {

std::size_t text_length(const Text& text) {
  return text.ascii ? text.bytes.size() : count_code_points(text.bytes);
}

Cursor iterate_text(const Value& value) {
  return [value, position = std::size_t{0}]() mutable -> std::optional<Value> {
    const std::string& bytes = value.bytes();
    if (position == bytes.size())
      return std::nullopt;
    std::size_t start = position;
    next_code_point(bytes, position);
    return Value::text(bytes.substr(start, position - start));
  };
}

Cursor iterate_items(const Value& value) {
  return [value, i = std::size_t{0}]() mutable -> std::optional<Value> {
    if (i == value.items().size())
      return std::nullopt;
    return value.items()[i++];
  };
}

Cursor iterate_keys(const Value& value) {
  return [value, i = std::size_t{0}]() mutable -> std::optional<Value> {
    const auto& entries = value.as_dict().entries();
    if (i == entries.size())
      return std::nullopt;
    return entries[i++].first;
  };
}

std::optional<Value> text_item(const Value& value, std::int64_t index) {
  const Text& text = value.as_text();
  std::optional<std::size_t> at = resolve_index(index, text_length(text));
  if (!at)
    return std::nullopt;
  std::size_t start = text.ascii ? *at : byte_offset(text.bytes, *at);
  std::size_t end = start;
  next_code_point(text.bytes, end);
  return Value::text(text.bytes.substr(start, end - start), text.markup);
}

// The indices a slice selects: `start`, then `step` apart, `count` of them.
struct SliceRange {
  std::int64_t start;
  std::int64_t step;
  std::size_t count;
};

std::int64_t slice_bound(const Value& bound, std::int64_t fallback, std::int64_t length,
                         bool backwards) {
  if (bound.is(Kind::kNone))
    return fallback;
  if (!bound.is_integral())
    fail("slice indices must be integers or None, not {}", type_name(bound));
  std::int64_t index = bound.as_int();
  if (index < 0)
    return index < -length ? (backwards ? -1 : 0) : index + length;
  return std::min(index, backwards ? length - 1 : length);
}

SliceRange slice_range(std::size_t size, const Value& start, const Value& stop, const Value& step) {
  auto length = static_cast<std::int64_t>(size);
  std::int64_t stride = step.is(Kind::kNone) ? 1 : require_index(step);
  if (stride == 0)
    fail("slice step cannot be zero");
  // A longer stride selects the same single item, and this one can be negated.
  constexpr std::int64_t kLongest = std::numeric_limits<std::int64_t>::max() / 2;
  stride = std::clamp(stride, -kLongest, kLongest);
  bool backwards = stride < 0;
  std::int64_t first = slice_bound(start, backwards ? length - 1 : 0, length, backwards);
  std::int64_t last = slice_bound(stop, backwards ? -1 : length, length, backwards);
  std::int64_t distance = backwards ? first - last : last - first;
  std::int64_t magnitude = backwards ? -stride : stride;
  std::int64_t count = distance <= 0 ? 0 : (distance - 1) / magnitude + 1;
  return {first, stride, static_cast<std::size_t>(count)};
}

template <typename Source> Source pick(const Source& source, const SliceRange& range) {
  Source result;
  result.reserve(range.count);
  std::int64_t index = range.start;
  for (std::size_t i = 0; i < range.count; ++i, index += range.step)
    result.push_back(source[static_cast<std::size_t>(index)]);
  return result;
}

Value slice_text(const Text& text, const Value& start, const Value& stop, const Value& step) {
  if (text.ascii) {
    SliceRange range = slice_range(text.bytes.size(), start, stop, step);
    if (range.step == 1)
      return Value::text(text.bytes.substr(static_cast<std::size_t>(range.start), range.count),
                         text.markup);
    return Value::text(pick(text.bytes, range), text.markup);
  }
  std::u32string wide = to_utf32(text.bytes);
  SliceRange range = slice_range(wide.size(), start, stop, step);
  return Value::text(to_utf8(pick(wide, range)), text.markup);
}

}  // namespace

std::optional<std::int64_t> try_length(const Value& value) {
  switch (value.kind()) {
  case Kind::kUndefined:
    return 0;
  case Kind::kText:
    return static_cast<std::int64_t>(text_length(value.as_text()));
  case Kind::kList:
  case Kind::kTuple:
    return static_cast<std::int64_t>(value.items().size());
  case Kind::kDict:
    return static_cast<std::int64_t>(value.as_dict().size());
  case Kind::kObject:
    return value.as_object()->length();
  default:
    return std::nullopt;
  }
}

std::int64_t length(const Value& value) {
  if (std::optional<std::int64_t> known = try_length(value))
    return *known;
  fail("object of type '{}' has no len()", type_name(value));
}

Cursor try_iterate(const Value& value) {
  switch (value.kind()) {
  case Kind::kUndefined:
    return [] { return std::optional<Value>(); };
  case Kind::kText:
    return iterate_text(value);
  case Kind::kList:
  case Kind::kTuple:
    return iterate_items(value);
  case Kind::kDict:
    return iterate_keys(value);
  case Kind::kObject:
    return value.as_object()->iterate();
  default:
    return nullptr;
  }
}

Cursor iterate(const Value& value) {
  if (Cursor cursor = try_iterate(value))
    return cursor;
  fail("'{}' object is not iterable", type_name(value));
}

std::vector<Value> collect(const Value& value) {
  if (value.is_sequence())
    return value.items();
  std::vector<Value> items;
  Cursor next = iterate(value);
  while (std::optional<Value> item = next()) {
    if (items.size() == kMaxTemplateListItems)
      fail("a list grows longer than {} items", kMaxTemplateListItems);
    items.push_back(std::move(*item));
  }
  return items;
}

std::optional<Value> subscript(const Value& value, const Value& key) {
  switch (value.kind()) {
  case Kind::kUndefined:
    fail("{}", value.undefined_message());
  case Kind::kText:
    return key.is_integral() ? text_item(value, key.as_int()) : std::nullopt;
  case Kind::kList:
  case Kind::kTuple: {
    if (!key.is_integral())
      return std::nullopt;
    auto index = resolve_index(key.as_int(), value.items().size());
    return index ? std::optional(value.items()[*index]) : std::nullopt;
  }
  case Kind::kDict: {
    if (!is_hashable(key))
      return std::nullopt;
    const Value* found = value.as_dict().find(key);
    return found ? std::optional(*found) : std::nullopt;
  }
  case Kind::kObject:
    return value.as_object()->item(key);
  default:
    return std::nullopt;
  }
}

Value slice(const Value& value, const Value& start, const Value& stop, const Value& step) {
  switch (value.kind()) {
  case Kind::kUndefined:
    fail("{}", value.undefined_message());
  case Kind::kText:
    return slice_text(value.as_text(), start, stop, step);
  case Kind::kList:
  case Kind::kTuple: {
    auto items = pick(value.items(), slice_range(value.items().size(), start, stop, step));
    return value.is(Kind::kList) ? Value::list(std::move(items)) : Value::tuple(std::move(items));
  }
  case Kind::kDict:
    fail("unhashable type: 'slice'");
  case Kind::kObject:
    if (value.as_object()->subscriptable())
      lack("slicing a '{}' object", type_name(value));
    break;
  default:
    break;
  }
  fail("'{}' object is not subscriptable", type_name(value));
}

std::optional<std::size_t> resolve_index(std::int64_t index, std::size_t length) {
  auto size = static_cast<std::int64_t>(length);
  if (index < 0)
    index += size;
  if (index < 0 || index >= size)
    return std::nullopt;
  return static_cast<std::size_t>(index);
}

std::int64_t require_index(const Value& value) {
  if (value.is(Kind::kUndefined))
    fail("{}", value.undefined_message());
  if (!value.is_integral())
    fail("'{}' object cannot be interpreted as an integer", type_name(value));
  return value.as_int();
}

}  // namespace ashlar::jinja
