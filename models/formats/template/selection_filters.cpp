// SPDX-License-Identifier: Apache-2.0
// Filters that apply another filter or test to every item.
#include "models/formats/template/access.h"
#include "models/formats/template/attribute_path.h"
#include "models/formats/template/compare.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/filters.h"
#include "models/formats/template/objects.h"
#include "models/formats/template/signature.h"

namespace ashlar::jinja {

namespace {

using Transform = std::function<Value(const Value&)>;
using Predicate = std::function<bool(const Value&)>;

// Splits the name of a filter or test off the arguments meant for it.
Arguments without_first(const Arguments& arguments, std::size_t count) {
  Arguments rest = arguments;
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + static_cast<std::ptrdiff_t>(count));
  return rest;
}

Transform make_transform(Evaluation& evaluation, const Arguments& arguments) {
  if (arguments.positional.empty() && arguments.find_named("attribute")) {
    for (const auto& [name, value] : arguments.named) {
      if (name != "attribute" && name != "default")
        fail("Unexpected keyword argument '{}'", name);
    }
    AttributePath path(arguments.find_named("attribute"), arguments.find_named("default"));
    return [&evaluation, path](const Value& item) { return path.get(evaluation, item); };
  }
  if (arguments.positional.empty())
    fail("map requires a filter argument");
  return [&evaluation, name = arguments.positional[0], rest = without_first(arguments, 1)](
             const Value& item) { return evaluation.filter(require_text(name), item, rest); };
}

Predicate make_predicate(Evaluation& evaluation, const Arguments& arguments, bool by_attribute) {
  if (by_attribute && arguments.positional.empty())
    fail("Missing parameter for attribute name");
  std::size_t name_at = by_attribute ? 1 : 0;
  AttributePath path(by_attribute ? &arguments.positional[0] : nullptr);
  if (arguments.positional.size() <= name_at)
    return [&evaluation, path](const Value& item) { return truthy(path.get(evaluation, item)); };
  return [&evaluation, path, name = arguments.positional[name_at],
          rest = without_first(arguments, name_at + 1)](const Value& item) {
    return evaluation.test(require_text(name), path.get(evaluation, item), rest);
  };
}

Value map(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  return make_generator(operand, [&evaluation, operand, arguments]() -> Cursor {
    if (!truthy(operand))
      return [] { return std::optional<Value>(); };
    return [next = iterate(operand),
            transform = make_transform(evaluation, arguments)]() -> std::optional<Value> {
      std::optional<Value> item = next();
      return item ? std::optional(transform(*item)) : std::nullopt;
    };
  });
}

template <bool wanted, bool by_attribute>
Value select(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  return make_generator(operand, [&evaluation, operand, arguments]() -> Cursor {
    if (!truthy(operand))
      return [] { return std::optional<Value>(); };
    Predicate predicate = make_predicate(evaluation, arguments, by_attribute);
    return [&evaluation, next = iterate(operand),
            predicate = std::move(predicate)]() -> std::optional<Value> {
      while (std::optional<Value> item = next()) {
        evaluation.spend(1);
        if (predicate(*item) == wanted)
          return item;
      }
      return std::nullopt;
    };
  });
}

constexpr FilterEntry kSelectionFilters[] = {
    {"map", map},
    {"reject", select<false, false>},
    {"rejectattr", select<false, true>},
    {"select", select<true, false>},
    {"selectattr", select<true, true>},
};

}  // namespace

std::span<const FilterEntry> selection_filters() {
  return kSelectionFilters;
}

}  // namespace ashlar::jinja
