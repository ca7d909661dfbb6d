// SPDX-License-Identifier: Apache-2.0
// Filters that take sequences apart and put them together.
#include "models/formats/template/access.h"
#include "models/formats/template/attribute_path.h"
#include "models/formats/template/compare.h"
#include "models/formats/template/display.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/filters.h"
#include "models/formats/template/methods.h"
#include "models/formats/template/objects.h"
#include "models/formats/template/operators.h"
#include "models/formats/template/signature.h"
#include "models/formats/template/text_builder.h"

#include <algorithm>

namespace ashlar::jinja {

namespace {

// There may be any number of slices, even of nothing.
constexpr std::int64_t kStepsPerSlice = 8;

Value fallback(Evaluation&, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("default", {"default_value", "boolean"}, 0).bind(arguments);
  bool replaced = operand.is(Kind::kUndefined) || (truth_or(bound[1], false) && !truthy(operand));
  if (!replaced)
    return operand;
  return bound[0] ? *bound[0] : Value::text("");
}

Value item_count(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("length", {}, 0).bind(arguments);
  return Value::integer(length(operand));
}

Value attribute(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  const Value& name = *Signature("attr", {"name"}, 1).bind(arguments)[0];
  require_text(name);
  if (operand.is(Kind::kUndefined))
    fail("{}", operand.undefined_message());
  if (std::optional<Value> found = find_attribute(evaluation, operand, name.bytes()))
    return *found;
  return Value::undefined(
      fmt::format("'{} object' has no attribute '{}'", type_name(operand), name.bytes()));
}

Value first(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("first", {}, 0).bind(arguments);
  Cursor next = iterate(operand);
  std::optional<Value> item = next();
  return item ? *item : Value::undefined("No first item, sequence was empty.");
}

bool reversible(const Value& value) {
  const auto* generator = object_cast<Generator>(value);
  return !generator && !value.is_number() && !value.is(Kind::kNone) && try_iterate(value);
}

Value last(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("last", {}, 0).bind(arguments);
  if (!reversible(operand))
    fail("'{}' object is not reversible", type_name(operand));
  std::vector<Value> items = collect(operand);
  return items.empty() ? Value::undefined("No last item, sequence was empty.") : items.back();
}

Value reversed(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  Signature("reverse", {}, 0).bind(arguments);
  if (operand.is(Kind::kText))
    return slice(operand, Value::none(), Value::none(), Value::integer(-1));
  std::vector<Value> items = collect(operand);
  std::ranges::reverse(items);
  Value list = Value::list(std::move(items));
  if (!reversible(operand))
    return list;
  return make_generator(list, [list] { return iterate(list); });
}

Value to_list(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  Signature("list", {}, 0).bind(arguments);
  return Value::list(collect(operand));
}

Value items(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("items", {}, 0).bind(arguments);
  return make_generator(operand, [operand]() -> Cursor {
    if (operand.is(Kind::kUndefined))
      return iterate(operand);
    if (!operand.is(Kind::kDict))
      fail("Can only get item pairs from a mapping.");
    return DictView(operand, DictView::Part::kItems).iterate();
  });
}

Value join(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("join", {"d", "attribute"}, 0).bind(arguments);
  std::string separator = bound[0] ? to_text(*bound[0]) : "";
  AttributePath path(bound[1]);
  TextBuilder out;
  Cursor next = iterate(operand);
  for (bool at_start = true; std::optional<Value> item = next(); at_start = false) {
    evaluation.spend(1);
    if (!at_start)
      out.append(separator);
    out.append(to_text(path.get(evaluation, *item)));
  }
  return Value::text(out.take());
}

Value sum(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("sum", {"attribute", "start"}, 0).bind(arguments);
  AttributePath path(bound[0]);
  Value total = bound[1] ? *bound[1] : Value::integer(0);
  if (total.is(Kind::kText))
    fail("sum() can't sum strings [use ''.join(seq) instead]");
  Cursor next = iterate(operand);
  while (std::optional<Value> item = next()) {
    total = apply(BinaryOperator::kAdd, total, path.get(evaluation, *item));
    evaluation.spend(1 + total.extent().weight / 4);
  }
  return total;
}

Value batch(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("batch", {"linecount", "fill_with"}, 1).bind(arguments);
  Value size = *bound[0];
  Value filler = value_or_none(bound[1]);
  return make_generator(operand, [&evaluation, operand, size, filler]() -> Cursor {
    return [&evaluation, next = iterate(operand), size, filler,
            pending = std::optional<Value>()]() mutable -> std::optional<Value> {
      std::vector<Value> row;
      auto full = [&] {
        return equal(Value::integer(static_cast<std::int64_t>(row.size())), size);
      };
      if (pending)
        row.push_back(*std::exchange(pending, std::nullopt));
      while (std::optional<Value> item = next()) {
        evaluation.spend(1);
        if (full()) {
          // A full row of nothing comes before the first item when rows shall have no items.
          pending = std::move(item);
          return Value::list(std::move(row));
        }
        row.push_back(std::move(*item));
      }
      if (row.empty())
        return std::nullopt;
      if (!filler.is(Kind::kNone) &&
          less(Value::integer(static_cast<std::int64_t>(row.size())), size)) {
        std::int64_t wanted = require_index(size);
        if (wanted > static_cast<std::int64_t>(kMaxTemplateListItems))
          fail("a list grows longer than {} items", kMaxTemplateListItems);
        row.resize(static_cast<std::size_t>(wanted), filler);
      }
      return Value::list(std::move(row));
    };
  });
}

Value sliced(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("slice", {"slices", "fill_with"}, 1).bind(arguments);
  Value count = *bound[0];
  Value filler = value_or_none(bound[1]);
  return make_generator(operand, [&evaluation, operand, count, filler]() -> Cursor {
    std::vector<Value> all = collect(operand);
    std::int64_t slices = require_index(count);
    if (slices == 0)
      fail("integer division or modulo by zero");
    auto size = static_cast<std::int64_t>(all.size());
    return [&evaluation, all = std::move(all), size, slices, filler, offset = std::int64_t{0},
            number = std::int64_t{0}]() mutable -> std::optional<Value> {
      if (number >= slices)
        return std::nullopt;
      evaluation.spend(kStepsPerSlice);
      std::int64_t per_slice = size / slices;
      bool has_extra = number < size % slices;
      std::int64_t start = offset + number * per_slice;
      offset += has_extra ? 1 : 0;
      ++number;
      std::int64_t end = offset + number * per_slice;
      std::vector<Value> part(all.begin() + start, all.begin() + end);
      if (!filler.is(Kind::kNone) && !has_extra)
        part.push_back(filler);
      return Value::list(std::move(part));
    };
  });
}

constexpr FilterEntry kSequenceFilters[] = {
    {"attr", attribute},   {"batch", batch},       {"count", item_count}, {"d", fallback},
    {"default", fallback}, {"first", first},       {"items", items},      {"join", join},
    {"last", last},        {"length", item_count}, {"list", to_list},     {"reverse", reversed},
    {"slice", sliced},     {"sum", sum},
};

}  // namespace

std::span<const FilterEntry> sequence_filters() {
  return kSequenceFilters;
}

}  // namespace ashlar::jinja
