// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/attribute_path.h"

#include "models/formats/template/numbers.h"
#include "models/formats/template/signature.h"
#include "models/formats/template/text_functions.h"
#include "models/formats/template/unicode.h"

#include <algorithm>

namespace ashlar::jinja {

namespace {

Value path_part(std::string_view part) {
  bool digits =
      !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  if (digits) {
    if (std::optional<std::int64_t> index = parse_integer(part, 10))
      return Value::integer(*index);
  }
  return Value::text(std::string(part));
}

}  // namespace

AttributePath::AttributePath(const Value* attribute, const Value* fallback)
    : fallback_(value_or_none(fallback)) {
  if (!attribute || attribute->is(Kind::kNone))
    return;
  if (!attribute->is(Kind::kText)) {
    parts_.push_back(*attribute);
    return;
  }
  for (std::string_view part : split(attribute->bytes(), ".", -1, false))
    parts_.push_back(path_part(part));
}

Value AttributePath::get(Evaluation& evaluation, Value item) const {
  for (const Value& part : parts_) {
    item = evaluation.item(item, part);
    if (item.is(Kind::kUndefined) && !fallback_.is(Kind::kNone))
      item = fallback_;
  }
  return item;
}

Value comparison_key(const Value& value, bool case_sensitive) {
  if (case_sensitive || !value.is(Kind::kText))
    return value;
  return Value::text(to_lower(value.bytes()));
}

}  // namespace ashlar::jinja
