// SPDX-License-Identifier: Apache-2.0
// Filters that compare items with each other.
#include "models/formats/template/access.h"
#include "models/formats/template/attribute_path.h"
#include "models/formats/template/compare.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/filters.h"
#include "models/formats/template/objects.h"
#include "models/formats/template/signature.h"
#include "models/formats/template/text_functions.h"

#include <algorithm>
#include <list>
#include <unordered_set>

namespace ashlar::jinja {

namespace {

struct Keyed {
  Value key;
  Value item;
};

// A list, because its sort is stable and stays within bounds even when nan makes the order of the
// keys inconsistent.
using Entries = std::list<Keyed>;

// Keeps equal entries in order in both directions, as Python's sorted() does.
void sort_by_key(Evaluation& evaluation, Entries& entries, bool descending) {
  for (const Keyed& entry : entries)
    evaluation.spend(4 * entry.key.extent().weight);
  entries.sort([&](const Keyed& a, const Keyed& b) {
    return descending ? less(b.key, a.key) : less(a.key, b.key);
  });
}

Value items_of(Entries::const_iterator begin, Entries::const_iterator end) {
  std::vector<Value> items;
  for (auto it = begin; it != end; ++it)
    items.push_back(it->item);
  return Value::list(std::move(items));
}

Value sort(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("sort", {"reverse", "case_sensitive", "attribute"}, 0).bind(arguments);
  bool case_sensitive = truth_or(bound[1], false);
  std::vector<AttributePath> paths;
  if (bound[2] && bound[2]->is(Kind::kText)) {
    for (std::string_view path : split(bound[2]->bytes(), ",", -1, false)) {
      Value name = Value::text(std::string(path));
      paths.emplace_back(&name);
    }
  } else {
    paths.emplace_back(bound[2]);
  }
  Entries entries;
  for (Value& item : collect(operand)) {
    std::vector<Value> keys;
    for (const AttributePath& path : paths)
      keys.push_back(comparison_key(path.get(evaluation, item), case_sensitive));
    entries.push_back({Value::list(std::move(keys)), std::move(item)});
  }
  sort_by_key(evaluation, entries, integer_or(bound[0], 0) != 0);
  return items_of(entries.begin(), entries.end());
}

Value dictsort(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("dictsort", {"case_sensitive", "by", "reverse"}, 0).bind(arguments);
  std::string_view by = bound[1] ? require_text(*bound[1]) : "key";
  if (by != "key" && by != "value")
    fail("You can only sort by either \"key\" or \"value\"");
  if (operand.is(Kind::kUndefined))
    fail("{}", operand.undefined_message());
  if (!operand.is(Kind::kDict))
    fail("'{}' object has no attribute 'items'", type_name(operand));
  Entries entries;
  for (const auto& [key, value] : operand.as_dict().entries())
    entries.push_back({comparison_key(by == "key" ? key : value, truth_or(bound[0], false)),
                       Value::tuple({key, value})});
  sort_by_key(evaluation, entries, integer_or(bound[2], 0) != 0);
  return items_of(entries.begin(), entries.end());
}

Value extreme(Evaluation& evaluation, const Value& operand, const Arguments& arguments,
              bool largest) {
  auto bound = Signature("min", {"case_sensitive", "attribute"}, 0).bind(arguments);
  bool case_sensitive = truth_or(bound[0], false);
  AttributePath path(bound[1]);
  std::optional<Keyed> best;
  Cursor next = iterate(operand);
  while (std::optional<Value> item = next()) {
    Value key = comparison_key(path.get(evaluation, *item), case_sensitive);
    evaluation.spend(key.extent().weight);
    if (!best || (largest ? less(best->key, key, ">") : less(key, best->key)))
      best = Keyed{key, *item};
  }
  return best ? best->item : Value::undefined("No aggregated item, sequence was empty.");
}

Value smallest(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  return extreme(evaluation, operand, arguments, false);
}

Value largest(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  return extreme(evaluation, operand, arguments, true);
}

Value unique(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("unique", {"case_sensitive", "attribute"}, 0).bind(arguments);
  bool case_sensitive = truth_or(bound[0], false);
  AttributePath path(bound[1]);
  return make_generator(operand, [&evaluation, operand, case_sensitive, path]() -> Cursor {
    return
        [&evaluation, next = iterate(operand), case_sensitive, path,
         seen = std::unordered_set<Value, KeyHash, KeyEqual>()]() mutable -> std::optional<Value> {
          while (std::optional<Value> item = next()) {
            Value key = comparison_key(path.get(evaluation, *item), case_sensitive);
            evaluation.spend(key.extent().weight);
            if (seen.insert(std::move(key)).second)
              return item;
          }
          return std::nullopt;
        };
  });
}

Value groupby(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("groupby", {"attribute", "default", "case_sensitive"}, 1).bind(arguments);
  bool case_sensitive = truth_or(bound[2], false);
  AttributePath path(bound[0], bound[1]);
  Entries entries;
  for (Value& item : collect(operand)) {
    Value key = comparison_key(path.get(evaluation, item), case_sensitive);
    entries.push_back({std::move(key), std::move(item)});
  }
  sort_by_key(evaluation, entries, false);
  std::vector<Value> groups;
  for (auto begin = entries.begin(); begin != entries.end();) {
    auto end = std::find_if(begin, entries.end(),
                            [&](const Keyed& entry) { return !equal(entry.key, begin->key); });
    if (end == begin)  // nan is not even equal to itself
      ++end;
    Value grouper = case_sensitive ? begin->key : path.get(evaluation, begin->item);
    groups.push_back(Value::group(std::move(grouper), items_of(begin, end)));
    begin = end;
  }
  return Value::list(std::move(groups));
}

constexpr FilterEntry kOrderFilters[] = {
    {"dictsort", dictsort}, {"groupby", groupby}, {"max", largest},
    {"min", smallest},      {"sort", sort},       {"unique", unique},
};

}  // namespace

std::span<const FilterEntry> order_filters() {
  return kOrderFilters;
}

}  // namespace ashlar::jinja
